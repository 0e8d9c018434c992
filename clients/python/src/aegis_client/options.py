from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional, Union

from .clock.guard import GuardStorage
from .fingerprints import instance_fingerprint
from .keys.option import Keys, trusted_keys
from .keys.trusted_keys import TrustedKeys
from .status_lists.status_list import StatusList

#: The last moment that JavaScript's dates have, after the last one that a token can name.
_LAST_NOW = 8_640_000_000_000

#: ``{"db_uuid": …, "domain": …}``
Instance = Mapping[str, Optional[str]]
#: A status list as text, or as ``open_status_list`` has read it.
StatusListSource = Union[str, StatusList]


class ShownActivation(NamedTuple):
    """What an installation shows of the seat that it holds. A mapping with the same names is as good."""

    #: The activation token as received, of any type.
    token: object
    #: The installation's own identity, the text that it was activated with.
    fingerprint: str
    #: Of the offline request that the installation made.
    nonce: Optional[str] = None
    #: The list that the activation token names.
    status_list: object = None


class Options(NamedTuple):
    """What ``verify_license`` was called with, checked."""

    keys: TrustedKeys
    issuers: tuple[str, ...]
    module: str
    version: str
    #: ``instance_fingerprint()`` of the asking installation.
    instance_fingerprint: Optional[str]
    #: Texts and opened lists, of any type.
    status_lists: Sequence[object]
    max_offline: Optional[float]
    now: float
    guard: Optional[GuardStorage]
    activation: Optional[ShownActivation]


def read_options(
    keys: Keys,
    issuer: Any,
    module: Any,
    version: Any,
    instance: Any,
    status_list: Any,
    max_offline: Any,
    now: Any,
    guard: Any,
    activation: Any,
) -> Options:
    """
    :raises TypeError: when an option has another type than it may have, and names it
    :raises ValueError: when its value breaks a rule, and names it
    """
    if type(module) is not str or type(version) is not str:
        wrong, value = ("module", module) if not isinstance(module, str) else ("version", version)
        if not isinstance(value, str):
            raise TypeError(f"{wrong} must be a text, not {type(value).__name__}")
    return Options(
        keys if type(keys) is TrustedKeys else trusted_keys(keys),
        (issuer,) if type(issuer) is str else _issuers(issuer),
        module,
        version,
        None if instance is None else _fingerprint_of(instance),
        _as_lists(status_list),
        None if max_offline is None else _max_offline(max_offline),
        time.time() if now is None else _now(now),
        None if guard is None else _guard(guard),
        None if activation is None else _activation(activation),
    )


def _issuers(issuer: Any) -> tuple[str, ...]:
    issuers = (issuer,) if isinstance(issuer, str) else issuer
    if not isinstance(issuers, Sequence) or not all(isinstance(one, str) for one in issuers):
        raise TypeError("issuer must be a text or a list of texts")
    if not issuers:
        raise ValueError("issuer must not be empty")
    return tuple(issuers)


def _fingerprint_of(instance: Any) -> Optional[str]:
    if not isinstance(instance, Mapping):
        raise TypeError(f"instance must be a mapping with db_uuid and domain, not {type(instance).__name__}")
    given: list[str] = []
    for name in ("db_uuid", "domain"):
        value = instance.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise TypeError(f"instance.{name} must be a text, not {type(value).__name__}")
        given.append(value)
    try:
        return instance_fingerprint(*given)
    except UnicodeEncodeError:
        raise ValueError("instance has a lone surrogate, which is not text") from None


def _as_lists(status_list: Any) -> Sequence[object]:
    if status_list is None:
        return ()
    return status_list if isinstance(status_list, (list, tuple)) else (status_list,)


def _max_offline(value: Any) -> float:
    if not _is_number(value):
        raise TypeError(f"max_offline must be a number of seconds, not {type(value).__name__}")
    if not (math.isfinite(value) and value >= 0):
        raise ValueError("max_offline must be 0 or more seconds")
    return float(value)


def _now(value: Any) -> float:
    if not _is_number(value):
        raise TypeError(f"now must be seconds since 1970, not {type(value).__name__}")
    # Not a number is neither.
    if not 0 <= value <= _LAST_NOW:
        raise ValueError(f"now must be seconds since 1970, from 0 to {_LAST_NOW}")
    return value  # type: ignore[no-any-return]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _guard(guard: Any) -> GuardStorage:
    if not callable(getattr(guard, "load", None)) or not callable(getattr(guard, "save", None)):
        raise TypeError("guard must have the methods load() and save(state)")
    return guard  # type: ignore[no-any-return]


def _activation(activation: Any) -> ShownActivation:
    if isinstance(activation, Mapping):
        unknown = set(activation) - set(ShownActivation._fields)
        if unknown or not {"token", "fingerprint"} <= set(activation):
            raise TypeError("activation must have token and fingerprint, and may have nonce and status_list")
        activation = ShownActivation(**activation)
    if not isinstance(activation, ShownActivation):
        raise TypeError(f"activation must be a mapping or ShownActivation, not {type(activation).__name__}")
    if not isinstance(activation.fingerprint, str):
        raise TypeError(f"activation.fingerprint must be a text, not {type(activation.fingerprint).__name__}")
    try:
        activation.fingerprint.encode()
    except UnicodeEncodeError:
        raise ValueError("activation.fingerprint has a lone surrogate, which is not text") from None
    if activation.nonce is not None and not isinstance(activation.nonce, str):
        raise TypeError(f"activation.nonce must be a text, not {type(activation.nonce).__name__}")
    return activation
