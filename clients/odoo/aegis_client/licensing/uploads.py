from __future__ import annotations

import time
from typing import NamedTuple, Optional

from .claims import license_claims
from .client import StatusListRefused, Verdict, new_offline_request, open_status_list, parse_offline_file
from .client.fetching import StatusListKeeper
from .kept import Kept
from .question import Question
from .seats import named_lists, remember_place

_MAX_BYTES = 2_097_152
#: With these codes a file is not a license of this module, whatever else may be wrong with it.
_NOT_OURS = ("MALFORMED", "UNKNOWN_KEY", "SIGNATURE_INVALID", "KEY_COMPROMISED", "ISSUER_MISMATCH", "MODULE_MISMATCH")


class UploadRefused(ValueError):
    """A file that changes nothing, and why: a sentence for the administrator."""


class Taken(NamedTuple):
    """What a file was, and what the record keeps of it."""

    #: ``license``, ``status_list`` or ``offline_file``.
    kind: str
    #: A sentence for the administrator.
    message: str
    #: The license token from now on.
    license_token: str


def take_upload(
    content: bytes, token: str, module: str, question: Question, kept: Kept, *, now: Optional[float] = None
) -> Taken:
    """Takes a file that was brought to a site without a network: a license, a status list or an offline file. The file
    itself proves nothing: each signed text in it is verified.

    :param content: of the file
    :param token: the license token of the record, empty where it has none
    :param now: seconds since 1970; None: the local clock
    :raises UploadRefused: when it is none of them, or of another license, module or database; nothing has changed
    """
    moment = time.time() if now is None else now
    if len(content) > _MAX_BYTES:
        raise UploadRefused(f"The file is larger than {_MAX_BYTES} bytes.")
    try:
        # Editors put a byte order mark at the beginning, and a line break at the end.
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise UploadRefused("The file is not a text.") from None
    if text.startswith("{"):
        return _take_offline_file(text, module, question, kept, moment)
    if license_claims(text) is not None:
        _refuse_foreign(question.judge(text, module, moment))
        return Taken("license", "The license has been stored.", text)
    return _take_list(text, token, question, kept, moment)


def offline_request(token: str, module: str, question: Question, kept: Kept, *, now: Optional[float] = None) -> str:
    """Makes the request of a database without a network: about 104 characters, to be typed or scanned at the vendor's.
    Its nonce is kept: the file that answers it is known by that.

    :raises UploadRefused: when there is no license that counts its installations
    """
    moment = time.time() if now is None else now
    verdict, claims = question.judge(token, module, moment), license_claims(token)
    _refuse_foreign(verdict)
    fingerprint = question.installation.fingerprint
    if claims is None or claims.seats is None or fingerprint is None:
        raise UploadRefused("The license does not count its installations, or this database has no UUID or address.")
    request = new_offline_request(claims.license_id, fingerprint, moment)
    kept.offline_request.save({"license_id": request.license_id, "nonce": request.nonce})
    return str(request)


def _take_offline_file(text: str, module: str, question: Question, kept: Kept, now: float) -> Taken:
    try:
        file = parse_offline_file(text)
    except ValueError as error:
        raise UploadRefused(f"The file is not an offline file: {error}.") from None
    request = kept.offline_request.load() or {}
    nonce, fingerprint = request.get("nonce"), question.installation.fingerprint
    if not isinstance(nonce, str) or fingerprint is None:
        raise UploadRefused("This database waits for no offline file. Make a request first.")
    activation = {"token": file.activation_token, "fingerprint": fingerprint, "nonce": nonce}
    verdict = question.judge(file.license_token, module, now, activation=activation)
    _refuse_foreign(verdict)
    if verdict.activation is None:
        # Shown while it counts, also where the license is not valid for another reason.
        raise UploadRefused("The file answers another request, or is of another database, or has ended.")
    keeper = StatusListKeeper(kept.lists)
    for one in file.status_lists:
        # One that is older than what is there, or not trusted, is not needed: the file is the leave to go without.
        keeper.accept(one, keys=question.keys, now=now)
    license_id = (verdict.license_id or "").lower()
    kept.offline_seat.save({"license_id": license_id, "nonce": nonce, "token": file.activation_token})
    kept.offline_request.clear()
    remember_place(file.license_token, question.installation, kept)
    return Taken("offline_file", "The offline file has been stored.", file.license_token)


def _take_list(text: str, token: str, question: Question, kept: Kept, now: float) -> Taken:
    claims = license_claims(token)
    try:
        opened = open_status_list(text, question.keys, now)
    except StatusListRefused:
        raise UploadRefused("The file is not a license, status list or offline file, or its signature does not match.")
    if claims is None or opened.uri not in named_lists(claims, kept):
        raise UploadRefused("The status list is of other licenses.")
    result = StatusListKeeper(kept.lists).accept(text, keys=question.keys, now=now)
    if result.failure is not None:
        raise UploadRefused(f"The status list was not taken: {result.failure}.")
    return Taken("status_list", "The status list has been stored.", token)


def _refuse_foreign(verdict: Verdict) -> None:
    if verdict.code in _NOT_OURS:
        raise UploadRefused(f"{verdict.code}: {verdict.error}")
