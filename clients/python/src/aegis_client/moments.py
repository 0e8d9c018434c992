from __future__ import annotations

import time
from functools import lru_cache


def rfc3339(seconds: float) -> str:
    """A moment as the server writes it: UTC with milliseconds, ``2026-02-03T19:12:10.000Z``.

    :param seconds: since 1970, 0 or more
    """
    second, millisecond = divmod(int(seconds * 1000), 1000)
    return f"{_to_the_second(second)}.{millisecond:03d}Z"


@lru_cache(maxsize=64)
def _to_the_second(second: int) -> str:
    return "%04d-%02d-%02dT%02d:%02d:%02d" % time.gmtime(second)[:6]
