from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Optional

from ..formats.compact_jws import SignedText
from .public_key import ACCEPTED_ALGS, PublicKey

#: What keys prove of a signed text. ``COMPROMISED``: no one can say offline whether it is older than the compromise.
HOLDS = "holds"
COMPROMISED = "compromised"
UNKNOWN_KEY = "unknown_key"
SIGNATURE_INVALID = "signature_invalid"


class TrustedKeys:
    """Keys that signatures are verified with. Made by ``trusted_keys()``; read them once and keep them, since reading
    them takes longer than a verification."""

    def __init__(
        self,
        by_kid: Mapping[str, PublicKey],
        compromised: Iterable[str] = (),
        issued_at: Optional[int] = None,
        expires_at: Optional[int] = None,
        refused: Optional[str] = None,
    ) -> None:
        """
        :param compromised: kids of keys that are no longer trusted
        :param issued_at: of a signed key set, seconds since 1970
        :param expires_at: first second at which none of them is trusted; None: they came with the program
        :param refused: why a key set has no keys here
        """
        self._by_kid: dict[str, PublicKey] = dict(by_kid)
        self._compromised: frozenset[str] = frozenset(compromised)
        self.issued_at = issued_at
        self.expires_at = expires_at
        self.refused = refused

    @property
    def kids(self) -> frozenset[str]:
        """Of the keys, also after the end of their key set."""
        return frozenset(self._by_kid)

    def have_expired(self, now: float) -> bool:
        """Whether they are of a key set that is past its end: then none is trusted. Asked at each use, or a program that
        runs for months would trust a stolen key for as long."""
        return self.expires_at is not None and not now < self.expires_at

    def trust(self, kid: str, now: float) -> bool:
        """Whether a key is one of these, still."""
        return kid in self._by_kid and not self.have_expired(now)

    def proof(self, signed: SignedText, now: float) -> str:
        """What they prove of a signed text.

        :param now: seconds since 1970
        :returns: ``HOLDS``, ``COMPROMISED``, ``UNKNOWN_KEY`` or ``SIGNATURE_INVALID``
        """
        alg, kid = signed.header
        if kid in self._compromised:
            return COMPROMISED if alg in ACCEPTED_ALGS else SIGNATURE_INVALID
        key = None if self.have_expired(now) else self._by_kid.get(kid)
        if key is None:
            return UNKNOWN_KEY
        return HOLDS if key.proves(signed) else SIGNATURE_INVALID
