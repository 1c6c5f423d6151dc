"""Access policies: who may do what with whose clients."""

from crmkit.domain.access import Operation as Operation, Policy as Policy, Role as Role
from crmkit.domain.actor import System as System
from crmkit.domain.scope import ACTOR as ACTOR
from crmkit.domain.sight import Entity as Entity, Level as Level
