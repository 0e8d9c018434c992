from __future__ import annotations

import os
import unicodedata
from functools import lru_cache

#: 1 to 255 characters (code points) that can be printed.
_MAX_FINGERPRINT = 255
#: Controls, invisible signs, halves of characters, and separators of lines: the server refuses them.
_NOT_PRINTABLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


@lru_cache(maxsize=8)
def instance_fingerprint(db_uuid: str, domain: str) -> str:
    """Names one installation, as deployed clients compute it: both texts in UTF-8 with a colon between, byte for byte
    as given (nothing is trimmed or lower-cased).

    :param db_uuid: the installation's database UUID
    :param domain: the domain that it is served under, with the port where there is one
    :returns: ``sha256:<64 hex>``
    """
    return "sha256:" + _sha256(f"{db_uuid}:{domain}")


def activation_fingerprint(license_id: str, fingerprint: str) -> str:
    """What the server keeps of an installation's identity, and activation tokens say of it. Two licenses of one
    installation can't be related by it.

    :param license_id: a UUID, which is hashed in lower case
    :param fingerprint: byte for byte as the installation has it
    :returns: 64 hex digits in lower case
    """
    return _sha256(f"{license_id.lower()}:{fingerprint}")


def new_fingerprint() -> str:
    """A random identity for an installation: make it at the first start, and keep it with the program's data."""
    return os.urandom(16).hex()


def check_fingerprint(fingerprint: object, option: str) -> str:
    """
    :param option: what the caller gave it as, for the message
    :raises TypeError: when it is not a text
    :raises ValueError: when it has no or more than 255 characters, or one that can't be printed
    """
    if not isinstance(fingerprint, str):
        raise TypeError(f"{option} must be a text, not {type(fingerprint).__name__}")
    is_printable = _NOT_PRINTABLE.isdisjoint(map(unicodedata.category, fingerprint))
    if not 1 <= len(fingerprint) <= _MAX_FINGERPRINT or not is_printable:
        raise ValueError(f"{option} must have 1 to {_MAX_FINGERPRINT} characters that can be printed")
    return fingerprint


def _sha256(text: str) -> str:
    # Loads OpenSSL, which takes a quarter of the time of the whole import: not for programs whose licenses are unbound.
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
