"""How an author says what a plugin can be told: a class of settings, and what each one means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, dataclass_transform, overload

import attrs

T = TypeVar("T")
Validator = Callable[[Any, "attrs.Attribute[Any]", Any], Any]

#: Under which keys an attrs field's metadata holds what `setting` was told.
HELP: Final = "crmkit.help"
EXAMPLE: Final = "crmkit.example"


@overload
def setting(
    *, default: T, help: str = "", example: object = None, validator: Validator | Sequence[Validator] | None = None
) -> T: ...
@overload
def setting(
    *,
    factory: Callable[[], T],
    help: str = "",
    example: object = None,
    validator: Validator | Sequence[Validator] | None = None,
) -> T: ...
@overload
def setting(
    *, help: str = "", example: object = None, validator: Validator | Sequence[Validator] | None = None
) -> Any: ...
def setting(
    *,
    default: Any = attrs.NOTHING,
    factory: Callable[[], Any] | None = None,
    help: str = "",
    example: object = None,
    validator: Validator | Sequence[Validator] | None = None,
) -> Any:
    """
    Describe one setting: without a default it is required; *help* and *example* go into the generated reference.

    It is `attrs.field` with metadata; a plain attrs field, or a bare annotation, is a setting as well.

    >>> @settings_class
    ... class SlackSettings:
    ...     channel: str = setting(help="Where deals are announced.", example="#sales")
    ...     attempts: int = setting(default=5, validator=attrs.validators.ge(1))
    >>> SlackSettings(channel="#won")
    SlackSettings(channel='#won', attempts=5)
    """
    given: dict[str, Any] = {"default": default} if factory is None else {"factory": factory}
    return attrs.field(**given, validator=validator, metadata={HELP: help, EXAMPLE: example})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(setting, attrs.field))
def settings_class(kind: type[T]) -> type[T]:
    """
    Make a class of settings: frozen, its fields given by keyword, required and optional ones in any order.

    It is `attrs.frozen(kw_only=True)` that type checkers read with `setting`; every other attrs class will do, too.
    """
    return attrs.frozen(kw_only=True)(kind)
