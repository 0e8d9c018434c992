from __future__ import annotations

import json
from typing import Any, Optional

#: Objects and arrays in each other, the outermost included: far more than any token has.
MAX_DEPTH = 16

_WHITE_SPACE = " \t\n\r"

#: Digits that Python reads in time linear in their number. Longer numbers are beyond every range that is asked for.
_MAX_EXACT_DIGITS = 20


def parse_strict_json_object(content: bytes) -> Optional[dict[str, Any]]:
    """Reads a JSON object (RFC 8259) in UTF-8 in which every name occurs once, as JavaScript reads it.

    Python's reader also takes NaN and doubled names, so that two readers of one signed text could see two licenses.

    :returns: None when it is not UTF-8, not JSON, not an object, nested deeper than ``MAX_DEPTH``, or a name is doubled
    """
    try:
        text = content.decode("utf-8").strip(_WHITE_SPACE)
        value, end = _decoded(text)
    except (ValueError, RecursionError):
        return None
    if end != len(text) or not isinstance(value, dict):
        return None
    if text.count("{") + text.count("[") > MAX_DEPTH and _is_too_deep(value):
        return None
    return value


def _decoded(text: str) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text)
    except ValueError:
        # Python refuses whole numbers of thousands of digits, which are JSON.
        return _DECODER_OF_LONG_NUMBERS.raw_decode(text)


def _once_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(members)
    if len(read) != len(members):
        raise ValueError("a name is doubled")
    return read


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _number(digits: str) -> Any:
    return int(digits) if len(digits) <= _MAX_EXACT_DIGITS else float(digits)


_DECODER = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_constant)
_DECODER_OF_LONG_NUMBERS = json.JSONDecoder(
    object_pairs_hook=_once_each, parse_constant=_no_constant, parse_int=_number
)


def _is_too_deep(value: Any) -> bool:
    """Walks level by level, without recursion."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            members = item.values() if isinstance(item, dict) else item
            below += [member for member in members if isinstance(member, (dict, list))]
        if not below:
            return False
        level = below
    return True
