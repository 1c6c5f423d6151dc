"""What a plugin's module does by being imported: looked at in a process that has done nothing else."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from crmkit.plugins.plugin import Plugin

#: What plugins may import of crmkit.
PUBLIC = frozenset({
    "crmkit", "crmkit.access", "crmkit.errors", "crmkit.events", "crmkit.fields", "crmkit.ids", "crmkit.plugins", "crmkit.ports",
    "crmkit.storage.sql", "crmkit.testing",
})  # fmt: skip
_SCRIPT = """
import json, sys, threading, time
import crmkit, crmkit.events, crmkit.plugins.outbound, crmkit.plugins.settings, crmkit.plugins.signatures
from importlib.util import module_from_spec, spec_from_file_location
name, path, sys.path[:] = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
touched = []
def hear(event, args):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.fork"):
        touched.append(event)
    elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        touched.append("open to write")
sys.addaudithook(hear)
before, began = threading.active_count(), time.perf_counter()
if path:
    spec = spec_from_file_location(name, path)
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
else:
    __import__(name)
took = time.perf_counter() - began
touched += ["thread"] * (threading.active_count() - before)
print(json.dumps({"seconds": took, "touched": sorted(set(touched))}))
"""


def imported(kind: type[Plugin[Any]]) -> dict[str, Any]:
    """How many seconds it takes, and what it touches: sockets, threads, processes, files."""
    try:
        named = find_spec(kind.__module__) is not None
    except (ImportError, ValueError):
        named = False
    path = "" if named else inspect.getfile(kind)
    command = [sys.executable, "-B", "-c", _SCRIPT, kind.__module__, path, json.dumps(sys.path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)  # noqa: S603  # ours
    assert not done.returncode, f"{kind.__module__} cannot be imported by itself:\n{done.stderr}"
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def forbidden_imports(kind: type[Plugin[Any]]) -> Iterator[str]:
    """What its distribution takes from crmkit that is not for plugins, and blinker."""
    own = f"{_package(kind)}."
    for path in _sources(kind):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for said in _names(node):
                if not said.startswith(own) and not _allowed(said):
                    yield f"{path.name}: {said}"


def _allowed(said: str) -> bool:
    if said.partition(".")[0] == "blinker":
        return False
    if said.partition(".")[0] != "crmkit" or said in PUBLIC:
        return True
    module, _, name = said.rpartition(".")
    return module in PUBLIC and not name.startswith("_") and not _is_module(said)


def _is_module(said: str) -> bool:
    parent, _, name = said.rpartition(".")
    return isinstance(getattr(sys.modules.get(parent), name, None), ModuleType) or said in sys.modules


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (one.name for one in names)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            yield from (f"{module}.{one.name}" for one in names)
        case _:
            pass


def _package(kind: type[Plugin[Any]]) -> str:
    """The package that its distribution brings, or its own inside crmkit; empty for a module by itself."""
    package = sys.modules[kind.__module__].__package__ or ""
    top = package.partition(".")[0]
    return package if top == "crmkit" else top


def _sources(kind: type[Plugin[Any]]) -> list[Path]:
    """The files of its package, or its one module."""
    package = sys.modules.get(_package(kind))
    if package is None or not hasattr(package, "__path__"):
        return [Path(inspect.getfile(kind))]
    return [path for folder in package.__path__ for path in sorted(Path(folder).rglob("*.py"))]
