from __future__ import annotations

import time
from typing import Any, NamedTuple, Optional

from .claims import activation_claims, license_claims
from .client import ShownActivation
from .client.api import AegisApi, AegisError, Problem
from .client.seats import Lost, SeatHolder
from .client.tokens.license_token import LicenseClaims
from .kept import Kept
from .question import Installation, Question

#: What the server's refusals mean for the administrator (docs/activations.md).
_REFUSALS = {
    "seats_exhausted": "All seats of the license are in use. End the one of a database that no longer exists, or ask "
    "your vendor.",
    "moves_exhausted": "Too many different databases were activated within 30 days. Ask your vendor.",
    "license_not_valid": "The server refuses the license. Verify it, or ask your vendor.",
}
#: A seat that nobody has given back: of these, the server decides by itself when it is free.
_UNANSWERED = "The server could not be reached. Try again later."


class SeatOutcome(NamedTuple):
    """What came of a request for a seat."""

    is_done: bool
    #: A sentence for the administrator.
    message: str
    #: The newest license token, to be stored in place of the one that was asked with.
    license_token: str


def activate(
    token: str, module: str, question: Question, kept: Kept, *, take_over: Optional[str] = None, timeout: float = 10.0
) -> SeatOutcome:
    """Asks the server for a seat for this database. Only an administrator does so, never a schedule: after a copy or a
    move of the database somebody must decide which one it is. Never raises for what the network does.

    :param take_over: an activation's id or ``"oldest"``, where the license allows it
    :param timeout: seconds for the request
    """
    refusal = _refused_before(token, question)
    if refusal is not None:
        return SeatOutcome(False, refusal, token)
    holder = _holder(token, module, question, kept, question.installation.fingerprint, timeout)
    try:
        holder.activate(take_over)
    except Problem as problem:
        return SeatOutcome(False, _REFUSALS.get(problem.code or "", str(problem)), holder.license_token)
    except AegisError:
        return SeatOutcome(False, _UNANSWERED, holder.license_token)
    finally:
        # Heartbeats are sent by the scheduled action: a worker of Odoo has no thread of its own for them.
        holder.stop()
    if _kept_fingerprint(holder.license_token, kept) is None:
        return SeatOutcome(False, "The license does not count its installations.", holder.license_token)
    remember_place(holder.license_token, question.installation, kept)
    kept.offline_seat.clear()
    kept.turns.save({**(kept.turns.load() or {}), "beat_at": time.time() + _interval(kept)})
    return SeatOutcome(True, "This database holds a seat of the license.", holder.license_token)


def release(token: str, module: str, question: Question, kept: Kept, *, timeout: float = 10.0) -> SeatOutcome:
    """Gives the kept seat back, also one that was taken under a former address of this database. In a copy it is the
    seat of the original. Never raises for what the network does."""
    fingerprint = _kept_fingerprint(token, kept)
    if fingerprint is None or question.server is None:
        return SeatOutcome(False, "This database keeps no seat that the server could take back.", token)
    holder = _holder(token, module, question, kept, fingerprint, timeout)
    holder.release()
    if _kept_fingerprint(token, kept) is not None:
        return SeatOutcome(False, _UNANSWERED, token)
    kept.seat_place.clear()
    kept.seat_lost.clear()
    return SeatOutcome(True, "The seat has been given back.", token)


def beat(
    token: str, module: str, question: Question, kept: Kept, now: float, *, timeout: float = 10.0
) -> SeatOutcome:
    """Sends the heartbeat that is due, where this database holds a seat under its present fingerprint."""
    turns = kept.turns.load() or {}
    is_here = _kept_fingerprint(token, kept) == question.installation.fingerprint is not None
    if not is_here or question.server is None or not is_turn(turns.get("beat_at"), now):
        return SeatOutcome(False, "", token)
    holder = _holder(token, module, question, kept, question.installation.fingerprint, timeout)
    wait = holder.beat()
    kept.turns.save({**turns, "beat_at": now + wait})
    return SeatOutcome(True, "", holder.license_token)


def is_turn(at: object, now: float, longest: float = 2 * 86_400.0) -> bool:
    """Whether a planned time has come. One that is further away than any plan is of a clock that was wrong.

    :param at: seconds since 1970, as kept; anything else has come
    """
    return not isinstance(at, (int, float)) or isinstance(at, bool) or not now < at <= now + longest


def shown_activation(claims: LicenseClaims, installation: Installation, kept: Kept) -> Optional[ShownActivation]:
    """The seat to verify with: whatever is kept for this license, with the fingerprint that this database has now."""
    token = kept_seat_token(claims, kept)
    if token is None or installation.fingerprint is None:
        return None
    offline = kept.offline_seat.load()
    nonce = None if offline is None or offline.get("token") != token else offline.get("nonce")
    seat = activation_claims(token)
    listed = None if seat is None or seat.status is None else kept.list_at(seat.status.uri)
    return ShownActivation(token, installation.fingerprint, nonce if isinstance(nonce, str) else None, listed)


def kept_seat_token(claims: LicenseClaims, kept: Kept) -> Optional[str]:
    """The activation token that is kept for a license, of an offline file or of the server."""
    offline = kept.offline_seat.load()
    if offline is not None and offline.get("license_id") == claims.license_id.lower():
        token = offline.get("token")
    else:
        token = (_kept_seat(claims, kept) or {}).get("token")
    return token if isinstance(token, str) else None


def named_lists(claims: LicenseClaims, kept: Kept) -> set[str]:
    """Addresses of the status lists of a license and of the seat that is kept for it."""
    seat = activation_claims(kept_seat_token(claims, kept))
    places = [claims.status, None if seat is None else seat.status]
    return {place.uri for place in places if place is not None}


def copied_message(claims: Optional[LicenseClaims], installation: Installation, kept: Kept) -> Optional[str]:
    """What to tell where the kept seat was taken under another fingerprint, or was lost; None where neither is so."""
    if claims is None or claims.seats is None:
        return None
    place = kept.seat_place.load()
    is_of_this = place is not None and place.get("license_id") == claims.license_id.lower()
    if place is not None and is_of_this and place.get("fingerprint") != installation.fingerprint:
        was, is_now = str(place.get("domain")), installation.domain or "unknown"
        if place.get("db_uuid") != installation.db_uuid:
            return (
                f"This database is a copy of the one at {was} that holds the seat: its UUID is another one. Activate it "
                "for a seat of its own."
            )
        return (
            f"The seat was taken at {was}, and this database is at {is_now}. If it is a copy, activate it for a seat of "
            "its own. If it was moved, release the seat first, then activate it."
        )
    lost = kept.seat_lost.load()
    if lost is None or lost.get("license_id") != claims.license_id.lower():
        return None
    return f"The seat was lost ({lost.get('ended_by') or lost.get('reason')}). Activate this database again."


def remember_place(token: str, installation: Installation, kept: Kept) -> None:
    """Keeps where a seat was taken, so that a copy of the database can be named as one."""
    claims = license_claims(token)
    place = {"fingerprint": installation.fingerprint, "db_uuid": installation.db_uuid, "domain": installation.domain}
    kept.seat_place.save({"license_id": "" if claims is None else claims.license_id.lower(), **place})
    kept.seat_lost.clear()


def _refused_before(token: str, question: Question) -> Optional[str]:
    if license_claims(token) is None:
        return "There is no license to activate."
    if question.installation.fingerprint is None:
        return "The system parameters database.uuid and web.base.url must be there: they identify this database."
    if question.server is None:
        return "The system parameter aegis.server must have the https address of the license server."
    return None


def _holder(
    token: str, module: str, question: Question, kept: Kept, fingerprint: Optional[str], timeout: float
) -> SeatHolder:
    claims = license_claims(token)

    def lost(what: Lost) -> None:
        if what.reason == "unreachable":
            # Its token has ended as well, and says so in the verdict.
            return
        kept.seat_lost.save(
            {
                "license_id": "" if claims is None else claims.license_id.lower(),
                "reason": what.reason,
                "ended_by": what.ended_by,
            }
        )

    return SeatHolder(
        AegisApi(question.server or "", timeout=timeout, retries=0),
        token=token.strip(),
        keys=question.keys,
        module=module,
        version=question.installation.version,
        fingerprint=fingerprint or "",
        storage=kept.seat,
        instance=question.installation.instance,
        name=question.installation.domain[:100] or None,
        on_lost=lost,
        release_at_exit=False,
    )


def _kept_seat(claims: LicenseClaims, kept: Kept) -> Optional[dict[str, Any]]:
    state = kept.seat.load() or {}
    seat = state.get("seat")
    return seat if isinstance(seat, dict) and state.get("license_id") == claims.license_id.lower() else None


def _kept_fingerprint(token: str, kept: Kept) -> Optional[str]:
    """That the kept seat was taken with; None where no seat of this license is kept."""
    claims = license_claims(token)
    if claims is None or _kept_seat(claims, kept) is None:
        return None
    fingerprint = (kept.seat.load() or {}).get("fingerprint")
    return fingerprint if isinstance(fingerprint, str) else None


def _interval(kept: Kept) -> float:
    seat = (kept.seat.load() or {}).get("seat")
    after = seat.get("heartbeat_after") if isinstance(seat, dict) else None
    return float(after) if isinstance(after, (int, float)) else 300.0
