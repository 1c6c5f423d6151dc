"""Match keys of the ways to reach somebody that have no standard of their own: handles and postal addresses."""

from __future__ import annotations

import re
import unicodedata

NORMALIZER = "crmkit-1"
_SPACES = re.compile(r"[\s,;]+")


def handle_key(network: str, raw: str) -> str:
    """
    Return the key of a messenger or social handle: `@Anna` and `anna` of one network are one.

    >>> handle_key("telegram", " @Anna ")
    'telegram:anna'
    """
    return f"{network}:{unicodedata.normalize('NFKC', raw).strip().lstrip('@').casefold()}"


def postal_key(raw: str) -> str:
    """
    Return the key of a postal address: letter case, spaces and commas do not tell addresses apart.

    >>> postal_key("Main St. 1,  Oslo") == postal_key("main st. 1 oslo")
    True
    """
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", raw)).strip().casefold()
