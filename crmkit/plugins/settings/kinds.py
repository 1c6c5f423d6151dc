"""Kinds of text that settings know beyond plain ones, to be used as annotations."""

from __future__ import annotations

from typing import NewType

#: An http or https address with a host, and without a user or password in it: those belong into a `Secret`.
Url = NewType("Url", str)

#: A phone number in E.164, such as `+4930901820`, whatever its spelling in the file.
PhoneNumber = NewType("PhoneNumber", str)

#: A key of the IANA time zone database, such as `Europe/Oslo`.
TimeZone = NewType("TimeZone", str)
