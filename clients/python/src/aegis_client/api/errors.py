from __future__ import annotations

from typing import Any, Optional


class AegisError(Exception):
    """A request that did not succeed: ``Problem``, ``Unreachable`` or ``RedirectRefused``."""


class Unreachable(AegisError):
    """No answer came, or one that is not the server's: whether the request took effect is not known."""


class RedirectRefused(AegisError):
    """The server, or what stands in its place, sent the request elsewhere."""


class Problem(AegisError):
    """The server refused, with a problem document (RFC 9457)."""

    def __init__(self, status: int, members: dict[str, Any], retry_after: Optional[float] = None) -> None:
        """
        :param status: of the answer
        :param members: of the document; empty where the answer had none, as of a proxy
        :param retry_after: seconds that the answer asks to wait
        """
        self.status = status
        #: ``license_not_found``, … (``/problems`` of the server explains each); None where the answer had none.
        self.code: Optional[str] = _text(members.get("code"))
        self.title: Optional[str] = _text(members.get("title"))
        self.detail: Optional[str] = _text(members.get("detail"))
        #: For support: the server's log has it.
        self.request_id: Optional[str] = _text(members.get("request_id"))
        errors = members.get("errors")
        #: ``{"field": …, "message": …}`` of each field that breaks a rule.
        self.errors: list[dict[str, Any]] = errors if isinstance(errors, list) else []
        #: All members, those of single problems too: ``next_free_at``, ``verdict``, ``ended_by``, …
        self.members = members
        self.retry_after = retry_after
        super().__init__(f"{status} {self.code or ''}: {self.detail or self.title or 'no problem document'}")


def _text(value: object) -> Optional[str]:
    return value if isinstance(value, str) else None
