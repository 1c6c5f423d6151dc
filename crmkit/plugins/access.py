"""What plugins leave of an access policy: asked of each role once, while a CRM opens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from crmkit.domain.access import ENTITIES, OPERATIONS, Answer, Answers, Operation, Policy
from crmkit.domain.client import Client
from crmkit.domain.custom import Field
from crmkit.domain.scope import ACTOR
from crmkit.domain.sight import LEVELS, Entity
from crmkit.domain.where import Where, tests_in
from crmkit.errors import Fault, Invalid
from crmkit.plugins.dispatch import Dispatch
from crmkit.services.checks import Checks
from crmkit.services.conditions import checked

HOOK = "crm_access_scope"


def answers(dispatch: Dispatch, policy: Policy, fields: Mapping[tuple[str, str], Field[Any]]) -> Answers:
    """
    Ask every plugin about every role, action and entity.

    Who fails leaves nothing of what it was asked about: a no must not turn into a yes. What is neither a level nor a
    condition on clients is `Invalid`, with whose it was.
    """
    if HOOK not in dispatch:
        return {}
    faults: list[Fault] = []
    asked: dict[tuple[str, Operation, Entity], tuple[Answer, ...]] = {
        (role.name, action, entity): _left(dispatch, fields, faults, role=role.name, action=action, entity=entity)
        for role in policy.roles
        for action in OPERATIONS
        for entity in ENTITIES
    }
    if faults:
        raise Invalid(*dict.fromkeys(faults))
    return {key: left for key, left in asked.items() if left}


def _left(
    dispatch: Dispatch, fields: Mapping[tuple[str, str], Field[Any]], faults: list[Fault], **asked: str
) -> tuple[Answer, ...]:
    found, whole = dispatch.collect(HOOK, **asked)
    for plugin, answer in found:
        faults += _wrong(plugin, answer, fields)
    return tuple([answer for _, answer in found]) if whole else ("none",)


def _wrong(plugin: str, answer: object, fields: Mapping[tuple[str, str], Field[Any]]) -> Iterator[Fault]:
    path = f"plugins.{plugin}.{HOOK}"
    if isinstance(answer, Where):
        check = Checks()
        checked(check, Client, answer, fields)
        try:
            check.done()
        except Invalid as error:
            yield from [Fault(path, fault.code, fault.message, plugin) for fault in error.faults]
        else:
            if any(_says_actor(test.value) and test.op not in ("eq", "in") for test in tests_in(answer)):
                yield Fault(path, "actor", "Compare ACTOR with eq, ne or in_ only.", plugin)
    elif answer not in LEVELS:
        yield Fault(path, "wrong_kind", f"It must answer one of {', '.join(LEVELS)}, a condition, or None.", plugin)


def _says_actor(value: Any) -> bool:
    several = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
    return any(one is ACTOR for one in several)
