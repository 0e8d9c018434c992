from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from ..formats.compact_jws import JwsKind, SignedText, parse_compact_jws
from ..formats.malformed import Malformed
from ..tokens.rules import KEY_ID, numeric_date
from .public_key import ACCEPTED_ALGS, PublicKey, key_of_jwk
from .trusted_keys import TrustedKeys

#: Hundreds of keys.
MAX_KEY_SET_LENGTH = 131_072
_KEY_SET = JwsKind(MAX_KEY_SET_LENGTH, "jwk-set+jwt", may_lack_typ=False)


def open_key_set(text: object, roots: Sequence[PublicKey], newest_seen: Optional[int]) -> TrustedKeys:
    """Reads a signed key set (``jwks.jwt``) and trusts it only if a pinned root key signed it. Its end is asked for at
    each use.

    :param text: as fetched, not trimmed; of any type
    :param newest_seen: ``issued_at`` of the newest key set that this installation has seen: an older one may hide that a
        key was compromised
    :returns: without keys, and ``refused`` says why, where it is not to be trusted: ``malformed``,
        ``signature_invalid`` or ``outdated``
    """
    try:
        signed, keys = _parse_key_set(text)
    except Malformed:
        return TrustedKeys({}, refused="malformed")
    if not any(root.proves(signed) for root in roots):
        return TrustedKeys({}, refused="signature_invalid")
    if newest_seen is not None and keys.issued_at is not None and keys.issued_at < newest_seen:
        return TrustedKeys({}, refused="outdated")
    return keys


def _parse_key_set(text: object) -> tuple[SignedText, TrustedKeys]:
    """Reads form, header and members. Verifies no signature."""
    signed = parse_compact_jws(text, _KEY_SET)
    if signed.header.alg not in ACCEPTED_ALGS:
        raise Malformed("the header has an alg other than EdDSA")
    issued_at, expires_at = numeric_date(signed.payload.get("iat")), numeric_date(signed.payload.get("exp"))
    if issued_at is None or expires_at is None or expires_at <= issued_at:
        raise Malformed("iat or exp is not a time, or they contradict each other")
    by_kid = _read_keys(signed.payload.get("keys"))
    compromised = _read_compromised(signed.payload.get("compromised"))
    if by_kid.keys() & set(compromised):
        raise Malformed("a kid occurs twice")
    return signed, TrustedKeys(by_kid, compromised, issued_at, expires_at)


def _read_keys(keys: Any) -> dict[str, PublicKey]:
    if type(keys) is not list:
        raise Malformed("keys is not a list")
    by_kid: dict[str, PublicKey] = {}
    for jwk in keys:
        kid = _read_kid(jwk)
        if kid in by_kid:
            raise Malformed("a kid occurs twice")
        try:
            key = key_of_jwk(jwk, "keys")
        except ValueError:
            raise Malformed("keys contains something that is not an Ed25519 key") from None
        if key.is_weak:
            raise Malformed("keys contains a key that anyone can sign for")
        by_kid[kid] = key
    return by_kid


def _read_compromised(compromised: Any) -> list[str]:
    if type(compromised) is not list:
        raise Malformed("compromised is not a list")
    kids: list[str] = []
    for one in compromised:
        kid = _read_kid(one)
        after = one.get("after", "absent")
        if kid in kids or numeric_date(one.get("at")) is None or (after is not None and numeric_date(after) is None):
            raise Malformed("compromised contains something that is not a withdrawn key")
        kids.append(kid)
    return kids


def _read_kid(member: Any) -> str:
    kid = member.get("kid") if type(member) is dict else None
    if type(kid) is not str or KEY_ID.fullmatch(kid) is None:
        raise Malformed("a key has no kid")
    return kid
