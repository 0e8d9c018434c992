from __future__ import annotations

import random
import threading
from typing import Callable, Optional

from .steady_clock import steady_seconds

#: Waits are cut into pieces: a machine that wakes up sends its heartbeat soon.
_LONGEST_PIECE_S = 15.0
_AFTER_MISTAKE_S = 60.0


def jittered(seconds: float) -> float:
    """Plus or minus a random tenth: a fleet does not come at once."""
    return seconds * random.uniform(0.9, 1.1)


class Heartbeats:
    """Calls something again and again in a thread, each time after as many seconds as it has answered."""

    def __init__(self, beat: Callable[[], float]) -> None:
        self._beat = beat
        self._stopped = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def start(self, first_after: float) -> None:
        """:param first_after: seconds before the first call. Does nothing while it runs"""
        if self._thread is not None and self._thread.is_alive():
            return
        self._stopped = threading.Event()
        arguments = (self._stopped, first_after)
        self._thread = threading.Thread(target=self._run, args=arguments, name="aegis-heartbeats", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Lets no further call begin. One that runs is waited for at most 2 seconds."""
        self._stopped.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=2)

    def _run(self, stopped: threading.Event, first_after: float) -> None:
        wait = first_after
        while _waited(stopped, wait):
            try:
                wait = self._beat()
            except Exception:  # noqa: BLE001 - a storage or a callback that fails must not end the heartbeats
                wait = jittered(_AFTER_MISTAKE_S)


def _waited(stopped: threading.Event, seconds: float) -> bool:
    """Whether a time has passed, sleep of the machine included, before it was stopped."""
    due = steady_seconds() + seconds
    while True:
        left = due - steady_seconds()
        if left <= 0:
            return not stopped.is_set()
        if stopped.wait(min(left, _LONGEST_PIECE_S)):
            return False
