"""Rows of clients, read: as little as possible for each, and nothing twice that many rows say alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import attrs

from crmkit.domain.actor import is_system
from crmkit.domain.client import Client
from crmkit.domain.contact_point import PointKind
from crmkit.domain.custom import NO_CUSTOM, Custom, Given
from crmkit.domain.email import email_key
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId
from crmkit.domain.phone import phone_key
from crmkit.domain.thawed import maker
from crmkit.errors import Invalid
from crmkit.services.checks import LINE, Checks
from crmkit.services.importing.columns import unknown
from crmkit.services.new_client import NO_NAMES, NO_TAGS, READERS
from crmkit.services.unit import Unit

#: How many different values of one column are remembered, and how many points one row may bring.
MOST_KNOWN, MOST_POINTS = 10_000, 20
_client = maker(Client)
COLUMNS = ("name", "phone", "email", "tags", "custom", "external_ids", "external_id", *READERS)


@attrs.define(slots=True, eq=False)
class Row:
    """One row as read: what it tells of a client, how to reach them, what others call them."""

    number: int
    told: dict[str, Any]
    points: list[tuple[PointKind, str, str | None]]
    names: FrozenMap[str, str]


class Reader:
    """
    Reads the rows of one import.

    A value that many rows share, such as an owner, is checked once. An empty text means that nothing is told.
    """

    def __init__(self, unit: Unit, *, keep_unreadable: bool = False) -> None:
        self.check = Checks()
        self._region, self._fields, self._keep = unit.rules.region, unit.rules.fields, keep_unreadable
        self._owner = None if is_system(unit.actor) else unit.actor
        self._known: dict[tuple[str, object], Any] = {}

    def row(self, number: int, given: object) -> Row:
        """Read one row; what is wrong with it is noted in `check`."""
        row = Row(number, {}, [], NO_NAMES)
        if not isinstance(given, Mapping):
            self.check.fault("row", "not_a_mapping", "Give a mapping such as {'name': 'Anna', 'phone': '+49 …'}.")
            return row
        phones: object = None
        emails: object = None
        columns = cast("Mapping[object, Any]", given)
        for column, value in columns.items():
            if value is None or value == "":
                continue
            if column == "name":
                row.told["name"] = self.check.text("name", value)
            elif column == "phone":
                phones = value
            elif column == "email":
                emails = value
            else:
                self._other(row, columns, column, value)
        if "name" not in row.told:
            self.check.text("name", None)
        if phones is not None:
            self._phones(phones, row.told.get("region") or self._region, row.points)
        if emails is not None:
            self._emails(emails, row.points)
        return row

    def _other(self, row: Row, columns: Mapping[object, Any], column: object, value: Any) -> None:
        """What fewer rows tell."""
        check = self.check
        if column == "tags":
            row.told["tags"] = check.keys("tags", value)
        elif column == "custom":
            row.told["custom"] = self._custom(value)
        elif column == "external_ids":
            row.names = FrozenMap({**row.names, **(check.external_ids("external_ids", value) or {})})
        elif column == "external_id":
            row.names = self._named(row.names, value)
        elif isinstance(column, str) and column in READERS:
            row.told[column] = self._once(column, value)
        else:
            unknown(check, columns, column, COLUMNS)

    def client(self, unit: Unit, row: Row) -> Client:
        """The client of a row, as first written down; by position, for names would cost as much as the rest."""
        told, now = row.told, unit.now
        get = told.get
        custom = NO_CUSTOM.with_given(told["custom"]) if "custom" in told else NO_CUSTOM
        return _client(
            ClientId(unit.new_id()), get("kind", "person"), told["name"], get("lifecycle", "prospect"),
            get("owner", self._owner), get("source", unit.source), get("market_level", "potential"), get("region"),
            get("language"), get("time_zone"), get("tags", NO_TAGS), custom, row.names, None, unit.actor, now, now,
        )  # fmt: skip

    def _once(self, column: str, value: object) -> Any:
        try:
            return self._known[column, value]
        except KeyError:
            pass
        except TypeError:  # not hashable, so no text: the check will say so
            return READERS[column](self.check, column, value)
        read = READERS[column](self.check, column, value)
        if not self.check.any:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[column, value] = read
        return read

    def _custom(self, value: object) -> list[Given]:
        """What `FIELD.to(…)` returns, or a mapping of keys to values."""
        check = self.check
        if not isinstance(value, Mapping):
            listed = list(cast("Iterable[Given]", value)) if isinstance(value, Iterable) else value
            check.custom("client", self._fields, listed, NO_CUSTOM)
            return cast("list[Given]", listed)
        given: list[Given] = []
        by_key = cast("Mapping[object, Any]", value)
        for key, one in by_key.items():
            if (field := self._fields.get(("client", str(key)))) is None:
                check.fault(f"custom.{key}", "undefined", "No such client field. Give it to CRM.open(fields=[…]).")
                continue
            try:
                given.append(field.to(one))
            except Invalid as error:
                for fault in error.faults:
                    check.fault(f"custom.{key}", fault.code, fault.message)
        return given

    def _named(self, names: FrozenMap[str, str], value: object) -> FrozenMap[str, str]:
        if isinstance(value, (tuple, list)) and len(cast("list[object]", value)) == 2:
            system, name = cast("list[Any]", value)
            return FrozenMap({**names, self.check.code("external_id", system): self.check.key("external_id", name)})
        self.check.fault("external_id", "not_a_pair", "Give the system and its id, such as ('shop', '42').")
        return names

    def _phones(self, given: object, region: str | None, points: list[tuple[PointKind, str, str | None]]) -> None:
        for text in self._texts("phone", given):
            key = phone_key(text, region)
            if key is None and not self._keep:
                where = f"region {region}" if region else "no region, so start with + and the country"
                self.check.fault("phone", "not_a_phone", f"This is no possible phone number ({where}).")
            points.append(("phone", text, key))

    def _emails(self, given: object, points: list[tuple[PointKind, str, str | None]]) -> None:
        for text in self._texts("email", given):
            key = email_key(text)
            if key is None and not self._keep:
                self.check.fault("email", "not_an_email", "This is no email address.")
            points.append(("email", text, key))

    def _texts(self, path: str, given: object) -> Iterable[str]:
        """One text or several, each once."""
        if isinstance(given, str):
            text = self.check.text(path, given)
            return (text,) if text and len(text) <= LINE else ()
        if not isinstance(given, Iterable) or isinstance(given, (bytes, Mapping)):
            self.check.fault(path, "not_text", "Give a text, or a list of several.")
            return ()
        several = [self.check.text(path, one) for one in cast("Iterable[object]", given)]
        if len(several) > MOST_POINTS:
            self.check.fault(path, "too_many", f"Give at most {MOST_POINTS}.")
        return [text for text in dict.fromkeys(several[:MOST_POINTS]) if text and len(text) <= LINE]


def with_told(before: Client, row: Row) -> Client:
    """An existing client with what a row tells: single values replaced, tags, names and custom values added."""
    said = {name: value for name, value in row.told.items() if name not in ("owner", "lifecycle", "source")}
    if "tags" in said:
        said["tags"] = before.tags | said["tags"]
    custom: Custom = before.custom
    if "custom" in said:
        said["custom"] = custom.with_given(said["custom"])
    if row.names:
        said["external_ids"] = FrozenMap({**before.external_ids, **row.names})
    return attrs.evolve(before, **said)
