from __future__ import annotations

from typing import NamedTuple, Optional

from ..clock.guard import GuardStorage
from ..formats.malformed import Malformed
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


def restored(storage: GuardStorage, token: str, fingerprint: str) -> Stored:
    """Reads what ``store`` has kept, for the same license and the same installation alone.

    :param token: that the program was started with; the later one of both counts
    """
    given = unverified_claims(token)
    state = storage.load() or {}
    if state.get("fingerprint") != fingerprint or state.get("license_id") != given.license_id.lower():
        return Stored(token, None)
    return Stored(_later(state.get("license_token"), token, given), seat_of_state(state.get("seat")))


def store(storage: GuardStorage, stored: Stored, fingerprint: str) -> None:
    """Keeps the state of a seat."""
    storage.save(
        {
            "license_id": unverified_claims(stored.license_token).license_id.lower(),
            "fingerprint": fingerprint,
            "license_token": stored.license_token,
            "seat": None if stored.seat is None else stored.seat._asdict(),
        }
    )


def newer_license(brought: object, before: str) -> Optional[str]:
    """The license token that an answer brings, where it is one of the same license: nothing that stands between may take
    the license away."""
    try:
        is_same = isinstance(brought, str) and (
            unverified_claims(brought).license_id.lower() == unverified_claims(before).license_id.lower()
        )
    except ValueError:
        return None
    return str(brought) if is_same and brought != before else None


def _later(kept: object, token: str, given: LicenseClaims) -> str:
    try:
        is_later = isinstance(kept, str) and unverified_claims(kept).issued_at > given.issued_at
    except ValueError:
        return token
    return str(kept) if is_later else token
