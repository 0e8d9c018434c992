from __future__ import annotations

import re
from functools import lru_cache
from typing import Optional

#: The first number, up to as many digits as a license can name; ``saas~17.2`` is a release between 17 and 18.
_LEADING_NUMBER = re.compile(r"(?:saas[~-])?([0-9]{1,10})(?![0-9])")


@lru_cache(maxsize=64)
def major_version(version: str) -> Optional[str]:
    """The number that counts for a license: ``17``, ``17.0``, ``17.0.1.2`` and ``saas~17.2`` all mean ``17``.

    :param version: as an installation reports it
    :returns: the digits, or None when it does not begin with a number
    """
    found = _LEADING_NUMBER.match(version)
    return found[1] if found else None
