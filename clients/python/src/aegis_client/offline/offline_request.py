from __future__ import annotations

import os
import re
import time
import zlib
from typing import NamedTuple, Optional

from ..fingerprints import activation_fingerprint, check_fingerprint
from ..formats.crockford import decode_base32, encode_base32, meant_symbols, wrong_symbol_at
from ..tokens.rules import is_uuid

#: Version, license id, fingerprint digest, nonce, time and checksum; numbers begin with the highest byte.
_CHECKSUM = 1 + 16 + 32 + 8 + 4
_LENGTH = _CHECKSUM + 4
_SYMBOLS = _LENGTH * 8 // 5
_VERSION = 1
#: Characters that are looked at: far more than a request has with everything that is put between.
_MAX_TYPED = 1_000
_MAX_SECOND = 0xFFFFFFFF
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NONCE = re.compile(r"[0-9a-f]{16}")


class RefusedRequest(ValueError):
    """A text that is not a request."""

    def __init__(self, reason: str, rule: str) -> None:
        """
        :param reason: ``character``: one is not in the alphabet; ``length``: characters are missing, or there are too
            many; ``checksum``: one was mistaken for another one; ``version``: a later version of this program made it
        :param rule: that it breaks, for the person who typed it, to be read after "the request"
        """
        super().__init__(f"the request {rule}")
        self.reason = reason
        self.rule = rule


class OfflineRequest(NamedTuple):
    """What an installation without a network asks for: an offline file for its seat."""

    #: A UUID in lower case.
    license_id: str
    #: ``activation_fingerprint()`` of the installation.
    fingerprint_digest: str
    #: 16 random hex digits. Keep them: by them the file that answers this request is known.
    nonce: str
    #: By the installation's clock, whole seconds since 1970.
    requested_at: int

    def __str__(self) -> str:
        """To be typed, read out or drawn as a QR code: Crockford's Base32 in groups of five.

        :raises ValueError: when a member is not what a request has
        """
        if not is_uuid(self.license_id):
            raise ValueError("license_id must be a UUID")
        if not _DIGEST.fullmatch(self.fingerprint_digest) or not _NONCE.fullmatch(self.nonce):
            raise ValueError("fingerprint_digest or nonce is not lower-case hex of its length")
        if not 0 <= self.requested_at <= _MAX_SECOND:
            raise ValueError("requested_at must be a second from 1970 to 2106")
        content = (
            bytes([_VERSION]) + bytes.fromhex(self.license_id.replace("-", "")) + bytes.fromhex(self.fingerprint_digest)
        )
        content += bytes.fromhex(self.nonce) + self.requested_at.to_bytes(4, "big")
        symbols = encode_base32(content + zlib.crc32(content).to_bytes(4, "big"))
        return "-".join(symbols[at : at + 5] for at in range(0, len(symbols), 5))


def new_offline_request(license_id: str, fingerprint: str, now: Optional[float] = None) -> OfflineRequest:
    """Makes the request of an installation, with a random nonce. ``str(request)`` is what to show.

    :param license_id: ``license_id`` of the verdict
    :param fingerprint: the installation's own identity, as it would activate with
    :param now: seconds since 1970; None: the local clock
    :raises TypeError, ValueError: when the fingerprint is not one, or the id is not a UUID
    """
    check_fingerprint(fingerprint, "fingerprint")
    if not is_uuid(license_id):
        raise ValueError("license_id must be a UUID")
    digest = activation_fingerprint(license_id, fingerprint)
    requested_at = int(time.time() if now is None else now)
    return OfflineRequest(license_id.lower(), digest, os.urandom(8).hex(), requested_at)


def parse_offline_request(typed: str) -> OfflineRequest:
    """Reads a request as somebody typed it: in either case, with white space and hyphens anywhere, O for 0, I and L for
    1. Any one mistaken character is found.

    :raises RefusedRequest: when it is not one
    """
    if len(typed) > _MAX_TYPED:
        raise _wrong_length("far more")
    symbols = meant_symbols(typed)
    wrong = wrong_symbol_at(symbols)
    if wrong is not None:
        raise RefusedRequest(
            "character",
            f"has a wrong character at position {wrong + 1}, hyphens and spaces not counted: "
            "only digits and the letters A to Z without U can be in it",
        )
    if len(symbols) != _SYMBOLS:
        raise _wrong_length(str(len(symbols)))
    content = decode_base32(symbols)
    if int.from_bytes(content[_CHECKSUM:], "big") != zlib.crc32(content[:_CHECKSUM]):
        raise RefusedRequest(
            "checksum", "has a wrong character, or two that are exchanged: compare it with the original"
        )
    if content[0] != _VERSION:
        raise RefusedRequest("version", "was made by a later version of the client, which is not known here")
    return OfflineRequest(
        license_id=_uuid_of(content[1:17]),
        fingerprint_digest=content[17:49].hex(),
        nonce=content[49:57].hex(),
        requested_at=int.from_bytes(content[57:61], "big"),
    )


def _uuid_of(content: bytes) -> str:
    digits = content.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _wrong_length(found: str) -> RefusedRequest:
    return RefusedRequest("length", f"must have {_SYMBOLS} characters, hyphens and spaces not counted; it has {found}")
