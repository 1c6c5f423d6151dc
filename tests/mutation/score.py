"""Break every rule of the domain and of the services, one at a time, and say which breaks no test notices.

    tox -e mutation                          all of it: some three hours on two cores
    tox -e mutation -- crmkit/domain/money.py   one file, or a folder
    tox -e mutation -- --sample 1000         so many of them, drawn by lot: the same for the same code

mutmut breaks and runs; what it leaves out, or breaks in vain, is prepared here in a copy of the checkout:

- It passes by functions that are decorated, and every verb is `@command`. In the copy `@command` comes after the
  function, as a call, which means the same.
- It would alter the types in `cast("Type", value)`, which do nothing when run: the copy says `value`.
- It would alter every sentence that a person reads. Sentences are written for people, and their tests hold the words
  that matter: in the copy they are in triple quotes, which mutmut leaves alone.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import os
import shutil
import subprocess
import sys
import tokenize
from collections import Counter
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import TypeGuard

from mutmut.stats import status_by_exit_code

TREE = Path(__file__).resolve().parents[2]
MUTATED = ("crmkit/domain", "crmkit/services")
#: A mutant that never ends is noticed by whoever waits for it.
CAUGHT = ("killed", "timeout", "segfault")


def undecorated(source: str) -> str:
    """Say `verb = command(verb)` after the function instead of `@command` before it."""
    lines = source.splitlines(keepends=True)
    verbs = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and [ast.unparse(each) for each in node.decorator_list] == ["command"]
    ]
    for verb in sorted(verbs, key=lambda each: -each.lineno):
        assert verb.end_lineno is not None
        lines.insert(verb.end_lineno, f"{' ' * verb.col_offset}{verb.name} = command({verb.name})\n")
        del lines[verb.decorator_list[0].lineno - 1]
    return "".join(lines)


def uncast(source: str) -> str:
    """Say `value` instead of `cast("Type", value)`."""
    while True:
        lines = source.encode().splitlines(keepends=True)
        offsets = [0, *accumulate(map(len, lines))]
        found = next((call for call in ast.walk(ast.parse(source)) if _is_cast(call)), None)
        if found is None:
            return source
        (start, end), (first, last) = (
            (
                offsets[node.lineno - 1] + node.col_offset,
                offsets[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0),
            )
            for node in (found, found.args[1])
        )
        text = b"".join(lines)
        source = (text[:start] + b"(" + text[first:last] + b")" + text[end:]).decode()


def _is_cast(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "cast" and len(node.args) == 2


def with_sentences_left_alone(source: str) -> str:
    """Put every text with a blank in it into triple quotes."""
    lines = source.splitlines(keepends=True)
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        text = token.string
        if token.type != tokenize.STRING or text[0] not in "\"'" or " " not in text or text[:3] in {'"""', "'''"}:
            continue
        said: str = ast.literal_eval(text)
        if '"' in said or "\\" in text:
            continue
        (row, start), (_, end) = token.start, token.end
        lines[row - 1] = f'{lines[row - 1][:start]}"""{said}"""{lines[row - 1][end:]}'
    return "".join(lines)


def prepared(work: Path) -> None:
    """A copy of the checkout, as git knows it, with the three rewritings."""
    shutil.rmtree(work, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TREE, check=True, capture_output=True)
    for name in listed.stdout.decode().split("\n"):
        if name and (TREE / name).is_file():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TREE / name, work / name)
    for folder in MUTATED:
        for file in (work / folder).rglob("*.py"):
            file.write_text(with_sentences_left_alone(uncast(undecorated(file.read_text("utf-8")))), "utf-8")


def counted(work: Path) -> dict[str, Counter[str]]:
    """How each file's mutants ended."""
    found: dict[str, Counter[str]] = {}
    for meta in sorted((work / "mutants").rglob("*.py.meta")):
        codes = json.loads(meta.read_text("utf-8"))["exit_code_by_key"].values()
        name = meta.relative_to(work / "mutants").as_posix().removesuffix(".meta")
        endings = Counter(status_by_exit_code[code] for code in codes if code is not None)
        if endings:
            found[name] = endings
    return found


def mutants(work: Path) -> list[str]:
    """The names of all there are."""
    metas = sorted((work / "mutants").rglob("*.py.meta"))
    return [name for meta in metas for name in json.loads(meta.read_text("utf-8"))["exit_code_by_key"]]


def _mutmut(args: argparse.Namespace, *names: str, quiet: bool = False) -> None:
    """If a test fails before anything is broken, mutmut says so and stops; that no mutant is called so is no news."""
    subprocess.run(
        [sys.executable, "-m", "mutmut", "run", "--max-children", str(args.children), *names],
        cwd=args.work,
        env={**os.environ, "CRMKIT_STORAGES": "memory"},
        stderr=subprocess.DEVNULL if quiet else None,
        check=False,
    )


def share(endings: Counter[str]) -> float:
    """How many of a hundred were caught."""
    return 100 * sum(endings[how] for how in CAUGHT) / max(1, endings.total())


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", help="only these files or folders")
    parser.add_argument("--work", type=Path, required=True, help="a folder to work in; what is there goes away")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sample", type=int, default=0, help="no more than so many, drawn by lot")
    parser.add_argument(
        "--floor", type=float, default=90.0, help="fail below this share of caught mutants (%(default)s percent)"
    )
    args = parser.parse_args(given)
    prepared(args.work)
    wanted = tuple(f"{file.removesuffix('.py').rstrip('/').replace('/', '.')}." for file in args.files)
    _mutmut(args, "nobody", quiet=True)  # makes them, and finds out which test meets which
    names = [name for name in mutants(args.work) if not wanted or name.startswith(wanted)]
    if args.sample:
        names = sorted(Random(0).sample(names, min(args.sample, len(names))))
        _mutmut(args, *names)
    else:
        _mutmut(args, *[f"{one}*" for one in wanted])
    found = counted(args.work)
    total = sum(found.values(), Counter[str]())
    for name, endings in [*found.items(), ("all", total)]:
        told = ", ".join(f"{many} {how}" for how, many in sorted(endings.items()) if how not in CAUGHT)
        print(f"{share(endings):6.1f} % of {endings.total():5} {name}{told and ': ' + told}")
    if not names or total.total() < len(names):
        print(f"Only {total.total()} of {len(names)} mutants were run: mutmut's words above say why.")
        return 1
    print(f"Which they are: cd {args.work}; mutmut results; mutmut show NAME")
    return int(share(total) < args.floor)


if __name__ == "__main__":
    sys.exit(main())
