from __future__ import annotations

import random
import time
from typing import NamedTuple, Optional

from .claims import license_claims
from .client.fetching import StatusListKeeper
from .kept import Kept
from .question import Question
from .seats import beat, is_turn, kept_seat_token, named_lists

#: A list is asked for once an hour, whatever its time to live: a server has many databases.
_EVERY_S = 3_600.0
#: The first time; databases that were made from one template begin together.
_FIRST_WITHIN_S = 900.0


class Refreshed(NamedTuple):
    """What came of the work that was due for a license."""

    #: The newest license token: a renewal arrives with a heartbeat.
    license_token: str
    #: When work is due again, seconds since 1970; None: never, the license names no list and has no seat.
    next_at: Optional[float]
    #: What did not succeed, for the log.
    failures: tuple[str, ...]


def refresh(
    token: str,
    module: str,
    question: Question,
    kept: Kept,
    *,
    now: Optional[float] = None,
    at_once: bool = False,
    timeout: float = 10.0,
) -> Refreshed:
    """Sends the heartbeat and fetches the status lists that are due, each at a random time of its own. Never raises for
    what the network does.

    :param now: seconds since 1970; None: the local clock
    :param at_once: an administrator asks: lists are fetched though it is not their turn
    :param timeout: seconds for a request
    """
    moment = time.time() if now is None else now
    token = beat(token, module, question, kept, moment, timeout=timeout).license_token
    claims = license_claims(token)
    if claims is None:
        return Refreshed(token, None, ())
    failures: list[str] = []
    if named_lists(claims, kept) and _may_fetch(kept, moment, at_once):
        failures = _fetch(token, question, kept, moment, at_once, timeout)
        _plan_fetch(kept, moment + _EVERY_S * random.uniform(1.0, 1.2))
    turns = kept.turns.load() or {}
    has_seat = isinstance((kept.seat.load() or {}).get("seat"), dict)
    times = [
        turns.get("fetch_at") if named_lists(claims, kept) else None,
        turns.get("beat_at") if has_seat else None,
    ]
    planned = [at for at in times if isinstance(at, (int, float))]
    return Refreshed(token, max(moment + 60.0, min(planned)) if planned else None, tuple(failures))


def _may_fetch(kept: Kept, now: float, at_once: bool) -> bool:
    fetch_at = (kept.turns.load() or {}).get("fetch_at")
    if at_once:
        return True
    if fetch_at is None:
        _plan_fetch(kept, now + random.uniform(0.0, _FIRST_WITHIN_S))
        return False
    return is_turn(fetch_at, now)


def _plan_fetch(kept: Kept, at: float) -> None:
    kept.turns.save({**(kept.turns.load() or {}), "fetch_at": at})


def _fetch(token: str, question: Question, kept: Kept, now: float, at_once: bool, timeout: float) -> list[str]:
    if at_once:
        _forget_waits(kept)
    claims = license_claims(token)
    seat = None if claims is None else kept_seat_token(claims, kept)
    keeper = StatusListKeeper(kept.lists, timeout=timeout)
    results = [keeper.refresh(one, keys=question.keys, now=now) for one in (token.strip(), seat) if one is not None]
    _forget_unnamed(token, kept)
    return [result.failure for result in results if result.failure is not None]


def _forget_waits(kept: Kept) -> None:
    """Lets lists be asked for that are fresh still, or whose last request failed a moment ago."""
    entries = (kept.lists.load() or {}).get("lists")
    if isinstance(entries, dict):
        waiting = {uri: {**one, "next_at": 0} for uri, one in entries.items() if isinstance(one, dict)}
        kept.lists.save({"lists": waiting})


def _forget_unnamed(token: str, kept: Kept) -> None:
    """Removes lists of licenses and seats that were there before."""
    claims = license_claims(token)
    entries = (kept.lists.load() or {}).get("lists")
    if claims is not None and isinstance(entries, dict):
        named = named_lists(claims, kept)
        kept.lists.save({"lists": {uri: one for uri, one in entries.items() if uri in named}})
