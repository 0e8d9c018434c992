from __future__ import annotations

import calendar
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from ..formats.malformed import Malformed
from ..tokens.activation_token import parse_activation
from ..tokens.rules import is_uuid

#: The server signs tokens with an ``iat`` so much before the moment.
_BEFORE_IAT_S = 60
_LEAST_HEARTBEAT_S = 1.0
_DAY_S = 86_400.0


class KeptSeat(NamedTuple):
    """The activation that an installation holds, as the server answered it last."""

    id: str
    #: The activation token; None: the server's signer could not be reached.
    token: Optional[str]
    mode: str
    fence: int
    over: bool
    #: Seconds for which it counts from the moment at which it was asked for; None: it has no end that is known.
    counts_for: Optional[float]
    heartbeat_after: float
    #: By the local clock, seconds since 1970: for the time after a restart.
    renewed_at: float


def seat_of_answer(answer: Any, before: Optional[KeptSeat], now: float) -> KeptSeat:
    """Reads an Activation of the server.

    :param before: the same activation: its token stays where the answer has none
    :param now: the local clock when the answer was asked for
    :raises ArithmeticError, KeyError, TypeError, ValueError: when it is not one: what stands between may answer with anything
    """
    if not isinstance(answer, Mapping):
        raise TypeError("not an object")
    # It becomes a part of an address.
    if not is_uuid(answer["id"]):
        raise ValueError("id is not one of an activation")
    token = answer.get("token")
    if not isinstance(token, str):
        token = before.token if before is not None and before.id == answer["id"] else None
    return KeptSeat(
        id=str(answer["id"]),
        token=token,
        mode=str(answer["mode"]),
        fence=int(answer["fence"]),
        over=answer.get("over") is True,
        counts_for=_counts_for(answer, token),
        heartbeat_after=_heartbeat_after(answer["heartbeat_after"]),
        renewed_at=now,
    )


def _heartbeat_after(seconds: Any) -> float:
    """One heartbeat a day is plenty where the server asks for none."""
    return _DAY_S if seconds is None else min(_DAY_S, max(_LEAST_HEARTBEAT_S, float(seconds)))


def seat_of_state(state: object) -> Optional[KeptSeat]:
    """Reads what was stored; None where it is not that, as after an edit by hand."""
    if not isinstance(state, Mapping):
        return None
    try:
        seat = KeptSeat(**state)
    except TypeError:
        return None
    texts = seat.token is None or isinstance(seat.token, str), isinstance(seat.mode, str), is_uuid(seat.id)
    numbers = seat.fence, seat.heartbeat_after, seat.renewed_at, 0.0 if seat.counts_for is None else seat.counts_for
    return seat if all(texts) and all(type(one) in (int, float) for one in numbers) else None


def _counts_for(answer: Mapping[str, Any], token: Optional[str]) -> Optional[float]:
    """By the server's clock alone: the local one may be wrong."""
    end, seen = _seconds(answer.get("lease_ends_at")), _seconds(answer.get("last_seen_at"))
    if end is not None and seen is not None:
        return max(0.0, end - seen)
    if token is None:
        return None
    try:
        _, claims = parse_activation(token)
    except Malformed:
        return None
    return float(claims.expires_at - claims.issued_at - _BEFORE_IAT_S)


def _seconds(moment: object) -> Optional[float]:
    """Of a time as the server writes it, ``2026-02-03T19:12:10.000Z``."""
    if not isinstance(moment, str):
        return None
    try:
        return calendar.timegm(time.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S")) + float(moment[19:].rstrip("Z") or 0)
    except ValueError:
        return None
