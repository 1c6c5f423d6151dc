"""How large one content may be unless the host says otherwise: hours of telephony, a scanned contract."""

from __future__ import annotations

from crmkit.errors import Fault, Invalid

#: 100 MiB.
LARGEST = 100 * 2**20


def checked(largest: int) -> int:
    """A number of bytes, or `Invalid`."""
    if not isinstance(largest, int) or isinstance(largest, bool) or largest < 1:
        raise Invalid(Fault("largest", "not_a_number", "Give how many bytes one content may have, such as 2**30."))
    return largest
