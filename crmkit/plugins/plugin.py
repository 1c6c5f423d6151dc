"""The one form of a plugin: a class, made once for each CRM."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeGuard, TypeVar, get_args, get_origin

from crmkit.errors import Fault, Invalid, NotStarted

if TYPE_CHECKING:
    from crmkit.plugins.context import Doors

S = TypeVar("S")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}").fullmatch


class Plugin(Generic[S]):
    """
    Subclass it with your settings, an attrs class: `class Slack(Plugin[SlackSettings])`, or `Plugin[None]`.

    It runs in the host's process with the host's rights: plugins are trusted code, for others there are web hooks.
    Making one must do nothing but keep its settings; connections and threads begin in `start`, where `self.crm` has
    the doors, acting as this plugin, and end in `stop` or in what `on_stop` was given.

    >>> from crmkit import CRM
    >>> from crmkit.events import DealWon
    >>> from crmkit.plugins import on
    >>> class Bell(Plugin[None]):
    ...     @on(DealWon)
    ...     def ring(self, event: DealWon) -> None:
    ...         print("ding")
    >>> with CRM.open("memory://", plugins=[Bell()], delivery="inline") as crm:
    ...     with crm.begin() as tx:
    ...         _ = tx.deals.win(tx.deals.open(tx.clients.add(name="Anna").id, title="Order").id)
    ding
    """

    #: The plugin's name, as in its entry point and in the host's list. Unless given, the class's in snake_case.
    name: ClassVar[str] = ""
    #: The oldest crmkit plugin API it works with.
    requires_api: ClassVar[str] = "1.0"
    #: The class of its settings, None without any; read from `Plugin[…]`.
    settings_class: ClassVar[type[Any] | None] = None

    def __init_subclass__(cls) -> None:
        if "__eq__" in vars(cls) or "__hash__" in vars(cls):
            message = f"{cls.__name__} must keep the identity of Plugin: remove __eq__ and __hash__, or attrs' eq=True."
            raise TypeError(message)
        if not cls.__dict__.get("name"):
            cls.name = _HUMP.sub("_", cls.__name__).lower()
        if not _NAME(cls.name):
            message = f"{cls.__name__}.name must be up to 40 small letters, digits and underscores, not {cls.name!r}."
            raise TypeError(message)
        for parent in getattr(cls, "__orig_bases__", ()):
            if get_origin(parent) is Plugin and isinstance(given := get_args(parent)[0], type):
                cls.settings_class = None if given is type(None) else given

    settings: S

    def __init__(self, settings: S | None = None) -> None:
        if settings is None and self.settings_class is not None:
            try:
                settings = self.settings_class()
            except TypeError:
                wanted = self.settings_class.__name__
                raise Invalid(
                    Fault("settings", "missing", f"Give its settings: {type(self).__name__}({wanted}(…)).", self.name)
                ) from None
        self.settings = settings  # type: ignore[assignment]  # None where S is None
        self._crm: Doors | None = None
        self._on_stop: list[Callable[[], object]] = []

    @property
    def crm(self) -> Doors:
        """The doors, acting as this plugin; there from `start` to `stop`."""
        if self._crm is None:
            raise NotStarted(self.name)
        return self._crm

    def start(self) -> None:
        """
        Connect, begin to listen. `NotReady` is tried again later, `AuthFailed` waits for the operator.

        Called once per process, in the order of the host's list, after every plugin's hooks are known.
        """

    def stop(self) -> None:
        """Let go of everything; called in reverse order, and harmless twice."""

    def on_stop(self, fn: Callable[[], object]) -> None:
        """Call *fn* when the plugin stops, the latest first, each on its own."""
        self._on_stop.append(fn)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<plugin {self.name}>"


def is_plugin(one: object) -> TypeGuard[Plugin[Any]]:
    """Say whether something is a plugin, whatever its settings."""
    return isinstance(one, Plugin)


def is_plugin_class(one: object) -> TypeGuard[type[Plugin[Any]]]:
    """Say whether something is the class of a plugin."""
    return isinstance(one, type) and issubclass(one, Plugin)
