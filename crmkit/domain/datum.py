"""A record of a plugin's own, as every storage keeps it."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.ids import ClientId, DatumId
from crmkit.domain.marks import Code, Masked, Personal


@attrs.frozen
class Datum(Masked):
    """
    One value of a plugin's class: its JSON in `data`, found by `key` and by up to three indexed fields.

    `collection` is the plugin's name and the collection's, with a dot between. The indexed fields are texts that sort as
    their values do; empty and unused ones are the empty text, so that every database sorts by an index. A datum about nobody, without a `client_id`, is everybody's, like a pipeline.

    >>> from crmkit.testing import a_datum
    >>> "Tea" in repr(a_datum(data='{"likes":"Tea"}'))
    False
    """

    id: DatumId
    client_id: ClientId | None
    collection: Code[str]
    key: Personal[str]
    data: Personal[str]
    index_1: Personal[str]
    index_2: Personal[str]
    index_3: Personal[str]
    created_at: datetime
    updated_at: datetime
    version: int = 1


#: The fields that hold what a collection is asked by, in the order of its `index`.
INDEXED = ("index_1", "index_2", "index_3")
