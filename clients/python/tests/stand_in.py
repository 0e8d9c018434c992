"""A server that answers as a test says."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, NamedTuple, Optional


class Asked(NamedTuple):
    method: str
    path: str
    headers: Any
    body: Any


class Say(NamedTuple):
    status: int
    body: Any = None
    headers: dict[str, str] = {}


class StandIn:
    """Answers each request with the next of ``answers``; the last one stays. A callable is asked."""

    def __init__(self) -> None:
        self.answers: list[Any] = [Say(404)]
        self.asked: list[Asked] = []
        self.was_asked = threading.Semaphore(0)
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                stand_in._answer(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        content = handler.rfile.read(length)
        asked = Asked(handler.command, handler.path, handler.headers, json.loads(content) if content else None)
        self.asked.append(asked)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        say: Optional[Say] = answer(asked) if callable(answer) else answer
        self.was_asked.release()
        if say is None:
            handler.close_connection = True
            return
        text = isinstance(say.body, str)
        body = b"" if say.body is None else say.body.encode() if text else json.dumps(say.body).encode()
        handler.send_response(say.status)
        kind = "text/plain" if text else "application/json" if say.status < 400 else "application/problem+json"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **say.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


#: Closes the connection without an answer.
HANGS_UP: Callable[[Asked], None] = lambda _: None  # noqa: E731


def problem(status: int, code: str, headers: Optional[dict[str, str]] = None, **members: Any) -> Say:
    return Say(status, {"status": status, "code": code, "detail": "x", "request_id": "r1", **members}, headers or {})
