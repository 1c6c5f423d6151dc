"""A plugin's own records, on every storage: declared by a `Collection`, met as `tx.data(collection)`."""

from crmkit.domain.collection import Collection as Collection
from crmkit.domain.marks import Code as Code, Personal as Personal
from crmkit.services.data import Data as Data
