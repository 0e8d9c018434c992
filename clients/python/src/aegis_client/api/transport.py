from __future__ import annotations

import http.client
import ipaddress
import ssl
import urllib.error
import urllib.request
from email.message import Message
from functools import lru_cache
from typing import IO, Any, NamedTuple, Optional
from urllib.parse import urlsplit

from .deadline import Deadline, responses_until
from .errors import RedirectRefused, Unreachable

#: The largest answers are status lists and pages of licenses.
_MAX_BODY_BYTES = 16 * 1_048_576
_PIECE_BYTES = 65_536
#: Headers that say who asks.
_CREDENTIALS = ("x-api-key", "authorization")


class RawAnswer(NamedTuple):
    """What the server answered, whatever its status."""

    status: int
    #: Names are found in either case.
    headers: Message
    body: bytes


class Transport:
    """Sends one request and reads its answer. TLS is verified, nothing is retried."""

    def __init__(self, timeout: float, context: Optional[ssl.SSLContext] = None) -> None:
        """
        :param timeout: seconds for a whole request with its answer
        :param context: for a certificate authority of the site's own; None: the system's
        :raises ValueError: when the context verifies no certificates
        """
        self._timeout = timeout
        self._context = context or _default_context()
        if self._context.verify_mode != ssl.CERT_REQUIRED or not self._context.check_hostname:
            raise ValueError("context must verify certificates and names of hosts")
        handlers = (_Https(context=self._context), _Http(), _Redirects(), _AnyStatus())
        self._opener = urllib.request.build_opener(*handlers)
        # What is asked without TLS is on this machine: a proxy that the environment names would see the key.
        self._direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)

    def send(self, method: str, url: str, headers: dict[str, str], body: Optional[bytes]) -> RawAnswer:
        """
        :raises Unreachable: when no whole answer came in time
        :raises RedirectRefused: when it leads to another origin with a key, to one without TLS, or is of a change
        """
        try:
            request = _Request(url, data=body, headers=headers, method=method)
            request.deadline = Deadline(self._timeout)
            opener = self._direct if _is_direct(url) else self._opener
            with opener.open(request, timeout=self._timeout) as answer:
                return RawAnswer(answer.status, answer.headers, _read(answer))
        except (OSError, http.client.HTTPException, ValueError) as error:
            # The address may have a query, and errors of sockets repeat nothing else.
            raise Unreachable(f"{method} {urlsplit(url).path}: {error}") from error


@lru_cache(maxsize=1)
def _default_context() -> ssl.SSLContext:
    """Reads the system's certificates once: that takes longer than many a request."""
    return ssl.create_default_context()


class _Request(urllib.request.Request):
    deadline: Deadline


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: Any) -> Any:
        return self.do_open(_connections_until(req.deadline, http.client.HTTPConnection), req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: Any) -> Any:
        connection = _connections_until(req.deadline, http.client.HTTPSConnection)
        return self.do_open(connection, req, context=self._context)  # type: ignore[attr-defined]


def _connections_until(deadline: Deadline, kind: Any) -> Any:
    """A class of connections whose answers must be there at the deadline."""

    def connection(host: str, *, timeout: float, **named: Any) -> Any:
        made = kind(host, timeout=min(timeout, deadline.left()), **named)
        made.response_class = responses_until(deadline)
        return made

    return connection


def _is_direct(url: str) -> bool:
    """Whether an address is asked without any proxy."""
    parts = urlsplit(url)
    return parts.scheme == "http" and _is_loopback(parts.hostname or "")


def _read(answer: Any) -> bytes:
    """Reads up to a bound."""
    pieces: list[bytes] = []
    length = 0
    while True:
        piece = answer.read1(_PIECE_BYTES)
        if not piece:
            break
        length += len(piece)
        if length > _MAX_BODY_BYTES:
            raise ValueError("the answer is too large")
        pieces.append(piece)
    if answer.length:
        raise http.client.IncompleteRead(b"".join(pieces), answer.length)
    return b"".join(pieces)


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Answers 4xx and 5xx as they are; 3xx are for ``_Redirects``."""

    def http_response(self, request: Any, response: Any) -> Any:
        return super().http_response(request, response) if 300 <= response.status < 400 else response

    https_response = http_response


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects of GET within one origin: a key must not reach another one, and a POST is not repeated as a
    GET."""

    max_redirections = 5

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Optional[urllib.request.Request]:
        if req.get_method() not in ("GET", "HEAD"):
            raise RedirectRefused(f"redirected with {code}, which is not followed")
        has_credentials = any(req.get_header(name.capitalize()) is not None for name in _CREDENTIALS)
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        if (before.scheme, before.netloc) != (after.scheme, after.netloc):
            if has_credentials:
                raise RedirectRefused("redirected to another origin, which must not have the key")
            if before.scheme == "https" and after.scheme != "https":
                raise RedirectRefused("redirected to an address without TLS")
        if after.scheme not in ("http", "https"):
            raise RedirectRefused("redirected to something other than HTTP")
        if _is_direct(newurl) != _is_direct(req.full_url):
            raise RedirectRefused("redirected to another network")
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        if followed is None:
            return None
        request = _Request(followed.full_url, headers=followed.headers, method=req.get_method())
        request.deadline = req.deadline  # type: ignore[attr-defined]
        return request

    def http_error_304(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        """Not a redirect: the copy that is there is the newest."""
        return fp


def check_base_url(url: str, option: str, allow_http: bool) -> str:
    """
    :param option: what the caller gave it as, for the message
    :param allow_http: without TLS beyond this machine, too
    :returns: without a slash at its end
    :raises ValueError: when it is not an address of a server, or has no TLS
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{option} must be the address of a server, https://licenses.example.com")
    if parts.username is not None:
        raise ValueError(f"{option} must not have a user name")
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname):
        raise ValueError(f"{option} must begin with https:// (or give allow_http=True, where the network is trusted)")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
