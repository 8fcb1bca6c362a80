"""Connections that end when their time is up, however slowly the other side speaks.

A socket's own time-out begins anew with every byte, so that an answer whose header comes letter by letter would hold
its reader for hours.
"""

import io
import socket
from functools import partial
from http.client import HTTPResponse
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class Deadline:
    """When what is asked now has to be answered, last byte included; whoever asks sets it anew."""

    def __init__(self) -> None:
        self.until = 0.0

    def left(self) -> float:
        """Seconds. Raises TimeoutError when there are none."""
        left = self.until - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class Timed(HTTPAdapter):
    """Asks by connections that keep to a deadline, a proxy's included."""

    def __init__(self, deadline: Deadline) -> None:
        response = partial(_response, deadline)
        plain = type("Plain", (HTTPConnection,), {"response_class": response})
        secure = type("Secure", (HTTPSConnection,), {"response_class": response})
        self._pools = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Makes the pools of connections to the source itself."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Makes those of connections through a proxy."""
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _response(deadline: Deadline, sock: socket.socket, *args: Any, **options: Any) -> HTTPResponse:
    return HTTPResponse(_Heard(sock, deadline), *args, **options)  # type: ignore[arg-type]


class _Heard:
    """All of a socket that a response makes use of."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, *_: object) -> io.BufferedReader:
        return io.BufferedReader(_Bytes(self._sock, self._deadline))


class _Bytes(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline
        self._file = sock.makefile("rb", buffering=0)  # the socket stays open for as long as this does

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.left())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
