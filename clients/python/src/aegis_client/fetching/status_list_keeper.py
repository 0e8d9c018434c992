from __future__ import annotations

import ssl
import time
from typing import Any, NamedTuple, Optional

from ..api.errors import AegisError
from ..api.transport import RawAnswer, Transport, check_base_url
from ..clock.guard import GuardStorage
from ..formats.compact_jws import SignedText
from ..formats.malformed import Malformed
from ..keys.option import Keys, trusted_keys
from ..keys.trusted_keys import HOLDS
from ..status_lists.status_list import StatusList, StatusListRefused, open_status_list
from ..storage.remembering import Remembering
from ..tokens.activation_token import parse_activation
from ..tokens.license_token import parse_license
from ..tokens.rules import StatusPlace
from .due import is_early, jittered, next_attempt

_DEFAULT_TTL_S = 300.0
#: The server's clock may be so far ahead. A list of the future would make all later ones look older.
_MAX_AHEAD_S = 60.0


class Refreshed(NamedTuple):
    """What came of a refresh. A failure changes nothing: the list that is there stays."""

    #: A newer list is there.
    is_newer: bool
    #: Why none came; None: one came, the list is the newest, or it is too early to ask.
    failure: Optional[str]
    #: Header ``Date`` of the answer, as it is: anyone between may have written it.
    server_date: Optional[str] = None


class StatusListKeeper:
    """Fetches the status list of a license or of an activation once the one that is kept is no longer fresh, and keeps
    it. A list is never replaced by an older one: anyone who controls the network could serve that."""

    def __init__(
        self,
        storage: GuardStorage,
        *,
        timeout: float = 10.0,
        context: Optional[ssl.SSLContext] = None,
        allow_http: bool = False,
    ) -> None:
        """
        :param storage: of its own, ``FileStorage("lists.json")``: for one license and its activation
        :param timeout: seconds for a request
        :param context: for a certificate authority of the site's own
        :param allow_http: without TLS beyond this machine, too
        """
        self._storage = Remembering(storage)
        self._transport = Transport(timeout, context)
        self._allow_http = allow_http

    def texts(self) -> list[str]:
        """The lists that are kept, for ``verify_license(status_list=…)``; empty where there are none."""
        return [entry["text"] for entry in self._entries().values() if isinstance(entry.get("text"), str)]

    def refresh(self, token: object, *, keys: Keys, now: Optional[float] = None) -> Refreshed:
        """Fetches the list that a token names, where it is time to. Never raises for what the network or the storage does.

        :param token: license or activation token; its list is asked for only where its signature holds, since anyone
            could write an address into it
        :param now: seconds since 1970; None: the local clock
        """
        trusted, moment = trusted_keys(keys), time.time() if now is None else now
        uri = _uri_of(token, trusted, moment)
        if uri is None:
            return Refreshed(False, None)
        entries = self._entries()
        entry = entries.get(uri, {})
        if is_early(entry, moment):
            return Refreshed(False, None)
        kept = _opened(entry.get("text"), trusted, moment)
        result, changed = self._fetch(uri, entry, kept, trusted, moment)
        entries[uri] = {**entry, **changed, "asked_at": moment}
        self._storage.save({"lists": entries})
        return result

    def accept(self, text: str, *, keys: Keys, now: Optional[float] = None) -> Refreshed:
        """Keeps a list that came as a file, by the same rules as one that was fetched."""
        trusted, moment = trusted_keys(keys), time.time() if now is None else now
        opened = _opened(text, trusted, moment)
        if opened is None:
            return Refreshed(False, "not a status list to go by")
        entries = self._entries()
        entry = entries.get(opened.uri, {})
        refusal = _refusal(opened, opened.uri, _opened(entry.get("text"), trusted, moment), moment)
        if refusal is None:
            entries[opened.uri] = {**entry, "text": text, "etag": None, "next_at": _next_at(opened, moment)}
            self._storage.save({"lists": entries})
        return Refreshed(refusal is None, refusal)

    def _entries(self) -> dict[str, dict[str, Any]]:
        lists = self._storage.load().get("lists")
        return {uri: one for uri, one in lists.items() if isinstance(one, dict)} if isinstance(lists, dict) else {}

    def _fetch(
        self, uri: str, entry: dict[str, Any], kept: Optional[StatusList], keys: Any, now: float
    ) -> tuple[Refreshed, dict[str, Any]]:
        headers = {"Accept": "application/statuslist+jwt", "User-Agent": "aegis-client-python"}
        # Only of a list that is there: without one, "not modified" helps nobody.
        if kept is not None and isinstance(entry.get("etag"), str):
            headers["If-None-Match"] = entry["etag"]
        try:
            answer = self._transport.send("GET", check_base_url(uri, "uri", self._allow_http), headers, None)
        except (AegisError, ValueError) as error:
            return Refreshed(False, str(error)), {"next_at": next_attempt(now, None)}
        date = answer.headers.get("Date")
        if answer.status == 304 and kept is not None:
            return Refreshed(False, None, date), {"next_at": now + jittered(_DEFAULT_TTL_S)}
        if answer.status != 200:
            return Refreshed(False, f"answered with {answer.status}", date), {"next_at": next_attempt(now, answer)}
        return _received(answer, uri, kept, keys, now, date)


def _received(
    answer: RawAnswer, uri: str, kept: Optional[StatusList], keys: Any, now: float, date: Optional[str]
) -> tuple[Refreshed, dict[str, Any]]:
    text = answer.body.decode("utf-8", "replace")
    opened = _opened(text, keys, now)
    refusal = "not a status list to go by" if opened is None else _refusal(opened, uri, kept, now)
    if opened is None or refusal is not None:
        return Refreshed(False, refusal, date), {"next_at": next_attempt(now, None)}
    is_newer = kept is None or opened.issued_at > kept.issued_at
    kept_for = {"text": text, "etag": answer.headers.get("ETag"), "next_at": _next_at(opened, now)}
    return Refreshed(is_newer, None, date), kept_for


def _refusal(opened: StatusList, uri: str, kept: Optional[StatusList], now: float) -> Optional[str]:
    if opened.uri != uri:
        return "the list is another one"
    if opened.issued_at > now + _MAX_AHEAD_S:
        return "the list is of the future: this clock, or the server's, is wrong"
    if kept is not None and opened.issued_at < kept.issued_at:
        return "the list is older than the one that is there"
    return None


def _next_at(opened: StatusList, now: float) -> float:
    ttl = opened.fresh_until - opened.issued_at
    return now + jittered(min(float(ttl), 86_400.0))


def _opened(text: object, keys: Any, now: float) -> Optional[StatusList]:
    try:
        return open_status_list(text, keys, now)
    except StatusListRefused:
        return None


def _uri_of(token: object, keys: Any, now: float) -> Optional[str]:
    try:
        signed, place = _place_of(token)
    except Malformed:
        return None
    return place.uri if place is not None and keys.proof(signed, now) == HOLDS else None


def _place_of(token: object) -> tuple[SignedText, Optional[StatusPlace]]:
    try:
        signed, license_claims = parse_license(token)
        return signed, license_claims.status
    except Malformed:
        signed, activation_claims = parse_activation(token)
        return signed, activation_claims.status
