from __future__ import annotations

import zlib
from typing import Any, Optional

from ..formats.base64url import decode_base64url
from ..formats.compact_jws import JwsKind, parse_compact_jws
from ..formats.malformed import Malformed
from ..keys.trusted_keys import HOLDS, TrustedKeys
from ..tokens.rules import MAX_SAFE_INTEGER, StatusPlace, is_text, numeric_date, whole_number

#: Lists of 131,072 tokens, as they are issued, take 47,000 characters where the states of their tokens are random.
MAX_STATUS_LIST_LENGTH = 262_144
_STATUS_LIST = JwsKind(MAX_STATUS_LIST_LENGTH, "statuslist+jwt", may_lack_typ=False)
#: 2^20 tokens of eight bits. A small text must not fill the memory.
_MAX_STATUSES_BYTES = 1_048_576

#: What a status means (draft-ietf-oauth-status-list, section 7.1). 1 stands for superseded and ended tokens too.
STATUS_VALID = 0
STATUS_REVOKED = 1
STATUS_SUSPENDED = 2


class StatusListRefused(Exception):
    """A text that is not a status list to go by."""

    def __init__(self, reason: str) -> None:
        """:param reason: ``malformed``, ``unknown_key``, ``compromised`` or ``signature_invalid``"""
        super().__init__(f"the status list is not trusted: {reason}")
        self.reason = reason


class StatusList:
    """A status list whose signature holds. Keep the text that it was read from; this is not meant to be stored."""

    def __init__(
        self,
        uri: str,
        issued_at: int,
        expires_at: int,
        fresh_until: int,
        bits: int,
        statuses: bytes,
        kid: str,
    ) -> None:
        #: What tokens in it name as their list.
        self.uri = uri
        #: Of two lists of one uri the later one is trusted. Seconds since 1970, as the others.
        self.issued_at = issued_at
        #: First second at which it says nothing.
        self.expires_at = expires_at
        #: From then on a newer one should be requested; this one is valid still.
        self.fresh_until = fresh_until
        self.bits = bits
        self.statuses = statuses
        #: Which key signed.
        self.kid = kid

    def status_at(self, place: StatusPlace) -> Optional[int]:
        """The status of one token (draft-ietf-oauth-status-list, section 4.1), also after the end of the list.

        :returns: None where the token names another list, or a place beyond this one
        """
        per_byte = 8 // self.bits
        if place.uri != self.uri or not 0 <= place.idx < per_byte * len(self.statuses):
            return None
        # Indexes count from the lowest bits of a byte.
        byte = self.statuses[place.idx // per_byte]
        return byte >> place.idx % per_byte * self.bits & (1 << self.bits) - 1


def open_status_list(text: object, keys: TrustedKeys, now: float) -> StatusList:
    """Reads and verifies a Token Status List (draft-ietf-oauth-status-list, section 8.3). Whose list it is, and whether
    it still counts, is asked later.

    :param text: as fetched, not trimmed; of any type
    :param now: the installation's clock, seconds since 1970
    :raises StatusListRefused: when it is not one to go by
    """
    try:
        signed = parse_compact_jws(text, _STATUS_LIST)
        opened = _read(signed.payload, signed.header.kid)
    except Malformed:
        raise StatusListRefused("malformed") from None
    proof = keys.proof(signed, now)
    if proof != HOLDS:
        raise StatusListRefused(proof)
    # Only once it is proven: a stranger's text is not inflated.
    opened.statuses = _inflated(opened.statuses)
    return opened


def _read(claims: Any, kid: str) -> StatusList:
    uri, inner = claims.get("sub"), claims.get("status_list")
    issued_at, expires_at = numeric_date(claims.get("iat")), numeric_date(claims.get("exp"))
    if not is_text(uri) or issued_at is None or expires_at is None or type(inner) is not dict:
        raise Malformed("sub, iat, exp or status_list is missing or breaks its rule")
    ttl = whole_number(claims["ttl"], 1, MAX_SAFE_INTEGER) if "ttl" in claims else None
    if ttl is None and "ttl" in claims:
        raise Malformed("ttl breaks its rule")
    bits, encoded = whole_number(inner.get("bits"), 1, 8), inner.get("lst")
    compressed = decode_base64url(encoded) if type(encoded) is str else None
    if bits not in (1, 2, 4, 8) or compressed is None:
        raise Malformed("bits or lst is missing or breaks its rule")
    fresh_until = expires_at if ttl is None else min(expires_at, issued_at + ttl)
    return StatusList(uri, issued_at, expires_at, fresh_until, bits, compressed, kid)


def _inflated(compressed: bytes) -> bytes:
    """Inflates zlib data (RFC 1950) up to a bound."""
    stream = zlib.decompressobj()
    try:
        statuses = stream.decompress(compressed, _MAX_STATUSES_BYTES + 1)
    except zlib.error:
        raise StatusListRefused("malformed") from None
    if len(statuses) > _MAX_STATUSES_BYTES or not stream.eof or stream.unused_data:
        raise StatusListRefused("malformed")
    return statuses
