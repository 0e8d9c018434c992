from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ..clock.guard import GuardStorage


class Remembering:
    """A storage that never raises: what could not be saved is remembered, until the next one can be."""

    def __init__(self, storage: GuardStorage) -> None:
        self._storage = storage
        self._unsaved: Optional[Mapping[str, Any]] = None

    def load(self) -> Mapping[str, Any]:
        """What was saved last; empty where there is nothing, or it can't be read."""
        if self._unsaved is not None:
            return self._unsaved
        try:
            state = self._storage.load()
        except Exception:  # noqa: BLE001 - the storage is the caller's: whatever it raises, the state is not there
            return {}
        return state if isinstance(state, Mapping) else {}

    def save(self, state: Mapping[str, Any]) -> None:
        """Keeps a state in place of the former one."""
        try:
            self._storage.save(state)
        except Exception:  # noqa: BLE001 - as above; a disk may be full
            self._unsaved = dict(state)
        else:
            self._unsaved = None
