from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

from ..tokens.rules import KEY_ID, numeric_date
from .key_set import open_key_set
from .public_key import PublicKey, key_of_jwk, read_public_key
from .trusted_keys import TrustedKeys

#: What ``keys`` may be, see ``trusted_keys()``.
Keys = Union[TrustedKeys, Mapping[str, Any], Sequence[Mapping[str, Any]]]


def trusted_keys(keys: Keys) -> TrustedKeys:
    """Reads the keys that a license is verified with:

    - pinned ones, which came with the program: a list of JWKs with a ``kid`` each, or of ``{"kid": …, "pem": …}``;
    - ``{"key_set": text of jwks.jwt, "root": JWK or PEM, or a list of them}``, and ``"newest_seen"`` where the
      installation has seen one before: the root key is pinned, and no key is known where it did not sign the text;
    - ``{"jwks": JWKS, "trust_transport": True}``: for the vendor's own services alone. Anyone who can answer in place of
      the server makes licenses.

    :raises TypeError: when it has another type than these
    :raises ValueError: when a pinned key is not the public half of an Ed25519 key, has no ``kid`` or another's
    """
    if isinstance(keys, TrustedKeys):
        return keys
    if isinstance(keys, Mapping):
        return _of_mapping(keys)
    if isinstance(keys, (str, bytes)) or not isinstance(keys, Sequence):
        raise TypeError(f"keys must be a list of keys, or a mapping, not {type(keys).__name__}")
    return _pinned(keys)


def _of_mapping(keys: Mapping[str, Any]) -> TrustedKeys:
    names = set(keys)
    if names in ({"key_set", "root"}, {"key_set", "root", "newest_seen"}):
        return _of_key_set(keys["key_set"], keys["root"], keys.get("newest_seen"))
    if names in ({"jwks"}, {"jwks", "trust_transport"}):
        if keys.get("trust_transport") is not True:
            raise ValueError("keys.trust_transport must be True for a plain JWKS, which nobody has signed")
        return _of_jwks(keys["jwks"])
    raise ValueError("keys must have key_set and root (and newest_seen), or jwks and trust_transport")


def _pinned(keys: Sequence[Any]) -> TrustedKeys:
    by_kid: dict[str, PublicKey] = {}
    for at, one in enumerate(keys):
        option = f"keys[{at}]"
        if not isinstance(one, Mapping):
            raise TypeError(f'{option} must be a JWK or {{"kid": …, "pem": …}}, not {type(one).__name__}')
        kid = one.get("kid")
        if not isinstance(kid, str) or KEY_ID.fullmatch(kid) is None:
            raise ValueError(f"{option}.kid is missing or not a key id")
        if kid in by_kid:
            raise ValueError(f"{option}.kid is that of another key")
        by_kid[kid] = read_public_key(one["pem"], f"{option}.pem") if "pem" in one else key_of_jwk(one, option)
    return TrustedKeys(by_kid)


def _of_key_set(text: object, root: Any, newest_seen: Any) -> TrustedKeys:
    several = isinstance(root, Sequence) and not isinstance(root, (str, bytes))
    sources: list[Any] = list(root) if several else [root]
    if not sources:
        raise ValueError("keys.root must not be empty")
    roots = [read_public_key(source, "keys.root") for source in sources]
    if any(key.is_weak for key in roots):
        raise ValueError("keys.root is a key that anyone can sign for")
    seen: Optional[int] = None if newest_seen is None else numeric_date(newest_seen)
    if newest_seen is not None and seen is None:
        raise ValueError("keys.newest_seen must be the issued_at of a key set")
    return open_key_set(text, roots, seen)


def _of_jwks(jwks: object) -> TrustedKeys:
    """Keys of another kind, and without a ``kid``, are left out. What is not a JWKS has no keys."""
    members = jwks.get("keys") if isinstance(jwks, Mapping) else None
    by_kid: dict[str, PublicKey] = {}
    for jwk in members if isinstance(members, Sequence) else ():
        kid = jwk.get("kid") if isinstance(jwk, Mapping) else None
        if not isinstance(kid, str) or KEY_ID.fullmatch(kid) is None:
            continue
        try:
            # Of two of one kid, the first.
            by_kid.setdefault(kid, key_of_jwk(jwk, "keys.jwks"))
        except ValueError:
            continue
    return TrustedKeys(by_kid)
