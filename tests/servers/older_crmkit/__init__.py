"""An older crmkit, for tests of upgrades: it knows the tables of the first revision and nothing derived from them."""

from older_crmkit.store import (
    Change as Change,
    OlderStore as OlderStore,
    engine_of as engine_of,
    first_schema as first_schema,
    seed as seed,
    state as state,
)
from older_crmkit.writing import Writer as Writer
