"""How Sphinx builds these pages. No page needs the network: a build is the same everywhere."""

import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = _project["name"]
author = "The crmkit developers"
copyright = f"2026, {author}"
version = release = _project["version"]

extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "examples"]
nitpicky = True

html_theme = "furo"
html_title = f"{project} {version}"
