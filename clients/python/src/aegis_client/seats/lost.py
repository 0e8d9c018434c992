from __future__ import annotations

from typing import Any, NamedTuple, Optional


class Lost(NamedTuple):
    """That an installation no longer has a seat."""

    #: ``unreachable``: the lease has ended, and nobody was there to renew it. Otherwise a code of the server:
    #: ``activation_ended``, ``activation_not_found``, ``license_not_valid``, ``seats_exhausted``, ``moves_exhausted``.
    reason: str
    #: Of ``activation_ended``: ``lease``, ``released``, ``ended``, ``taken_over`` or ``customer_removed``.
    ended_by: Optional[str] = None
    #: Members of the server's answer: ``next_free_at``, ``holders``, ``verdict``, …
    members: Optional[dict[str, Any]] = None
