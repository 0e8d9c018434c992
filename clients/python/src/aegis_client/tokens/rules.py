"""Forms of single values. Each answers the value as it is meant, or None where it breaks its rule."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, Optional

#: Of a license token and of an activation token, in characters.
MAX_TOKEN_LENGTH = 8_192
#: 2^53 - 1: JSON's readers agree on whole numbers up to here (RFC 7493 section 2.2).
MAX_SAFE_INTEGER = 9_007_199_254_740_991
#: 9999-12-31T23:59:59Z: RFC 3339, in which answers give times, has no later second.
LAST_SECOND = 253_402_300_799
DAY_S = 86_400

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")

#: NUL can't be stored by databases, and a lone surrogate is not Unicode text (RFC 7493 section 2.1).
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def is_text(value: object) -> bool:
    """Whether a value is a text that can be stored."""
    if type(value) is not str:
        return False
    return "\0" not in value if value.isascii() else _NO_TEXT.search(value) is None


def is_uuid(value: object) -> bool:
    """A UUID of any version and variant, in either case."""
    return type(value) is str and UUID.fullmatch(value) is not None


def whole_number(value: object, low: int, high: int) -> Optional[int]:
    """A whole number in a range. ``1.0`` is 1, as in JSON; ``True`` is not a number."""
    if type(value) is float and value.is_integer():
        value = int(value)
    # bool is a subclass of int.
    return value if type(value) is int and low <= value <= high else None


def safe_integer(value: object) -> Optional[int]:
    """A whole number of either sign that all readers of JSON read alike."""
    return whole_number(value, -MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)


def numeric_date(value: object) -> Optional[int]:
    """A NumericDate (RFC 7519 section 2) of a whole second that RFC 3339 can write."""
    return whole_number(value, 0, LAST_SECOND)


class StatusPlace(NamedTuple):
    """Where the status of a token is published."""

    uri: str
    idx: int


def status_place(value: Any) -> Optional[StatusPlace]:
    """Claim ``status`` of a token that has a place in a Token Status List."""
    place: Any = value.get("status_list") if type(value) is dict else None
    if type(place) is not dict:
        return None
    members: dict[str, Any] = place
    idx, uri = safe_integer(members.get("idx")), members.get("uri")
    return StatusPlace(str(uri), idx) if idx is not None and is_text(uri) else None
