"""How much of it: a trace of each loop in every run, the promised count in `heavy`, a night's in `nightly`."""

from __future__ import annotations

from typing import Any

import pytest

_MARKS: dict[str, Any] = {"plain": (), "heavy": pytest.mark.heavy, "nightly": pytest.mark.nightly}


def scales(**counts: Any) -> pytest.MarkDecorator:
    """
    Run the test, which asks for `run` and `scale`, in each of these runs with its own count.

    >>> [param.id for param in scales(plain=20, heavy=3000).args[1]]
    ['plain', 'heavy']
    """
    params = [pytest.param(run, scale, marks=_MARKS[run], id=run) for run, scale in counts.items()]
    return pytest.mark.parametrize(("run", "scale"), params)
