from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from ..clock.guard import GuardStorage
from ..formats.malformed import Malformed
from ..keys.trusted_keys import HOLDS, TrustedKeys
from ..tokens.license_token import LicenseClaims, parse_license
from .kept_seat import KeptSeat, seat_of_state


class Stored(NamedTuple):
    """What an installation knows after a restart."""

    #: The newest license token.
    license_token: str
    seat: Optional[KeptSeat]


def unverified_claims(token: str) -> LicenseClaims:
    """Whether the license is valid is asked elsewhere; here only what to send, and to whom it belongs.

    :raises ValueError: when it is not a license token
    """
    try:
        return parse_license(token)[1]
    except Malformed as malformed:
        raise ValueError(f"token is not a license token: {malformed}") from None


def restored(storage: GuardStorage, token: str, fingerprint: str, keys: TrustedKeys, now: float) -> Stored:
    """Reads what ``store`` has kept, for the same license and the same installation alone.

    :param token: that the program was started with; the later one of both counts
    :param keys: one of them must have signed the one that was kept
    """
    given = unverified_claims(token)
    state = _loaded(storage)
    if state.get("fingerprint") != fingerprint or state.get("license_id") != given.license_id.lower():
        return Stored(token, None)
    kept = newer_license(state.get("license_token"), token, keys, now)
    is_later = kept is not None and unverified_claims(kept).issued_at > given.issued_at
    return Stored(str(kept) if is_later else token, seat_of_state(state.get("seat")))


def store(storage: GuardStorage, stored: Stored, fingerprint: str) -> None:
    """Keeps the state of a seat. Where that fails, as on a full disk, the same fingerprint gets the same seat after a
    restart."""
    state = {
        "license_id": unverified_claims(stored.license_token).license_id.lower(),
        "fingerprint": fingerprint,
        "license_token": stored.license_token,
        "seat": None if stored.seat is None else stored.seat._asdict(),
    }
    try:
        storage.save(state)
    except Exception:  # noqa: BLE001 - the storage is the caller's
        return


def newer_license(brought: object, before: str, keys: TrustedKeys, now: float) -> Optional[str]:
    """The license token that an answer brings, where it is another one of the same license, no older, and signed by a
    trusted key: nothing that stands between may take the license away."""
    if not isinstance(brought, str) or brought == before or not _is_proven(brought, keys, now):
        return None
    next_claims, claims = unverified_claims(brought), unverified_claims(before)
    is_same = next_claims.license_id.lower() == claims.license_id.lower()
    return brought if is_same and next_claims.issued_at >= claims.issued_at else None


def _loaded(storage: GuardStorage) -> Mapping[str, Any]:
    """A storage that fails has nothing."""
    try:
        return storage.load() or {}
    except Exception:  # noqa: BLE001 - the storage is the caller's
        return {}


def _is_proven(token: object, keys: TrustedKeys, now: float) -> bool:
    try:
        signed, _ = parse_license(token)
    except Malformed:
        return False
    return keys.proof(signed, now) == HOLDS
