from __future__ import annotations

import binascii
from typing import Optional

_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")


def decode_base64url(encoded: str) -> Optional[bytes]:
    """Decodes base64url without padding (RFC 4648 section 5).

    Python's decoders skip what they do not know and ignore spare bits, so the result is encoded again and compared.

    :returns: None for every spelling that decoders accept, except the one that encoders write
    """
    try:
        written = encoded.encode("ascii")
        standard = written.translate(_TO_STANDARD) + b"=" * (-len(written) % 4)
        decoded = binascii.a2b_base64(standard)
    except (UnicodeEncodeError, binascii.Error):
        return None
    is_canonical = binascii.b2a_base64(decoded, newline=False) == standard
    return decoded if is_canonical and b"=" not in written and b"+" not in written and b"/" not in written else None


def encode_base64url(content: bytes) -> str:
    """Encodes as base64url without padding (RFC 4648 section 5)."""
    return binascii.b2a_base64(content, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")
