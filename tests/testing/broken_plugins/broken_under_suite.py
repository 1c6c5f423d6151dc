"""
The suite on every broken plugin, and on the sound ones they differ from. `test_broken_plugins.py` runs it in one process.

Every plugin meets every check but the two that take a process or a hundred, which only those meet that name them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import busy_module as busy_module
import prying_module as prying_module
from broken import BROKEN, Broken
from sound import Shop, ShopThatTexts, ShopWithTables

from crmkit.testing import PluginConformance

SLOW = {"k01", "k18"}
CHECKS = [name for name in dir(PluginConformance) if name.startswith("test_k")]


def _suite(broken: Broken) -> type[PluginConformance]:
    left_out = [name for name in CHECKS if name[5:8] in SLOW - set(broken.noticed_by)]
    given: dict[str, Any] = {
        "plugin": broken.kind,
        "settings": {"url": "https://shop.example/hook", "token": {"env": "TOKEN"}},
        "env": {"TOKEN": "canary-of-a-secret"},
        "readme": Path(__file__).with_name("shop.md"),
    }
    return type("Suite", (PluginConformance,), {**dict.fromkeys(left_out), **given})


SOUND = {"sound": Broken(Shop, "", tuple(SLOW)), "sound_with_tables": Broken(ShopWithTables, "", ()),
         "sound_that_texts": Broken(ShopThatTexts, "", ("k18",))}  # fmt: skip
#: A gap that is one, one that is none, and one of a check there is not.
GAPS = {
    "gap": (BROKEN["KeepsRows"], {"K17": "rows are on SQL only"}),
    "closed_gap": (SOUND["sound_with_tables"], {"K20": "it was not described"}),
    "strange_gap": (SOUND["sound_with_tables"], {"K99": "why not"}),
}
OTHERS = dict.fromkeys(name for name in CHECKS if name[5:8] not in {"k03", "k17", "k20"})
for _name, (_broken, _gaps) in GAPS.items():
    globals()[f"Test_{_name}"] = type("Suite", (_suite(_broken),), {**OTHERS, "known_gaps": _gaps})
for _name, _broken in {**BROKEN, **SOUND}.items():
    globals()[f"Test_{_name}"] = _suite(_broken)
