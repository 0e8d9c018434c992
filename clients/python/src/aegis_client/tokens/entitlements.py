from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Optional, Union

from .rules import MAX_SAFE_INTEGER, is_text, whole_number

#: What one entitlement says.
EntitlementValue = Union[bool, int, str]
#: What a license allows beyond running, by code.
Entitlements = Mapping[str, EntitlementValue]

#: Shared by all verdicts that have none.
NO_ENTITLEMENTS: Entitlements = MappingProxyType({})

_MAX_ENTRIES = 100
_MAX_BYTES = 2_048
_MAX_TEXT = 200
_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,49}")


def read_entitlements(value: Any) -> Optional[Entitlements]:
    """Reads the claim ``entitlements``.

    :returns: what it says, not to be changed; None where it breaks a rule
    """
    if type(value) is not dict or len(value) > _MAX_ENTRIES:
        return None
    members: dict[str, Any] = value
    read: dict[str, EntitlementValue] = {}
    for code, written in members.items():
        meant = _meant(written)
        if meant is None or _CODE.fullmatch(code) is None:
            return None
        read[code] = meant
    as_json = json.dumps(read, ensure_ascii=False, separators=(",", ":"))
    return MappingProxyType(read) if len(as_json.encode("utf-8")) <= _MAX_BYTES else None


def _meant(value: Any) -> Optional[EntitlementValue]:
    if type(value) is bool:
        return value
    if type(value) is str:
        return value if len(value) <= _MAX_TEXT and is_text(value) else None
    return whole_number(value, 0, MAX_SAFE_INTEGER)
