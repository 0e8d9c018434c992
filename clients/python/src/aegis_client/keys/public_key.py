from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from ..formats.base64url import decode_base64url
from ..formats.compact_jws import SignedText
from .small_order import is_small_order

#: ``EdDSA`` (RFC 8037) is what is issued; RFC 9864 gave Ed25519 a name of its own.
ACCEPTED_ALGS = ("EdDSA", "Ed25519")

#: The public half of an Ed25519 key: a JWK (RFC 8037) or SubjectPublicKeyInfo in PEM.
PublicKeySource = Union[str, bytes, Mapping[str, Any]]


class PublicKey:
    """An Ed25519 key that signatures are verified with."""

    __slots__ = ("_invalid", "_verify", "is_weak")

    def __init__(self, raw: bytes) -> None:
        """:param raw: its 32 bytes"""
        #: Anyone can sign for it, so nothing that it verifies is proven.
        self.is_weak = is_small_order(raw)
        # Takes longer than the import of all of this package, and a program may import it long before it has a key.
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        self._verify = Ed25519PublicKey.from_public_bytes(raw).verify
        self._invalid = InvalidSignature

    def proves(self, signed: SignedText) -> bool:
        """Whether a text's signature is valid (RFC 8032 section 5.1.7), its R is not of small order, which
        some libraries refuse, and ``alg`` is one of Ed25519."""
        if self.is_weak or signed.header.alg not in ACCEPTED_ALGS or is_small_order(signed.signature[:32]):
            return False
        try:
            self._verify(signed.signature, signed.signing_input)
        except self._invalid:
            return False
        return True


def read_public_key(source: object, option: str) -> PublicKey:
    """Reads the public half of an Ed25519 key.

    :param source: JWK or PEM
    :param option: what the caller gave it as, for the message
    :raises TypeError: when it is neither a text nor a mapping
    :raises ValueError: when it is not the public half of an Ed25519 key
    """
    if isinstance(source, Mapping):
        return key_of_jwk(source, option)
    if not isinstance(source, (str, bytes)):
        raise TypeError(f"{option} must be a JWK or PEM, not {type(source).__name__}")
    return _key_of_pem(source.encode("utf-8", "replace") if isinstance(source, str) else source, option)


def _key_of_pem(pem: bytes, option: str) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{option} is not a public key in PEM (-----BEGIN PUBLIC KEY-----)") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{option} is not an Ed25519 key")
    return PublicKey(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def key_of_jwk(jwk: Mapping[str, Any], option: str) -> PublicKey:
    """Reads a JWK (RFC 8037).

    :raises ValueError: when it is not the public half of an Ed25519 key for signatures
    """
    x = jwk.get("x")
    raw = decode_base64url(x) if isinstance(x, str) else None
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519" or raw is None or len(raw) != 32:
        raise ValueError(f"{option} is not an Ed25519 key (RFC 8037)")
    if "d" in jwk:
        raise ValueError(f"{option} has the private half (d) of the key: ship the public one alone")
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", "EdDSA") not in ACCEPTED_ALGS:
        raise ValueError(f"{option} is not a key for signatures with EdDSA")
    try:
        return PublicKey(raw)
    except ValueError:
        raise ValueError(f"{option} is not a point of the curve") from None
