"""The names of our revisions, for those who only want to compare them: Alembic takes long to load."""

from __future__ import annotations

#: Where crmkit's own runs write which revision a database is at; plugins' revisions stand beside ours.
VERSION_TABLE = "crmkit_revision"
#: Where a host's Alembic writes it, unless told otherwise.
HOSTS_VERSION_TABLE = "alembic_version"
#: What ours begin with: a host may have a 0001 of its own.
OURS = "crmkit_"
#: Ours, oldest first.
REVISIONS = (
    "crmkit_0001", "crmkit_0002", "crmkit_0003", "crmkit_0004", "crmkit_0005", "crmkit_0006", "crmkit_0007",
    "crmkit_0008", "crmkit_0009", "crmkit_0010", "crmkit_0011", "crmkit_0012", "crmkit_0013",
)  # fmt: skip
HEAD = REVISIONS[-1]
