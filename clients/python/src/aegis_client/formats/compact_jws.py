from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple, Optional

from .base64url import decode_base64url
from .malformed import Malformed
from .strict_json import parse_strict_json_object

#: Headers are the same for all tokens of a key: those of usual length are read once.
_LONGEST_KEPT_HEADER = 256


class JwsKind(NamedTuple):
    """Which kind of JWS is expected: another one is refused, though a trusted key may have signed it."""

    #: In characters.
    max_length: int
    #: Media type without ``application/``, in lower case.
    typ: str
    #: Whether a header without ``typ`` passes.
    may_lack_typ: bool


class JwsHeader(NamedTuple):
    """JOSE header of what is read here (RFC 7515 section 4)."""

    alg: str
    #: Which key signed; any text until a key set knows it.
    kid: str


class SignedText(NamedTuple):
    """A compact JWS whose form is right. Nothing in it is verified yet."""

    header: JwsHeader
    payload: dict[str, Any]
    #: What was signed: header and payload as they stand in the text.
    signing_input: bytes
    signature: bytes


def parse_compact_jws(text: object, kind: JwsKind) -> SignedText:
    """Reads a JWS in compact serialization (RFC 7515 section 7.1): canonical base64url, strict JSON, the expected
    ``typ``, no ``crit``. Verifies no signature.

    :param text: as received, not trimmed; of any type
    :raises Malformed: for everything else
    """
    if not isinstance(text, str):
        raise Malformed("not a text")
    # A subclass may have methods of its own.
    written = str.__str__(text)
    if len(written) > kind.max_length:
        raise Malformed(f"longer than {kind.max_length} characters")
    parts = written.split(".")
    if len(parts) != 3:
        raise Malformed("not three parts")
    encoded_header, encoded_payload, encoded_signature = parts
    signature = decode_base64url(encoded_signature)
    if signature is None:
        raise Malformed("the signature is not canonical base64url")
    if len(encoded_header) <= _LONGEST_KEPT_HEADER:
        header = _kept_header(encoded_header, kind)
    else:
        header = _read_header(encoded_header, kind)
    payload = _decode_object(encoded_payload)
    if payload is None:
        raise Malformed("the payload is not a JSON object in canonical base64url")
    # Both parts are ASCII: their decoding has shown it.
    signing_input = f"{encoded_header}.{encoded_payload}".encode("ascii")
    return SignedText(header, payload, signing_input, signature)


def _read_header(encoded: str, kind: JwsKind) -> JwsHeader:
    members = _decode_object(encoded)
    if members is None:
        raise Malformed("the header is not a JSON object in canonical base64url")
    # It names extensions that a reader must understand (RFC 7515 section 4.1.11): there are none here.
    if "crit" in members:
        raise Malformed("the header has crit")
    kid, alg = members.get("kid"), members.get("alg")
    if not isinstance(kid, str):
        raise Malformed("the header has no kid")
    if not isinstance(alg, str):
        raise Malformed("the header has no alg")
    if not ("typ" not in members and kind.may_lack_typ):
        typ = members.get("typ")
        if not isinstance(typ, str) or _media_type(typ) != kind.typ:
            raise Malformed(f"the header has a typ other than {kind.typ}")
    return JwsHeader(alg, kid)


@lru_cache(maxsize=64)
def _kept_header(encoded: str, kind: JwsKind) -> JwsHeader:
    return _read_header(encoded, kind)


def _media_type(typ: str) -> str:
    """A media type in ``typ`` may go without ``application/`` and has no case (RFC 7515 section 4.1.9), which is that of
    ASCII: the lower case of the Kelvin sign is k too."""
    plain = typ.lower() if typ.isascii() else typ
    return plain[len("application/") :] if plain.startswith("application/") else plain


def _decode_object(encoded: str) -> Optional[dict[str, Any]]:
    content = decode_base64url(encoded)
    return None if content is None else parse_strict_json_object(content)
