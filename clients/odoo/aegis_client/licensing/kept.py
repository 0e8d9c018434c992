from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Optional


class Part:
    """One part of what is kept for a license: a storage of clients/python."""

    def __init__(self, parts: dict[str, Any], name: str) -> None:
        self._parts = parts
        self._name = name

    def load(self) -> Optional[Mapping[str, Any]]:
        """What was saved last; None where there is nothing."""
        part = self._parts.get(self._name)
        return dict(part) if isinstance(part, dict) else None

    def save(self, state: Mapping[str, Any]) -> None:
        """Keeps a state in place of the former one."""
        self._parts[self._name] = dict(state)

    def clear(self) -> None:
        """Forgets the state."""
        self._parts.pop(self._name, None)


class Kept:
    """What the add-on keeps for one license, as the text of one column: clock guard, status lists, seat. Odoo's
    transaction saves it together with the record."""

    def __init__(self, text: object) -> None:
        """:param text: what ``text()`` has answered; anything else is a lost state, as after an edit by hand"""
        parts: Any = None
        if isinstance(text, str):
            try:
                parts = json.loads(text)
            except (ValueError, RecursionError):
                parts = None
        parts = parts if isinstance(parts, dict) else {}
        self._parts: dict[str, Any] = parts
        self.clock = Part(parts, "clock")
        self.lists = Part(parts, "lists")
        #: Of ``SeatHolder``.
        self.seat = Part(parts, "seat")
        #: Where the seat was taken: ``license_id``, ``fingerprint``, ``db_uuid``, ``domain``.
        self.seat_place = Part(parts, "seat_place")
        #: Why the seat was lost.
        self.seat_lost = Part(parts, "seat_lost")
        #: ``license_id`` and ``nonce`` of the request that waits for its answer.
        self.offline_request = Part(parts, "offline_request")
        #: ``license_id``, ``nonce`` and ``token`` of the answer.
        self.offline_seat = Part(parts, "offline_seat")
        #: When to act next, seconds since 1970: ``fetch_at``, ``beat_at``.
        self.turns = Part(parts, "turns")

    @classmethod
    def merged(cls, before: object, ours: Kept, theirs: object) -> Kept:
        """Brings together what was changed while requests were under way: part by part. Where both have changed a part,
        a person was faster than the scheduled action, and is right.

        :param before: text that ``ours`` began with
        :param theirs: text that is stored by now
        """
        old, result = cls(before)._parts, cls(theirs)
        for name in {*old, *ours._parts}:
            mine = ours._parts.get(name)
            if mine == old.get(name) or result._parts.get(name) != old.get(name):
                continue
            if mine is None:
                result._parts.pop(name, None)
            else:
                result._parts[name] = mine
        return result

    def list_at(self, uri: str) -> Optional[str]:
        """The kept status list with an address."""
        entries = (self.lists.load() or {}).get("lists")
        entry = entries.get(uri) if isinstance(entries, dict) else None
        text = entry.get("text") if isinstance(entry, dict) else None
        return text if isinstance(text, str) else None

    def text(self) -> str:
        """For the column."""
        return json.dumps(self._parts, sort_keys=True)
