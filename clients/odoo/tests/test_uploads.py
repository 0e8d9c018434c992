from __future__ import annotations

import json
from typing import Any

import pytest
from forger import DAY, NOW, OURS, ROOT, STRANGER, key_set, license_claims, license_token, status_list, with_status
from licensing.client import parse_offline_request
from licensing.kept import Kept
from licensing.uploads import Taken, UploadRefused, offline_request, take_upload
from vendor import SEATED, check, question, seat_token

TOKEN = license_token(**SEATED)


def take(content: str | bytes, kept: Kept, token: str = TOKEN, now: float = NOW) -> Taken:
    data = content.encode() if isinstance(content, str) else content
    return take_upload(data, token, "payroll", question(), kept, now=now)


@pytest.mark.parametrize("frame", ["{}", "\ufeff{}\r\n", " \n{}\n"])
def test_a_license_is_taken_as_editors_save_it(frame: str) -> None:
    taken = take(frame.format(TOKEN), Kept(None), token="")
    assert (taken.kind, taken.license_token) == ("license", TOKEN)


def test_an_expired_license_is_taken_too_and_shown_as_such() -> None:
    """An administrator must see what was uploaded; only what is not a license of the module is refused."""
    expired = license_token(exp=NOW - DAY)
    assert take(expired, Kept(None)).license_token == expired
    assert check(expired)["code"] == "EXPIRED"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "not a text"),
        ("hello", "not a license, status list or offline file"),
        ("{}", "not an offline file: format is not aegis-offline-activation/1"),
        (license_token(STRANGER), "SIGNATURE_INVALID"),
        (license_token(module={"technical_name": "crm", "allowed_major_versions": ["17"]}), "MODULE_MISMATCH"),
        (OURS.sign("JWT", license_claims(iss="https://elsewhere.test")), "ISSUER_MISMATCH"),
        (status_list(bytes(9), STRANGER), "its signature does not match"),
        (status_list(bytes(9), sub="https://elsewhere.test/list"), "of other licenses"),
        (with_status(0, iat=NOW + DAY), "of the future"),
        (key_set(), "not a license, status list or offline file"),
        (b"a" * 2_097_153, "larger than"),
    ],
)
def test_anything_else_is_refused_and_changes_nothing(content: str | bytes, message: str) -> None:
    kept = Kept(None)
    before = kept.text()
    with pytest.raises(UploadRefused, match=message):
        take(content, kept)
    assert kept.text() == before


def test_a_status_list_decides_from_then_on_and_an_older_one_is_refused() -> None:
    kept = Kept(None)
    assert take(with_status(1) + "\n", kept) == ("status_list", "The status list has been stored.", TOKEN)
    assert check(license_token(), kept)["code"] == "REVOKED"
    with pytest.raises(UploadRefused, match="older than the one that is there"):
        take(with_status(0, iat=NOW - 120), kept)
    assert check(license_token(), kept)["code"] == "REVOKED"


def answer(kept: Kept, **different: Any) -> str:
    """The offline file of the vendor, for the request that waits."""
    nonce = (kept.offline_request.load() or {}).get("nonce")
    file = {
        "format": "aegis-offline-activation/1",
        "license_token": TOKEN,
        "activation_token": seat_token(question(), nonce=nonce),
        "key_set": key_set(ROOT),
        "status_lists": [with_status(0)],
        **different,
    }
    return json.dumps(file)


def test_an_offline_file_answers_the_request_of_this_database() -> None:
    kept = Kept(None)
    request = parse_offline_request(offline_request(TOKEN, "payroll", question(), kept, now=NOW))
    assert (request.license_id, request.requested_at) == ("0bfb0cef-a864-400f-83d4-e8c6bd41dda5", NOW)
    kept = Kept(kept.text())
    taken = take(answer(kept), kept)
    assert (taken.kind, taken.license_token) == ("offline_file", TOKEN)
    values = check(taken.license_token, Kept(kept.text()))
    assert (values["code"], values["revocation"]) == ("VALID", "fresh")
    # The list grows old, and the file is the leave to go without a newer one until it ends.
    assert [check(TOKEN, kept, now=NOW + days * DAY)["code"] for days in (29, 30)] == ["VALID", "ACTIVATION_ENDED"]
    # A copy of the database has no part in it.
    copied = check(TOKEN, kept, web__base__url="https://copy.test")
    assert copied["code"] == "ACTIVATION_MISMATCH"
    assert "this database is at copy.test" in copied["last_error"]


def test_an_offline_file_for_somebody_else_is_refused() -> None:
    kept = Kept(None)
    with pytest.raises(UploadRefused, match="waits for no offline file"):
        take(answer(kept, activation_token=seat_token(question(), nonce="0" * 16)), kept)
    offline_request(TOKEN, "payroll", question(), kept, now=NOW)
    nonce = (kept.offline_request.load() or {})["nonce"]
    wrong = [
        seat_token(question(), nonce="0" * 16),
        seat_token(question(web__base__url="https://copy.test"), nonce=nonce),
        seat_token(question(), nonce=nonce, exp=NOW),
        seat_token(question(), nonce=nonce, signer=STRANGER),
    ]
    for token in wrong:
        with pytest.raises(UploadRefused, match="answers another request"):
            take(answer(kept, activation_token=token), kept)
    with pytest.raises(UploadRefused, match="SIGNATURE_INVALID"):
        take(answer(kept, license_token=license_token(STRANGER, **SEATED)), kept)
    file = answer(kept)
    assert take(file, kept).kind == "offline_file"
    # The request is answered.
    with pytest.raises(UploadRefused, match="waits for no offline file"):
        take(file, kept)


@pytest.mark.parametrize("token", ["", "x", license_token(STRANGER, **SEATED), license_token()])
def test_only_a_license_that_counts_its_installations_has_a_request(token: str) -> None:
    kept = Kept(None)
    with pytest.raises(UploadRefused):
        offline_request(token, "payroll", question(), kept, now=NOW)
    assert kept.text() == "{}"
