"""The other side in crmkit itself: an endpoint that takes web hooks does each thing once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import pytest
from receiver import SECRET

from crmkit import CRM, Transaction
from crmkit.errors import SignatureInvalid
from crmkit.ids import ClientId
from crmkit.plugins import Endpoint, Plugin, Request, Response, hookimpl, sign, verify


class Orders(Plugin[None]):
    @hookimpl
    def crm_register_endpoints(self) -> Iterable[Endpoint]:
        return [Endpoint("order", self.ordered, verify=self.check)]

    def check(self, request: Request) -> None:
        self.known(request)

    def known(self, request: Request) -> str:
        return verify(SECRET, request.headers, request.body, datetime.now(UTC))

    def ordered(self, request: Request) -> Response:
        added = self.crm.run(partial(_added, name=request.json()["name"]), key=self.known(request), attempts=20)
        return Response.json({"client": str(added)})


def _added(tx: Transaction, *, name: str) -> ClientId:
    return tx.clients.add(name=name).id


def posted(id: str, name: str) -> Request:
    body = json.dumps({"name": name}).encode()
    return Request("POST", "/orders/order", headers=sign(SECRET, id, datetime.now(UTC), body), body=body)


def test_the_same_web_hook_in_sixteen_threads_has_one_effect(url: str) -> None:
    """A sender that saw no answer sends again, and it may come while the first is being worked on."""
    with CRM.open(url, plugins=[Orders()]) as crm:
        endpoint = crm.plugins.endpoints()["orders", "order"]
        assert endpoint.verify is not None

        def take(request: Request) -> bytes:
            endpoint.verify(request)  # type: ignore[misc]
            return endpoint.handle(request).body

        with ThreadPoolExecutor(16) as pool:
            answers = set(pool.map(take, [posted("msg_1", "Anna") for _ in range(16)]))
        assert 1 == len(answers)
        take(posted("msg_2", "Boris"))
        with crm.read() as tx:
            assert 2 == tx.clients.count()


def test_a_web_hook_that_nobody_signed_has_no_effect(url: str) -> None:
    """`verify` stands before `handle`."""
    with CRM.open(url, plugins=[Orders()]) as crm:
        endpoint = crm.plugins.endpoints()["orders", "order"]
        assert endpoint.verify is not None
        with pytest.raises(SignatureInvalid):
            endpoint.verify(Request("POST", "/orders/order", body=b'{"name": "Anna"}'))
