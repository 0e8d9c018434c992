from __future__ import annotations

import re
from typing import Any, NamedTuple, Optional

from ..formats.compact_jws import JwsKind, SignedText, parse_compact_jws
from ..formats.malformed import Malformed
from .rules import (
    MAX_SAFE_INTEGER,
    MAX_TOKEN_LENGTH,
    StatusPlace,
    is_text,
    is_uuid,
    numeric_date,
    status_place,
    whole_number,
)

_ACTIVATION = JwsKind(MAX_TOKEN_LENGTH, "aegis-activation+jwt", may_lack_typ=False)
_FINGERPRINT_DIGEST = re.compile(r"[0-9a-f]{64}")
_REQUEST_NONCE = re.compile(r"[0-9a-f]{16}")


class ActivationClaims(NamedTuple):
    """That an installation holds a seat of a license. Times are whole seconds since 1970."""

    activation_id: str
    license_id: str
    issuer: str
    #: ``activation_fingerprint()`` of the one installation that it is for.
    fingerprint_digest: str
    fence: int
    issued_at: int
    #: First second at which it is no longer valid.
    expires_at: int
    #: Of the offline request that it answers; only tokens in offline files have one.
    nonce: Optional[str]
    status: Optional[StatusPlace]


def parse_activation(token: object) -> tuple[SignedText, ActivationClaims]:
    """Reads an activation token: form, header and claims. Verifies no signature and judges no claim. A license never
    passes, though the same key signed it.

    :param token: as received, not trimmed; of any type
    :raises Malformed: for everything else
    """
    signed = parse_compact_jws(token, _ACTIVATION)
    return signed, _read_claims(signed.payload)


def _read_claims(claims: dict[str, Any]) -> ActivationClaims:
    activation_id, license_id, issuer = claims.get("jti"), claims.get("sub"), claims.get("iss")
    digest, nonce = claims.get("fp"), claims.get("nonce")
    fence = whole_number(claims.get("fence"), 1, MAX_SAFE_INTEGER)
    issued_at, expires_at = numeric_date(claims.get("iat")), numeric_date(claims.get("exp"))
    status = status_place(claims["status"]) if "status" in claims else None
    if not is_text(issuer) or not is_uuid(activation_id) or not is_uuid(license_id):
        raise Malformed("iss, jti or sub is missing or breaks its rule")
    if not _matches(_FINGERPRINT_DIGEST, digest) or ("nonce" in claims and not _matches(_REQUEST_NONCE, nonce)):
        raise Malformed("fp or nonce breaks its rule")
    if fence is None or issued_at is None or expires_at is None or (status is None and "status" in claims):
        raise Malformed("fence, iat, exp or status is missing or breaks its rule")
    return ActivationClaims(
        str(activation_id), str(license_id), str(issuer), str(digest), fence, issued_at, expires_at, nonce, status
    )


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return type(value) is str and pattern.fullmatch(value) is not None
