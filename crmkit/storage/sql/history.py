"""The names of our revisions, for those who only want to compare them: Alembic takes long to load."""

from __future__ import annotations

VERSION_TABLE = "crmkit_revision"
#: Ours, oldest first. Plugins' revisions stand beside them in the version table.
REVISIONS = ("0001", "0003")
HEAD = REVISIONS[-1]
