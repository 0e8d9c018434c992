from __future__ import annotations

import sys
import time


def steady_seconds() -> float:
    """Seconds that pass while the machine sleeps too, and that nobody can set. Where they begin is not known."""
    if sys.platform.startswith("linux"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        # Python's monotonic clock stops there while the machine sleeps.
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()
