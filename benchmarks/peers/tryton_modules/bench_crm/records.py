# pyright: basic, reportMissingImports=false
# Its package is in its own environment alone.

"""Touchpoint, consent and outbox; an instant is in seconds, as Tryton's integers have 32 bits."""

from __future__ import annotations

from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.pool import PoolMeta


class Party(metaclass=PoolMeta):
    """A client, with consents."""

    __name__ = "party.party"
    bench_consents = fields.One2Many("bench.consent", "party", "Consents")


class Touchpoint(ModelSQL, ModelView):
    """A touchpoint."""

    __name__ = "bench.touchpoint"
    party = fields.Many2One("party.party", "Party", required=True, ondelete="CASCADE")
    at = fields.Integer("At", required=True)
    kind = fields.Char("Kind", required=True)
    channel = fields.Char("Channel", required=True)
    direction = fields.Char("Direction", required=True)
    summary = fields.Char("Summary", required=True)

    @classmethod
    def __setup__(cls) -> None:
        super().__setup__()
        table = cls.__table__()
        cls._sql_indexes.add(Index(table, (table.party, Index.Range()), (table.at, Index.Range())))


class Consent(ModelSQL, ModelView):
    """A consent."""

    __name__ = "bench.consent"
    party = fields.Many2One("party.party", "Party", required=True, ondelete="CASCADE")
    purpose = fields.Char("Purpose", required=True)
    channel = fields.Char("Channel", required=True)
    state = fields.Char("State", required=True)
    at = fields.Integer("At", required=True)
    source = fields.Char("Source", required=True)


class Outbox(ModelSQL):
    """A row for whoever tells events."""

    __name__ = "bench.outbox"
    topic = fields.Char("Topic", required=True)
    party = fields.Integer("Party", required=True)
    at = fields.Integer("At", required=True)
    payload = fields.Text("Payload", required=True)
