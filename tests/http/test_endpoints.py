from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given, strategies as st

from crmkit.errors import Invalid
from crmkit.plugins.endpoints import Endpoint, Request, Response
from crmkit.plugins.headers import Headers
from crmkit.plugins.outbound import Answer

CANARY = "Lovelace"


async def later(request: Request) -> Response:
    return Response()


class Later:
    async def __call__(self, request: Request) -> Response:
        return Response()


@pytest.mark.parametrize("handle", [later, Later(), partial(later), None, "handle"])
def test_a_handler_is_a_plain_function(handle: Any) -> None:
    """One that is never awaited would answer nothing; better to hear of it at start."""
    with pytest.raises(Invalid, match="plain function") as caught:
        Endpoint("in", handle, verify=handle)
    assert (["handle"] if handle is None else ["handle", "verify"]) == [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize("name", ["", "In", "a/b", "a b", "-a", "a-", "..", "é", "a\n"])
def test_a_name_is_one_plain_part_of_a_path(name: str) -> None:
    """It is what others type."""
    with pytest.raises(Invalid, match="name"):
        Endpoint(name, lambda _: Response())


@pytest.mark.parametrize("methods", [(), ("get",), ("CONNECT",), ("HEAD",), ("POST", "OPTIONS")])
def test_methods_are_those_a_handler_can_answer(methods: tuple[str, ...]) -> None:
    """HEAD and OPTIONS are answered for it."""
    with pytest.raises(Invalid, match="GET, POST"):
        Endpoint("in", lambda _: Response(), methods)


def test_a_single_method_may_be_given_as_text() -> None:
    """`methods="POST"` is not four methods."""
    assert ("POST",) == Endpoint("in", lambda _: Response(), "POST").methods


@pytest.mark.parametrize(
    "response",
    [
        {"status": 199}, {"status": 600}, {"status": 100}, {"body": "text"}, {"headers": {"A": "b\r\nC: d"}},
        {"headers": {"A b": "c"}}, {"headers": {"Content-Length": "0"}}, {"headers": {"A": "€"}}, {"content_type": "a\nb"},
        {"headers": {"Transfer-Encoding": "chunked"}}, {"headers": {"Connection": "close"}},
    ],
)  # fmt: skip
def test_a_response_that_cannot_be_sent_cannot_be_made(response: dict[str, Any]) -> None:
    """It is no input of anybody's, so it is no `Invalid`, which the asker would be shown."""
    with pytest.raises(ValueError, match=r"\.$") as caught:
        Response(**response)
    assert not isinstance(caught.value, Invalid)


@pytest.mark.parametrize(
    "shown",
    [
        Request("POST", "/shop/in", CANARY, Headers({"A": CANARY}), CANARY.encode(), CANARY),
        Response(200, CANARY.encode(), Headers({"A": CANARY})),
        Answer(200, Headers({"A": CANARY}), CANARY.encode()),
        Headers({"A": CANARY}),
    ],
)
def test_what_strangers_sent_is_not_shown(shown: object) -> None:
    """A `repr` ends in a log."""
    assert CANARY not in repr(shown)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_a_body_that_is_no_json_is_invalid(body: bytes) -> None:
    """Broken, too deep or too long a number: the sender is told, the server stays up."""
    with pytest.raises(Invalid, match="JSON"):
        Request("POST", "/", body=body).json()


def test_a_form_of_too_many_fields_is_invalid() -> None:
    """Each costs more than its bytes."""
    many = "&".join(f"a{number}=1" for number in range(1001))
    with pytest.raises(Invalid, match="1000"):
        Request("POST", "/", many).parameters()
    with pytest.raises(Invalid, match="1000"):
        Request("POST", "/", body=many.encode()).form()


@given(st.text(), st.binary())
def test_queries_and_forms_are_read_or_invalid(query: str, body: bytes) -> None:
    """Strangers type them."""
    request = Request("POST", "/", query, body=body)
    for read in (request.parameters, request.form, request.json):
        try:
            read()
        except Invalid:
            continue


NAMES = st.text(st.sampled_from("aAbB-"), min_size=1, max_size=3)


@given(st.lists(st.tuples(NAMES, st.text(max_size=3))))
def test_headers_are_found_in_any_spelling(pairs: list[tuple[str, str]]) -> None:
    """And a repeated one is all its values, in order."""
    headers = Headers(pairs)
    for name, _ in pairs:
        wanted = ", ".join(value for other, value in pairs if other.lower() == name.lower())
        assert wanted == headers[name] == headers[name.swapcase()]
    assert (tuple(pairs), headers) == (headers.pairs, Headers(headers))
    assert hash(headers) == hash(Headers([(name.upper(), value) for name, value in pairs]))
