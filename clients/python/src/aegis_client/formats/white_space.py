#: Unicode's property White_Space. ``str.strip()`` alone removes more: the separators U+001C to U+001F.
_WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def without_outer_white_space(text: str) -> str:
    """A text without white space at its ends, as it comes with a token that was read from a file or pasted."""
    # A subclass may have methods of its own.
    return str.strip(text, _WHITE_SPACE)
