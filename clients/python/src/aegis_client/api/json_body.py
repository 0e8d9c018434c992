from __future__ import annotations

import json
from typing import Any

from ..formats.strict_json import is_too_deep

#: Levels of an answer: the server's have fewer than ten.
_MAX_DEPTH = 64


def read_json(content: bytes) -> Any:
    """Reads JSON that anyone may have written in the server's place.

    :raises ValueError: when it is not JSON in UTF-8, or nested deeper than any answer, which would end the process
    """
    text = content.decode("utf-8")
    if is_too_deep(text, _MAX_DEPTH):
        raise ValueError("nested too deep")
    return json.loads(text)
