from __future__ import annotations

import json
import re
from typing import Any, Optional

#: Objects and arrays in each other, the outermost included: far more than any token has.
MAX_DEPTH = 16

_WHITE_SPACE = " \t\n\r"

#: Digits that Python reads in time linear in their number. Longer numbers are beyond every range that is asked for.
_MAX_EXACT_DIGITS = 20
_LONG_NUMBER = re.compile("(?<![0-9])[0-9]{600}")
#: A string, also one without an end, in which brackets mean nothing; or what is no bracket.
_NO_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[^"{}\[\]]+', re.DOTALL)


def parse_strict_json_object(content: bytes) -> Optional[dict[str, Any]]:
    """Reads a JSON object (RFC 8259) in UTF-8 in which every name occurs once, as JavaScript reads it.

    Python's reader also takes NaN and doubled names, so that two readers of one signed text could see two licenses.

    :returns: None when it is not UTF-8, not JSON, not an object, nested deeper than ``MAX_DEPTH``, or a name is doubled
    """
    try:
        text = content.decode("utf-8").strip(_WHITE_SPACE)
        # Before it is read: Python's reader calls itself for each level, and where a program has raised the limit of that, a
        # text of a stranger would end the process.
        if is_too_deep(text, MAX_DEPTH):
            return None
        value, end = _decoded(text)
    except (ValueError, RecursionError):
        return None
    return value if end == len(text) and isinstance(value, dict) else None


def _decoded(text: str) -> tuple[Any, int]:
    # Python refuses whole numbers of thousands of digits, which are JSON; where it has no such limit (before 3.11, or by
    # PYTHONINTMAXSTRDIGITS), it takes minutes for one of a million.
    if _LONG_NUMBER.search(text) is None:
        return _DECODER.raw_decode(text)
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


def is_too_deep(text: str, most: int) -> bool:
    """Whether more levels are open at some place of a JSON text than may be; of another text, any answer is right."""
    if text.count("{") + text.count("[") <= most:
        return False
    depth = 0
    for bracket in _NO_BRACKETS.sub("", text):
        depth += 1 if bracket in "{[" else -1
        if depth > most:
            return True
    return False
