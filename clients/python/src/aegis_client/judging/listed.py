from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Optional

from ..keys.trusted_keys import TrustedKeys
from ..status_lists.status_list import (
    STATUS_REVOKED,
    STATUS_SUSPENDED,
    STATUS_VALID,
    StatusList,
    StatusListRefused,
    open_status_list,
)
from ..tokens.rules import StatusPlace


class Listed(NamedTuple):
    """What the lists that an installation has say of a license."""

    #: ``STATUS_LIST_INVALID``, ``STATUS_LIST_STALE``, ``REVOKED``, ``SUSPENDED``; None: nothing against it.
    refusal: Optional[str]
    #: ``fresh``, ``stale`` or ``none``.
    revocation: str
    #: ``iat`` of the list that says so.
    issued_at: Optional[int] = None


_NOTHING = Listed(None, "none")
_LEAVE = Listed(None, "stale")
_REFUSALS = {STATUS_VALID: None, STATUS_REVOKED: "REVOKED", STATUS_SUSPENDED: "SUSPENDED"}


def judge_lists(
    place: Optional[StatusPlace],
    lists: Sequence[object],
    keys: TrustedKeys,
    now: float,
    max_offline: Optional[float],
    may_lack_lists: bool,
) -> Listed:
    """What lists say of a license.

    :param place: that the license names; None for those of v0.8
    :param lists: texts of any type, and opened lists
    :param max_offline: seconds for which a list is accepted after its ``iat``
    :param may_lack_lists: an offline file is the vendor's leave to go without a newer list
    """
    if place is None:
        return _NOTHING
    if not lists:
        return _LEAVE if may_lack_lists else _NOTHING
    newest = newest_list(place, lists, keys, now)
    status = None if newest is None else newest.status_at(place)
    if newest is None or status not in _REFUSALS:
        return _LEAVE if may_lack_lists else Listed("STATUS_LIST_INVALID", "none")
    end = newest.expires_at if max_offline is None else min(newest.expires_at, newest.issued_at + max_offline)
    if now >= end and not may_lack_lists:
        return Listed("STATUS_LIST_STALE", "stale", newest.issued_at)
    return Listed(_REFUSALS[status], "fresh" if now < newest.fresh_until else "stale", newest.issued_at)


def newest_list(place: StatusPlace, lists: Iterable[object], keys: TrustedKeys, now: float) -> Optional[StatusList]:
    """The latest of the lists that a place is in; those that are not to be trusted are left out."""
    newest: Optional[StatusList] = None
    for one in lists:
        opened = _trusted(one, keys, now)
        if opened is None or opened.uri != place.uri:
            continue
        if newest is None or opened.issued_at > newest.issued_at:
            newest = opened
    return newest


def _trusted(one: object, keys: TrustedKeys, now: float) -> Optional[StatusList]:
    if isinstance(one, StatusList):
        # It was verified when it was opened. Its key may be compromised by now.
        return one if keys.trust(one.kid, now) else None
    try:
        return open_status_list(one, keys, now)
    except StatusListRefused:
        return None
