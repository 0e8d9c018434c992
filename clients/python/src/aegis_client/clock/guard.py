from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import floor
from typing import Any, NamedTuple, Optional, Protocol

from ..tokens.rules import LAST_SECOND

#: Seconds by which clocks may differ.
_TOLERANCE_S = 300
#: A list that was made so near to the local time shows that it is right now.
_CONFIRMS_WITHIN_S = 3_600


class GuardStorage(Protocol):
    """Where the clock guard keeps its state: a mapping of two numbers. ``FileStorage`` and ``MemoryStorage`` are two."""

    def load(self) -> Optional[Mapping[str, Any]]:
        """What was saved last; None where there is nothing."""

    def save(self, state: Mapping[str, Any]) -> None:
        """Keeps a state in place of the former one, as a whole."""


class GuardState(NamedTuple):
    """Seconds since 1970."""

    #: The latest time that a signed text has shown.
    trusted_at: float
    #: The latest time that the local clock has shown.
    seen_at: float


class ClockReading(NamedTuple):
    """What the guard says of the local clock."""

    is_behind: bool
    #: The former state was there.
    is_known: bool
    state: GuardState


def read_clock(before: Optional[GuardState], now: float, proven: Iterable[int], lists: Iterable[int]) -> ClockReading:
    """Compares the local clock with what is known of the time.

    :param before: None where there is no state, or it was lost
    :param now: the local clock, seconds since 1970, of which whole ones count
    :param proven: each ``iat`` whose signature holds, those of ``lists`` too
    :param lists: each ``iat`` of a status list whose signature holds
    """
    now = floor(now)
    trusted_at = max([*proven, *([] if before is None else [before.trusted_at])])
    seen_at = now if before is None else before.seen_at
    # One day in 2099 must not lock a customer out.
    if any(abs(issued_at - now) <= _CONFIRMS_WITHIN_S for issued_at in lists):
        seen_at = now
    is_behind = now < trusted_at - _TOLERANCE_S or now < seen_at - _TOLERANCE_S
    return ClockReading(is_behind, before is not None, GuardState(trusted_at, max(seen_at, now)))


def load_state(storage: GuardStorage) -> Optional[GuardState]:
    """The state of the guard; None where it was lost, is not one, or can't be read."""
    try:
        saved = storage.load()
        if saved is None:
            return None
        trusted_at, seen_at = saved["trusted_at"], saved["seen_at"]
    except Exception:  # noqa: BLE001 - the storage is the caller's: whatever it raises, the state is not there
        return None
    return GuardState(trusted_at, seen_at) if _is_time(trusted_at) and _is_time(seen_at) else None


def save_state(storage: GuardStorage, state: GuardState) -> None:
    """Keeps the state. A storage that fails changes no verdict."""
    try:
        storage.save({"trusted_at": state.trusted_at, "seen_at": state.seen_at})
    except Exception:  # noqa: BLE001 - as above
        return


def _is_time(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value <= LAST_SECOND  # type: ignore[operator]
