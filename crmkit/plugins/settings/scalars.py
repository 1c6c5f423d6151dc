"""The single values a file of settings can hold: what each is called, how it is read, and how it is written."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

from crmkit.domain.phone import phone_key
from crmkit.plugins.settings.kinds import PhoneNumber, TimeZone, Url

_UNKEEPABLE = re.compile(r"[\x00\ud800-\udfff]").search
_SPAN = re.compile(r"(\d{1,14}(?:\.\d{1,6})?) ?([smhd])", re.ASCII).fullmatch
_DECIMAL = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?", re.ASCII).fullmatch
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII).fullmatch
_MICROS = {"s": 10**6, "m": 60 * 10**6, "h": 3_600 * 10**6, "d": 86_400 * 10**6}
_LONGEST = 2_000


@attrs.frozen
class Scalar:
    """One kind: its name for an operator, what to do about a wrong one, its reader (None: a wrong one), its writer."""

    name: str
    code: str
    advice: str
    read: Callable[[object], Any]
    example: object
    write: Callable[[Any], object] = lambda value: value


def _text(given: object) -> str | None:
    return str.__str__(given) if isinstance(given, str) and not _UNKEEPABLE(given) else None


def _whole(given: object) -> int | None:
    return given if type(given) is int else None


def _number(given: object) -> float | None:
    try:
        number = float(given) if type(given) in (int, float) else math.nan  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _flag(given: object) -> bool | None:
    return given if type(given) is bool else None


def _decimal(given: object) -> Decimal | None:
    if type(given) is Decimal:
        return given if given.is_finite() else None
    if type(given) is int or (isinstance(given, str) and _DECIMAL(given)):
        try:
            return Decimal(given)
        except (InvalidOperation, ValueError):
            return None
    return None


def _duration(given: object) -> timedelta | None:
    try:
        if isinstance(given, timedelta):
            span = given
        elif isinstance(given, str):
            parts = _SPAN(given)
            # Exactly: a float would lose the microseconds of a long one.
            micros = round(Fraction(parts[1]) * _MICROS[parts[2]]) if parts else -1
            span = timedelta(microseconds=micros)
        else:
            span = timedelta(-1 if (seconds := _number(given)) is None else 0, seconds or 0)
    except OverflowError:
        return None
    return span if span >= timedelta(0) else None


def _url(given: object) -> Url | None:
    if not isinstance(given, str) or not given.isprintable() or len(given) > _LONGEST or re.search(r"[\s\\]", given):
        return None
    try:
        parts = urlsplit(given)
        fits = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:  # a broken port or IPv6 address
        return None
    return Url(given) if fits else None


def _phone(given: object) -> PhoneNumber | None:
    if not isinstance(given, str) or not given.startswith("+") or len(given) > 40:
        return None
    key = phone_key(given, None)
    return None if key is None else PhoneNumber(key)


def _path(given: object) -> Path | None:
    if isinstance(given, Path):
        return given
    return Path(given) if given and isinstance(given, str) and not _UNKEEPABLE(given) else None


def _time(given: object) -> time | None:
    """TOML has times of its own; with an offset it would be another time each half-year."""
    if isinstance(given, str) and _CLOCK(given):
        given = time.fromisoformat(given)
    return given if isinstance(given, time) and given.tzinfo is None else None


def _zone(given: object) -> TimeZone | None:
    from zoneinfo import ZoneInfo

    if not isinstance(given, str) or not given:
        return None
    try:
        return TimeZone(ZoneInfo(given).key)
    except (KeyError, ValueError, OSError):
        return None


def _span_text(span: timedelta) -> object:
    """In the largest unit that leaves no rest."""
    whole, rest = divmod(span, timedelta(seconds=1))
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if whole and not rest and whole % size == 0:
            return f"{whole // size}{unit}"
    return f"{whole}.{rest // timedelta(microseconds=1):06}s" if rest else f"{whole}s"


SCALARS: Mapping[Any, Scalar] = {
    str: Scalar("text", "not_text", "Give a text in quotes, without NUL or half characters.", _text, "…"),
    int: Scalar("whole number", "not_a_whole_number", "Give a whole number, without quotes.", _whole, 1),
    float: Scalar("number", "not_a_number", "Give a number, without quotes.", _number, 1.5),
    bool: Scalar("true or false", "not_a_flag", "Give true or false, without quotes.", _flag, True),
    Decimal: Scalar(
        "decimal",
        "not_a_decimal",
        'Give a decimal in quotes, such as "0.15".',
        _decimal,
        "0.15",
        lambda one: f"{one:f}",
    ),
    timedelta: Scalar(
        "duration",
        "not_a_duration",
        'Give a duration such as "90s", "5m", "2h" or "1d", or a number of seconds.',
        _duration,
        "90s",
        _span_text,
    ),
    time: Scalar(
        "time of day",
        "not_a_time",
        'Give a time of day such as "08:30".',
        _time,
        "08:30",
        lambda one: f"{one:%H:%M:%S}".removesuffix(":00"),
    ),
    TimeZone: Scalar(
        "time zone",
        "not_a_time_zone",
        'Give a key of the IANA time zone database, such as "Europe/Oslo".',
        _zone,
        "UTC",
    ),
    Url: Scalar(
        "URL",
        "not_a_url",
        'Give a URL with a host and without a password, such as "https://example.com/path".',
        _url,
        "https://example.com/path",
    ),
    PhoneNumber: Scalar(
        "phone number",
        "not_a_phone",
        'Give a phone number with its country code, such as "+4930901820".',
        _phone,
        "+4930901820",
    ),
    Path: Scalar("path", "not_a_path", "Give a path in quotes.", _path, "/var/lib/shop", str),
}


def scalar_of(hint: Any) -> Scalar | None:
    """The scalar of a type; None for a type that holds others, or that settings do not know."""
    try:
        return SCALARS.get(hint)
    except TypeError:  # unhashable, so none of ours
        return None
