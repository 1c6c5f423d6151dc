"""Servers on the loopback interface that answer by a script, and a record of every connection that is tried."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

#: What a server does with one connection whose request it has read; the event says that the test is over.
Script = Callable[[socket.socket, threading.Event], None]


class Served:
    """A server that runs: its port and the requests it has read."""

    def __init__(self, listening: socket.socket) -> None:
        self.port: int = listening.getsockname()[1]
        self.asked: list[bytes] = []


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None) -> Generator[Served]:
    """Serve each connection by *script*, one after the other."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = Served(listening)
        thread = threading.Thread(target=_serve, args=(listening, served, script, tls, over))
        thread.start()
        try:
            yield served
        finally:
            over.set()
            with suppress(OSError), socket.create_connection(("127.0.0.1", served.port)):
                pass  # wakes `accept`
            thread.join()


def saying(answer: bytes) -> Script:
    """A script that sends some bytes and hangs up."""
    return lambda connection, _: connection.sendall(answer)


def _serve(
    listening: socket.socket, served: Served, script: Script, tls: ssl.SSLContext | None, over: threading.Event
) -> None:
    while True:
        connection, _ = listening.accept()
        with connection:
            if over.is_set():
                return
            connection.settimeout(10)
            with suppress(OSError):  # clients may hang up whenever they like
                _answer(
                    connection if tls is None else tls.wrap_socket(connection, server_side=True), served, script, over
                )


def _answer(connection: socket.socket, served: Served, script: Script, over: threading.Event) -> None:
    with connection:
        served.asked.append(_request(connection))
        script(connection, over)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):  # a reset could overtake what was sent
                pass


def _request(connection: socket.socket) -> bytes:
    asked = b""
    while b"\r\n\r\n" not in asked and (part := connection.recv(1 << 16)):
        asked += part
    head, _, body = asked.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.lower().splitlines() if line.startswith(b"content-length:")]
    wanted = int(lengths[0]) if lengths else 0
    while len(body) < wanted and (part := connection.recv(1 << 16)):
        body += part
    return head + b"\r\n\r\n" + body


class Tried:
    """Every address that a socket was told to connect to, and every name that was resolved, while it watches."""

    def __init__(self) -> None:
        self.connects: list[Any] = []
        self.names: list[Any] = []
        self.refuse = False


_watching: list[Tried] = []


def _hear(event: str, args: tuple[Any, ...]) -> None:
    """An audit hook hears what the interpreter does, whoever asks for it; it cannot be taken off again."""
    if not _watching:
        return
    if event == "socket.connect":
        _watching[-1].connects.append(args[1])
        if _watching[-1].refuse:
            raise ConnectionRefusedError
    elif event == "socket.getaddrinfo":
        _watching[-1].names.append(args[0])


@contextmanager
def watched(*, refuse: bool = False) -> Generator[Tried]:
    """Record what is connected to; *refuse* keeps it from happening, for addresses out on the internet."""
    tried = Tried()
    tried.refuse = refuse
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hear)
    _watching.append(tried)
    try:
        yield tried
    finally:
        _watching.remove(tried)


_hooked: list[bool] = []
