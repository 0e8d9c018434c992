from __future__ import annotations

from typing import Optional

from ..clock.guard import ClockReading, load_state, read_clock, save_state
from ..moments import rfc3339
from ..options import Options
from ..tokens.license_token import LicenseClaims
from ..tokens.rules import DAY_S
from ..verdict import ERRORS, Verdict
from ..versions import major_version
from .listed import Listed, judge_lists
from .seat import Seat, judge_seat

_EXPIRES_SOON_S = 30 * DAY_S


def judge(claims: LicenseClaims, options: Options, checked_at: str) -> Verdict:
    """The verdict of a license whose signature holds. The first failing check names the code."""
    now = options.now
    seat = judge_seat(claims, options)
    listed = judge_lists(
        claims.status, options.status_lists, options.keys, now, options.max_offline, seat.may_lack_lists
    )
    clock = None if options.guard is None else _guarded(claims, listed, seat, options)
    is_behind = clock is not None and clock.is_behind
    code = (
        _refused_for_question(claims, options)
        or ("CLOCK_SET_BACK" if is_behind else None)
        or listed.refusal
        or ("EXPIRED" if _has_expired(claims, now) else None)
        or (seat.refusal if claims.seats is not None and claims.seats.required else None)
        or "VALID"
    )
    is_valid = code == "VALID"
    return Verdict(
        valid=is_valid,
        code=code,
        error=ERRORS[code],
        warnings=_warnings(claims, now) if is_valid else (),
        license_id=claims.license_id,
        license_type=claims.license_type,
        customer_name=claims.customer_name,
        expires_at=None if claims.expires_at is None else rfc3339(claims.expires_at),
        entitlements=claims.entitlements,
        activation=seat.held,
        checked_at=checked_at,
        revocation=listed.revocation,
        clock="ok" if clock is not None and clock.is_known and not is_behind else "unknown",
    )


def _guarded(claims: LicenseClaims, listed: Listed, seat: Seat, options: Options) -> Optional[ClockReading]:
    """Reads the clock, and keeps what was learned of the time."""
    if options.guard is None:
        return None
    lists = seat.proven_lists if listed.issued_at is None else [*seat.proven_lists, listed.issued_at]
    before = load_state(options.guard)
    reading = read_clock(before, options.now, [claims.issued_at, *seat.proven, *lists], lists)
    if reading.state != before:
        save_state(options.guard, reading.state)
    return reading


def _refused_for_question(claims: LicenseClaims, options: Options) -> Optional[str]:
    if claims.issuer not in options.issuers:
        return "ISSUER_MISMATCH"
    if claims.module != options.module:
        return "MODULE_MISMATCH"
    if major_version(options.version) not in claims.allowed_major_versions:
        return "VERSION_NOT_ALLOWED"
    bound_to = claims.instance_fingerprint
    if bound_to is None or bound_to == options.instance_fingerprint:
        return None
    return "INSTANCE_REQUIRED" if options.instance_fingerprint is None else "INSTANCE_MISMATCH"


def _has_expired(claims: LicenseClaims, now: float) -> bool:
    """Past its end, and past its days of grace."""
    return claims.expires_at is not None and now >= claims.expires_at + claims.grace_days * DAY_S


def _warnings(claims: LicenseClaims, now: float) -> tuple[str, ...]:
    if claims.expires_at is None or claims.expires_at - now > _EXPIRES_SOON_S:
        return ()
    return ("IN_GRACE",) if now >= claims.expires_at else ("EXPIRES_SOON",)
