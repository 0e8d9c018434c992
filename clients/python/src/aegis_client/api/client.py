from __future__ import annotations

import copy
import json
import ssl
import time
import uuid
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Any, NamedTuple, Optional
from urllib.parse import urlencode

from .errors import AegisError, Problem, Unreachable
from .json_body import read_json
from .retries import Retries, may_pass, retry_after_of
from .transport import RawAnswer, Transport, check_base_url

#: Sent again without harm: GET and PUT by their nature, POST and DELETE by their Idempotency-Key. A PATCH that was lost
#: may have taken effect.
_REPEATABLE = ("GET", "HEAD", "PUT", "POST", "DELETE")


class Answer(NamedTuple):
    """A success."""

    status: int
    #: Names are found in either case.
    headers: Message
    #: JSON as Python has it; text of other media types; None where there is no body.
    body: Any


class AegisApi:
    """Calls the server's routes (docs/api.md): ``api.post("/api/v1/licenses", {...})``.

    Requests that failed and may be repeated are sent again, after the time that ``Retry-After`` asks for. May be used by
    several threads.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: Optional[str] = None,
        timeout: float = 10.0,
        retries: int = 3,
        longest_wait: float = 30.0,
        context: Optional[ssl.SSLContext] = None,
        allow_http: bool = False,
    ) -> None:
        """
        :param base_url: ``https://licenses.example.com``
        :param api_key: secret of an API key; None: the public routes alone
        :param timeout: seconds for one attempt
        :param retries: how often a request is sent again at most
        :param longest_wait: seconds; an answer that asks to wait for longer is raised at once
        :param context: for a certificate authority of the site's own
        :param allow_http: without TLS beyond this machine, too
        :raises ValueError: when one of them breaks its rule
        """
        if timeout <= 0 or retries < 0 or longest_wait < 0:
            raise ValueError("timeout must be more than 0, retries and longest_wait not less")
        if api_key is not None and not (
            api_key.isascii() and api_key.isprintable() and api_key.strip() == api_key != ""
        ):
            raise ValueError("api_key must be the secret of an API key, without white space")
        self._base_url = check_base_url(base_url, "base_url", allow_http)
        self._transport = Transport(timeout, context)
        self._retries = Retries(retries, longest_wait)
        self._credentials = {} if api_key is None else {"X-API-Key": api_key}

    def without_retries(self) -> AegisApi:
        """The same, for callers that decide themselves when to try again."""
        same = copy.copy(self)
        same._retries = Retries(0, 0.0)
        return same

    def get(self, path: str, query: Optional[Mapping[str, Any]] = None) -> Any:
        """:returns: the body of the answer
        :raises AegisError: when it did not succeed"""
        return self.request("GET", path, query=query).body

    def post(self, path: str, body: Any = None, *, idempotency_key: Optional[str] = None) -> Any:
        """
        :param idempotency_key: of yours, to repeat the request after a crash, too; None: a random one
        :returns: the body of the answer
        :raises AegisError: when it did not succeed
        """
        return self.request("POST", path, body=body, idempotency_key=idempotency_key).body

    def put(self, path: str, body: Any, *, if_match: Optional[str] = None) -> Any:
        """
        :param if_match: ``ETag`` of what was read: 412 where someone was faster
        :returns: the body of the answer
        :raises AegisError: when it did not succeed
        """
        return self.request("PUT", path, body=body, if_match=if_match).body

    def patch(self, path: str, body: Any, *, if_match: Optional[str] = None) -> Any:
        """See ``put``; sent again only where the server has refused it for now."""
        return self.request("PATCH", path, body=body, if_match=if_match).body

    def delete(self, path: str, body: Any = None, *, idempotency_key: Optional[str] = None) -> Any:
        """See ``post``."""
        return self.request("DELETE", path, body=body, idempotency_key=idempotency_key).body

    def pages(self, path: str, query: Optional[Mapping[str, Any]] = None) -> Iterator[dict[str, Any]]:
        """Walks a list by its cursors, page by page: at the same cost however deep.

        :param query: filters and ``page_size``
        :raises AegisError: when a page did not come
        """
        parameters = dict(query or {})
        while True:
            page = self.get(path, parameters)
            yield page
            if page.get("next_cursor") is None:
                return
            parameters["cursor"] = page["next_cursor"]

    def items(self, path: str, query: Optional[Mapping[str, Any]] = None) -> Iterator[dict[str, Any]]:
        """Walks a list, entry by entry. See ``pages``."""
        for page in self.pages(path, query):
            for member in page.values():
                if isinstance(member, list):
                    yield from member

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        body: Any = None,
        idempotency_key: Optional[str] = None,
        if_match: Optional[str] = None,
        if_none_match: Optional[str] = None,
    ) -> Answer:
        """Sends a request, and again while that may help.

        :param path: with a slash at its beginning
        :raises Problem: when the server refused
        :raises Unreachable: when no answer came
        :raises RedirectRefused: when it leads elsewhere
        """
        url = self._url(path, query)
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {"Accept": "application/json", "User-Agent": "aegis-client-python", **self._credentials}
        if content is not None:
            headers["Content-Type"] = "application/json"
        if method in ("POST", "DELETE"):
            headers["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        if if_match is not None:
            headers["If-Match"] = if_match
        if if_none_match is not None:
            headers["If-None-Match"] = if_none_match
        attempt = 0
        while True:
            failure = self._attempt(method, url, headers, content)
            if isinstance(failure, Answer):
                return failure
            wait = self._wait_after(failure, method, attempt)
            if wait is None:
                raise failure
            time.sleep(wait)
            attempt += 1

    def _url(self, path: str, query: Optional[Mapping[str, Any]]) -> str:
        if not path.startswith("/"):
            raise ValueError("path must begin with a slash")
        parameters = {name: _written(value) for name, value in (query or {}).items() if value is not None}
        return f"{self._base_url}{path}" + (f"?{urlencode(parameters)}" if parameters else "")

    def _attempt(self, method: str, url: str, headers: dict[str, str], content: Optional[bytes]) -> Any:
        """:returns: an ``Answer``, or the ``AegisError`` to raise"""
        try:
            answer = self._transport.send(method, url, headers, content)
        except Unreachable as error:
            return error
        if answer.status in (304, *range(200, 300)):
            return _success(answer)
        return _problem(answer)

    def _wait_after(self, failure: AegisError, method: str, attempt: int) -> Optional[float]:
        if isinstance(failure, Problem):
            # With these two the request was refused at the door.
            refused = failure.status == 429
            if not may_pass(failure.status, failure.code) or not (refused or method in _REPEATABLE):
                return None
            return self._retries.wait_before(attempt, failure.retry_after)
        return self._retries.wait_before(attempt, None) if method in _REPEATABLE else None


def _success(answer: RawAnswer) -> Any:
    if not answer.body:
        return Answer(answer.status, answer.headers, None)
    try:
        is_json = answer.headers.get_content_type().endswith("json")
        body = read_json(answer.body) if is_json else answer.body.decode("utf-8")
        return Answer(answer.status, answer.headers, body)
    except ValueError:
        return Unreachable("the answer is not what its media type says: something between has changed it")


def _problem(answer: RawAnswer) -> Problem:
    try:
        members = read_json(answer.body)
    except ValueError:
        members = {}
    retry_after = retry_after_of(answer.headers.get("Retry-After"))
    return Problem(answer.status, members if isinstance(members, dict) else {}, retry_after)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
