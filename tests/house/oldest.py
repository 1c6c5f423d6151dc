"""Put the oldest versions of what crmkit needs in the place of the newest: `python oldest.py`, in an environment of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
BOUND = re.compile(r"([\w.-]+(?:\[\w+\])?)>=([\d.]+)")


def oldest() -> list[str]:
    """The lower bound of each, as a version to install; one without a bound promises what nobody can keep."""
    needed = [*PROJECT["dependencies"], *(one for extra in PROJECT["optional-dependencies"].values() for one in extra)]
    found = {one: BOUND.match(one) for one in needed}
    if unbound := [one for one, bound in found.items() if bound is None]:
        raise SystemExit(f"Say from which version on: {', '.join(unbound)}.")
    return sorted({f"{bound[1]}=={bound[2]}" for bound in found.values() if bound})


if __name__ == "__main__":
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *oldest()], check=True)
