"""What can be asked of the audit, said wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmkit.audit import Audit
from crmkit.errors import Invalid


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"sink": 7}, "sink"), ({"sink": "x"}, "sink"), ({"every": 0}, "every"), ({"every": 1001}, "every"), ({"every": True}, "every"), ({"within": 60}, "within"),
        ({"within": timedelta()}, "within"), ({"reads": 1}, "reads"), ({"reads": True, "bulk": 0}, "bulk"),
        ({"reads": True, "bulk": True}, "bulk"), ({"bulk": 5}, "bulk"),
    ],
)  # fmt: skip
def test_a_wrong_choice_is_refused_by_its_name(given: dict[str, Any], path: str) -> None:
    """Before a store is opened; a bulk needs the reads that it counts."""
    with pytest.raises(Invalid) as caught:
        Audit(**given)
    assert [path] == [fault.path for fault in caught.value.faults]
