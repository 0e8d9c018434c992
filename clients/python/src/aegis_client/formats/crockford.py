from __future__ import annotations

import re
from typing import Optional

#: Crockford's Base32: digits and letters without I, L, O and U.
_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {symbol: value for value, symbol in enumerate(_SYMBOLS)}
#: What people and mail programs put between groups: what JavaScript calls white space, hyphens and dashes.
_BETWEEN = re.compile("[\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\\-\u2010-\u2015\u2212]")
#: Only a-z has an upper case here: others have one that looks like a symbol, or two. O is read as 0, I and L as 1.
_MEANT = str.maketrans("abcdefghijklmnopqrstuvwxyzOIL", "ABCDEFGH1JK1MN0PQRSTUVWXYZ011")


def encode_base32(content: bytes) -> str:
    """:param content: a multiple of five bytes, so that no bit is left over"""
    number, symbols = int.from_bytes(content, "big"), []
    for _ in range(len(content) * 8 // 5):
        symbols.append(_SYMBOLS[number & 31])
        number >>= 5
    return "".join(reversed(symbols))


def meant_symbols(typed: str) -> str:
    """The symbols of a text that somebody typed: in upper case, without what is between them, each as it is meant."""
    return _BETWEEN.sub("", typed).translate(_MEANT)


def wrong_symbol_at(symbols: str) -> Optional[int]:
    """Where the first character is that is not a symbol, counted from 0."""
    return next((at for at, symbol in enumerate(symbols) if symbol not in _VALUES), None)


def decode_base32(symbols: str) -> bytes:
    """:param symbols: a multiple of eight of them, each of the alphabet"""
    number = 0
    for symbol in symbols:
        number = number << 5 | _VALUES[symbol]
    return number.to_bytes(len(symbols) * 5 // 8, "big")
