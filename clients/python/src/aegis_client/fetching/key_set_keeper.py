from __future__ import annotations

import ssl
import time
from typing import Any, Optional

from ..api.errors import AegisError
from ..api.transport import Transport, check_base_url
from ..clock.guard import GuardStorage
from ..keys.option import trusted_keys
from ..keys.trusted_keys import TrustedKeys
from ..storage.remembering import Remembering
from .due import is_early, jittered, next_attempt

_PATH = "/.well-known/jwks.jwt"
_EVERY_S = 86_400.0


class KeySetKeeper:
    """Fetches the signed key set once a day, and keeps the newest that the pinned root key has signed."""

    def __init__(
        self,
        base_url: str,
        root: Any,
        storage: GuardStorage,
        *,
        timeout: float = 10.0,
        context: Optional[ssl.SSLContext] = None,
        allow_http: bool = False,
    ) -> None:
        """
        :param base_url: of the server
        :param root: the pinned root key, JWK or PEM, or several
        :param storage: of its own, ``FileStorage("keys.json")``; a text that was shipped may be in it as ``text``
        :raises ValueError: when the root is not a key, or the address has no TLS
        """
        self._url = check_base_url(base_url, "base_url", allow_http) + _PATH
        self._root = root
        self._storage = Remembering(storage)
        self._transport = Transport(timeout, context)
        trusted_keys({"key_set": "", "root": root})

    def keys(self) -> TrustedKeys:
        """Of the key set that is kept; no keys before the first fetch."""
        return self._read(self._state().get("text"))

    def refresh(self, now: Optional[float] = None) -> Optional[str]:
        """Fetches the key set where it is time to. Never raises for what the network or the storage does.

        :returns: why none came; None: one came, or it is too early to ask
        """
        moment = time.time() if now is None else now
        state = self._state()
        if is_early(state, moment):
            return None
        text, failure, next_at = self._fetch(moment)
        if text is not None:
            failure = self._refusal(self._read(text), moment)
            if failure is None:
                state["text"] = text
            else:
                next_at = next_attempt(moment, None)
        self._storage.save({**state, "asked_at": moment, "next_at": next_at})
        return failure

    def _state(self) -> dict[str, Any]:
        return dict(self._storage.load())

    def _read(self, text: object) -> TrustedKeys:
        return trusted_keys({"key_set": text, "root": self._root})

    def _refusal(self, fetched: TrustedKeys, now: float) -> Optional[str]:
        if fetched.refused is not None:
            return f"the key set is not trusted: {fetched.refused}"
        if fetched.have_expired(now):
            return "the key set has expired"
        kept = self.keys().issued_at
        if kept is not None and fetched.issued_at is not None and fetched.issued_at < kept:
            return "the key set is older than the one that is there"
        return None

    def _fetch(self, now: float) -> tuple[Optional[str], Optional[str], float]:
        """:returns: the text, or why it is missing; and when to ask again"""
        try:
            answer = self._transport.send("GET", self._url, {"User-Agent": "aegis-client-python"}, None)
        except AegisError as error:
            return None, str(error), next_attempt(now, None)
        if answer.status != 200:
            return None, f"answered with {answer.status}", next_attempt(now, answer)
        return answer.body.decode("utf-8", "replace"), None, now + jittered(_EVERY_S)
