# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# Its package is in its own environment alone, and pyright takes this file for it.

"""Django's ORM on the shared tables, which it does not manage; autocommit, and `atomic` where there is more to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import django
from django.conf import settings
from peers.peer import Peer, portions
from peers.serving import serve
from peers.tables import created, filled
from peers.target import Target
from peers.workload import ASKED_SINCE, LAST_TOUCHES, Client as Given, Touch


def configured(place: Target) -> None:
    """Tell Django about the one database, whose connection is kept; its models can be imported from then on."""
    if place.kind == "postgresql":
        parameters = place.parameters
        names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
        database: dict[str, Any] = {names[name]: value for name, value in parameters.items()}
        database |= {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None}
    else:
        begun = "; ".join(place.pragmas)
        options = {"transaction_mode": "IMMEDIATE", "init_command": f"{begun};"}
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": place.file, "OPTIONS": options}
    settings.configure(INSTALLED_APPS=["peers.django_models"], DATABASES={"default": database}, USE_TZ=True)
    django.setup()


class Django(Peer):
    """Objects of the models' managers."""

    name = "Django ORM"
    packages = ("Django",)

    def __init__(self, place: Target) -> None:
        super().__init__(place)
        configured(place)
        from peers.django_models import models

        self._models = models

    def load(self, clients: int) -> None:
        self.close()
        filled(self.place, clients)

    def empty(self) -> None:
        self.close()
        created(self.place)

    def register(self, client: Given) -> None:
        models = self._models
        with models.atomic():
            made = models.Client.objects.create(
                kind=client.kind, display_name=client.name, status="active", created_at=client.created_at
            )
            models.ContactPoint.objects.bulk_create(
                [
                    models.ContactPoint(client=made, kind=kind, value=value, normalised=normalised)
                    for kind, value, normalised in client.points
                ]
            )
            models.Consent.objects.create(client=made, **client.consent._asdict())

    def log(self, ident: Any, touch: Touch) -> None:
        models = self._models
        with models.atomic():
            made = models.Touchpoint.objects.create(client_id=ident, **touch._asdict())
            payload = {"touchpoint": made.pk, "client": ident, "kind": touch.kind, "channel": touch.channel}
            models.Outbox.objects.create(
                topic="touchpoint.logged", client_id=ident, at=touch.at, payload=json.dumps(payload)
            )

    def fill(self, given: Iterator[Given]) -> None:
        models = self._models
        for some in portions(given, 10_000):
            with models.atomic():
                made = models.Client.objects.bulk_create(
                    [
                        models.Client(
                            kind=each.kind, display_name=each.name, status="active", created_at=each.created_at
                        )
                        for each in some
                    ]
                )
                models.ContactPoint.objects.bulk_create(
                    [
                        models.ContactPoint(client=client, kind=kind, value=value, normalised=normalised)
                        for client, each in zip(made, some, strict=True)
                        for kind, value, normalised in each.points
                    ]
                )

    def find(self, phone: str) -> Sequence[Any]:
        return list(self._models.Client.objects.filter(contactpoint__normalised=phone, contactpoint__kind="phone"))

    def card(self, ident: Any) -> tuple[Any, ...]:
        client = self._models.Client.objects.get(pk=ident)
        return (
            client,
            list(client.contactpoint_set.all()),
            list(client.touchpoint_set.order_by("-at")[:LAST_TOUCHES]),
            list(client.deal_set.filter(stage="open")),
            list(client.consent_set.filter(state="granted")),
        )

    def ask(self) -> Sequence[Any]:
        """Three times EXISTS: the form that its queries have for this."""
        from django.db.models import Exists, OuterRef, Q

        models, of_client = self._models, {"client": OuterRef("pk")}
        ended = models.Deal.objects.filter(closed_at__gte=ASKED_SINCE, **of_client)
        complaints = models.Touchpoint.objects.filter(kind="complaint", at__gte=ASKED_SINCE, **of_client)
        return list(
            models.Client.objects.annotate(
                bought=Exists(ended.filter(stage="won")),
                lost=Exists(ended.filter(stage="lost")),
                complained=Exists(complaints),
            )
            .filter(Q(bought=True) | Q(lost=True) | Q(complained=True))
            .order_by("pk")
            .values_list("pk", "display_name", "bought", "lost", "complained")
        )

    def close(self) -> None:
        from django.db import connection

        connection.close()


if __name__ == "__main__":
    serve(Django)
