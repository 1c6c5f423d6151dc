# pyright: basic, reportMissingImports=false
# Its package is in its own environment alone.

"""The shared tables as Django's models; somebody else makes the tables."""

from __future__ import annotations

from django.db import models
from django.db.transaction import atomic as atomic


def _text() -> models.CharField:
    return models.CharField(max_length=200)


def _of_client() -> models.ForeignKey:
    return models.ForeignKey("Client", models.DO_NOTHING)


class Client(models.Model):
    """A client."""

    id = models.BigAutoField(primary_key=True)
    kind = _text()
    display_name = _text()
    status = _text()
    created_at = models.BigIntegerField()

    class Meta:
        """Where it is."""

        managed = False
        db_table = "client"


class ContactPoint(models.Model):
    """A contact point."""

    id = models.BigAutoField(primary_key=True)
    client = _of_client()
    kind = _text()
    value = _text()
    normalised = _text()

    class Meta:
        """Where it is."""

        managed = False
        db_table = "contact_point"


class Consent(models.Model):
    """A consent."""

    id = models.BigAutoField(primary_key=True)
    client = _of_client()
    purpose = _text()
    channel = _text()
    state = _text()
    at = models.BigIntegerField()
    source = _text()

    class Meta:
        """Where it is."""

        managed = False
        db_table = "consent"


class Deal(models.Model):
    """A deal."""

    id = models.BigAutoField(primary_key=True)
    client = _of_client()
    title = _text()
    stage = _text()
    amount = models.BigIntegerField()
    opened_at = models.BigIntegerField()
    closed_at = models.BigIntegerField(null=True)

    class Meta:
        """Where it is."""

        managed = False
        db_table = "deal"


class Touchpoint(models.Model):
    """A touchpoint."""

    id = models.BigAutoField(primary_key=True)
    client = _of_client()
    at = models.BigIntegerField()
    kind = _text()
    channel = _text()
    direction = _text()
    summary = models.CharField(max_length=500)

    class Meta:
        """Where it is."""

        managed = False
        db_table = "touchpoint"


class Outbox(models.Model):
    """A row for whoever tells events."""

    id = models.BigAutoField(primary_key=True)
    topic = _text()
    client_id = models.BigIntegerField()
    at = models.BigIntegerField()
    payload = models.TextField()

    class Meta:
        """Where it is."""

        managed = False
        db_table = "outbox"
