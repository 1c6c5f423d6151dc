"""Heads in a file, one a line."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import attrs

from crmkit.domain.plain.reading import from_builtins
from crmkit.domain.plain.writing import to_builtins
from crmkit.domain.seal import Head
from crmkit.errors import Fault, Invalid


@attrs.frozen
class FileSink:
    """
    Appends each head to a file as a line of JSON, and has it on the disk before it returns.

    The file serves as proof where the store's own disk and users do not reach it. Several processes may share one.

    >>> FileSink("/mnt/vault/heads.jsonl").path.name
    'heads.jsonl'
    """

    path: Path = attrs.field(converter=Path)

    def __call__(self, head: Head) -> None:
        """Write it down; `OSError` if that cannot be."""
        line = json.dumps(to_builtins(head)).encode() + b"\n"
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if (size := os.fstat(file).st_size) and os.pread(file, 1, size - 1) != b"\n":
                line = b"\n" + line  # the last one broke off
            if os.write(file, line) != len(line):
                message = "The line was written in part."
                raise OSError(message)
            os.fsync(file)
        finally:
            os.close(file)


def heads_in(path: Path | str) -> Sequence[Head]:
    """
    Read the heads that a `FileSink` wrote, for `tx.audit.verify(heads)`.

    A line that broke off, as a full disk leaves it, is passed over: its head was offered again. `Invalid` for a file
    that cannot be read, or a line of JSON that is no head.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"There is no file of heads to read here: {type(error).__name__}."
        raise Invalid(Fault("heads", "not_readable", message)) from None
    heads = list[Head]()
    for line in text.split("\n"):
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            continue
        heads.append(from_builtins(Head, data))
    return heads
