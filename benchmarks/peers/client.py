"""The other end of a peer: starts its process, asks, and says clearly when there is no answer."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self

_HERE: Final = Path(__file__).resolve().parent
#: Loading a hundred thousand clients into the slowest peer takes minutes.
PATIENCE: Final = 1800.0
_LAST_LINES: Final = 15


class PeerFailed(Exception):
    """A peer has died, kept silent, or could not do what it was asked; the text ends with what it complained of."""


class PeerProcess:
    """
    A peer at work in a process of its own.

    *program* is what it runs, the peer's own unless told. *python* is the interpreter of the peer's environment; the environment's own packages are all that it sees.
    As a context manager it ends the process, however the block is left.
    """

    def __init__(self, name: str, python: str | Path, url: str, program: Path | None = None) -> None:
        self.name = name
        self._complaints = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # until end()
        # Peers are called what their packages are: with -P their folder does not come before the packages.
        self._process = subprocess.Popen(
            [str(python), "-P", str(program or _HERE / f"{name}.py"), url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(_HERE.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self._answers: Queue[str | None] = Queue()
        self._listening = Thread(target=self._listen, name=f"answers of {name}", daemon=True)
        self._listening.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def ask(self, do: str, *, patience: float = PATIENCE, **details: Any) -> dict[str, Any]:
        """Give the peer something to do, and its answer; one with `unsupported` is an answer. PeerFailed for none."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **details}) + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise self._failed(f"is gone, and cannot {do}") from None
        try:
            line = self._answers.get(timeout=patience)
        except Empty:
            self._process.kill()
            raise self._failed(f"did not {do} within {patience:g} s, and was stopped") from None
        if line is None:
            self._answers.put(None)  # it stays gone
            raise self._failed(f"died when it should {do}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise self._failed(f"could not {do}: {answer['error']}")
        return answer

    def end(self, *, patience: float = 30.0) -> None:
        """Ask it to end, and make it end; once is enough."""
        try:
            self.ask("end", patience=patience)
            self._process.wait(patience)
        except (PeerFailed, subprocess.TimeoutExpired):
            self._process.kill()
        self._process.wait()
        self._listening.join()
        for stream in (self._process.stdin, self._complaints):
            try:
                if stream is not None:
                    stream.close()
            except BrokenPipeError:
                pass

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            for line in answers:
                self._answers.put(line)
        self._answers.put(None)

    def _failed(self, what: str) -> PeerFailed:
        self._complaints.seek(0)
        lines = self._complaints.read().splitlines()[-_LAST_LINES:]
        return PeerFailed("\n".join([f"The peer {self.name} {what}.", *lines]))
