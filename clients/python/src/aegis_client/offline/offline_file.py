from __future__ import annotations

from typing import NamedTuple, Optional

from ..formats.malformed import Malformed
from ..formats.strict_json import parse_strict_json_object

OFFLINE_FILE_FORMAT = "aegis-offline-activation/1"
#: Characters: hundreds of keys, and some status lists.
_MAX_LENGTH = 2_097_152
_MAX_LISTS = 16


class OfflineFile(NamedTuple):
    """What an administrator brings to an installation without a network. The file itself is not signed: each text in it
    is, and is read as if it had been fetched."""

    license_token: str
    activation_token: str
    #: The text of ``jwks.jwt``; None: the vendor has no root key, and clients have the keys built in.
    key_set: Optional[str]
    #: Of the license, and of the activation.
    status_lists: tuple[str, ...]


def parse_offline_file(text: object) -> OfflineFile:
    """Reads an offline file: only its form, no text in it. Members that are not known are ignored.

    :param text: as received; white space around it is ignored
    :raises ValueError: when it is not one, and says why
    """
    if not isinstance(text, str) or len(text) > _MAX_LENGTH:
        raise Malformed(f"not a text of at most {_MAX_LENGTH} characters")
    content = parse_strict_json_object(text.encode("utf-8", "surrogatepass"))
    if content is None:
        raise Malformed("not a JSON object")
    if content.get("format") != OFFLINE_FILE_FORMAT:
        raise Malformed(f"format is not {OFFLINE_FILE_FORMAT}")
    license_token, activation_token = content.get("license_token"), content.get("activation_token")
    if not isinstance(license_token, str) or not isinstance(activation_token, str):
        raise Malformed("license_token or activation_token is not a text")
    key_set = content.get("key_set", False)
    if key_set is not None and not isinstance(key_set, str):
        raise Malformed("key_set is neither a text nor null")
    lists = content.get("status_lists")
    if not isinstance(lists, list) or len(lists) > _MAX_LISTS or not all(isinstance(one, str) for one in lists):
        raise Malformed(f"status_lists is not a list of at most {_MAX_LISTS} texts")
    return OfflineFile(license_token, activation_token, key_set, tuple(lists))
