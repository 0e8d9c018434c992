from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime
from typing import NamedTuple, Optional

#: Overload, limits and failures that pass. A 500 is the server's mistake, and would be one again.
_PASSING = (408, 429, 502, 503, 504)
#: Another request with the same Idempotency-Key runs still.
_IN_PROGRESS = "request_in_progress"
_FIRST_WAIT_S = 0.5
#: Nobody is asked to wait for longer than a day.
_LONGEST_ASKED_S = 86_400.0


class Retries(NamedTuple):
    """How often a request is sent again, and for how long is waited before."""

    at_most: int
    #: Seconds. Who is asked to wait for longer gets the problem at once.
    longest_wait: float

    def wait_before(self, attempt: int, retry_after: Optional[float]) -> Optional[float]:
        """
        :param attempt: of the one that failed, from 0
        :param retry_after: seconds that the answer asks to wait
        :returns: seconds to wait before the next attempt; None: no attempt follows
        """
        if attempt >= self.at_most or (retry_after is not None and retry_after > self.longest_wait):
            return None
        backoff = min(self.longest_wait, _FIRST_WAIT_S * 2.0**attempt * random.uniform(0.5, 1.0))
        # Not at the very moment at which all others come.
        return backoff if retry_after is None else retry_after + random.uniform(0, min(1.0, retry_after / 10))


def may_pass(status: int, code: Optional[str]) -> bool:
    """Whether the same request may succeed a little later."""
    return status in _PASSING or (status == 409 and code == _IN_PROGRESS)


def retry_after_of(header: Optional[str], now: Optional[float] = None) -> Optional[float]:
    """Reads ``Retry-After`` (RFC 9110 section 10.2.3): seconds, or a date.

    :returns: seconds from now, a day at most; None where it is missing or can't be read
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return min(float(text), _LONGEST_ASKED_S)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0.0, moment - (time.time() if now is None else now)), _LONGEST_ASKED_S)
