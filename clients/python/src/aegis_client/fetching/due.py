from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Optional

from ..api.retries import retry_after_of
from ..api.transport import RawAnswer

#: After a failure: a server that is back must not meet all clients at once.
_AFTER_FAILURE_S = 60.0
#: Nobody is asked to wait for longer than a day.
_LONGEST_S = 86_400.0


def jittered(seconds: float) -> float:
    """A time to wait, up to a fifth longer: installations that started together must not ask together."""
    return seconds * random.uniform(1.0, 1.2)


def is_early(state: Mapping[str, Any], now: float) -> bool:
    """Whether the next attempt that was planned lies ahead. A clock that was set back, and a state that was changed by hand,
    must not keep anyone from asking."""
    asked_at, next_at = state.get("asked_at"), state.get("next_at")
    numbers = isinstance(asked_at, (int, float)) and isinstance(next_at, (int, float))
    return numbers and asked_at <= now < next_at  # type: ignore[operator]


def next_attempt(now: float, answer: Optional[RawAnswer]) -> float:
    """When to try again after a failure, seconds since 1970.

    :param answer: that refused; None: no answer came
    """
    asked = None if answer is None else retry_after_of(answer.headers.get("Retry-After"), now)
    return now + min(_LONGEST_S, jittered(_AFTER_FAILURE_S if asked is None else max(asked, 1.0)))
