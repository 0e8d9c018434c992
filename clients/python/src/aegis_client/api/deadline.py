from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any, Optional


_TOO_LONG = "the answer took too long"


class Deadline:
    """When a whole exchange must be over, however many connections it takes."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """:raises TimeoutError: when nothing is left"""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError(_TOO_LONG)
        return left


class _Reader(io.RawIOBase):
    """Reads what a connection receives, and waits no longer than to the deadline. A time-out of the socket alone counts from
    each byte: a server that sends one now and then, in a header or a chunk, would hold a program for hours."""

    def __init__(self, connected: Any, deadline: Deadline) -> None:
        self._connected = connected
        self._deadline = deadline
        # Without a buffer it takes no more than what is there.
        self._raw = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Optional[int]:
        self._connected.settimeout(self._deadline.left())
        try:
            read: Optional[int] = self._raw.readinto(buffer)
        except socket.timeout:
            raise TimeoutError(_TOO_LONG) from None
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Connected:
    """What ``HTTPResponse`` needs of a socket."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._connected = connected
        self._deadline = deadline

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._connected, self._deadline))


def responses_until(deadline: Deadline) -> Any:
    """:returns: what ``HTTPConnection.response_class`` is to be"""

    class Response(http.client.HTTPResponse):
        def __init__(self, sock: Any, *arguments: Any, **named: Any) -> None:
            super().__init__(_Connected(sock, deadline), *arguments, **named)  # type: ignore[arg-type]

    return Response
