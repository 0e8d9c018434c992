from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import BUILT
from forger import DAY, LIST_URI, NOW, OURS, SEAT_LIST_URI, STRANGER, license_token, status_list, with_status
from licensing.client.fetching import StatusListKeeper
from licensing.kept import Kept
from licensing.pinned_keys import read_pinned_keys
from licensing.question import read_question
from licensing.verification import check_license
from vendor import SEATED, check, question, seat_token

#: Issued by the predecessor, for a real module: it must stay valid after the upgrade in place.
REAL = (
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImFlZ2lzLTIwMjYtMDEiLCJ0eXAiOiJKV1QifQ.eyJqdGkiOiIwYmZiMGNlZi1hODY0LTQwMGYtODNkNC1lOGM2"
    "YmQ0MWRkYTUiLCJpc3MiOiJodHRwczovL2xpY2Vuc2UuYml6NGEuY29tIiwiaWF0IjoxNzcwMTQ1OTMwLCJjdXN0b21lciI6eyJpZCI6IkNVU1QtMDAxIiwi"
    "bmFtZSI6IkFjbWUgQ29ycG9yYXRpb24ifSwibW9kdWxlIjp7InRlY2huaWNhbF9uYW1lIjoiYml6NGFfcGF5cm9sbF9kcmMiLCJhbGxvd2VkX21ham9yX3Zl"
    "cnNpb25zIjpbIjE3IiwiMTgiXX0sImxpY2Vuc2VfdHlwZSI6InBlcnBldHVhbCJ9.XGbPm25iQaSEAx-cJ0lNDyoZRYe03khd5dCWuauR9zUL0SmlRMqPnto6"
    "iLx2DytFPclTcVh8Palu_f1OzCgMAA"
)


def with_list(text: str) -> Kept:
    kept = Kept(None)
    assert StatusListKeeper(kept.lists).accept(text, keys=[OURS.jwk], now=NOW).failure is None
    return kept


@pytest.mark.parametrize(("series", "state"), [("17.0", "valid"), ("18.0", "valid"), ("19.0", "invalid")])
def test_the_license_of_the_predecessor_is_verified_with_the_key_that_is_shipped(series: str, state: str) -> None:
    keys = read_pinned_keys(BUILT["17.0"] / "security" / "public_keys")
    asked = read_question({"database.uuid": "x", "web.base.url": "https://erp.acme.test"}.get, series, keys)
    values = check_license(REAL + "\n", "biz4a_payroll_drc", asked, Kept(None), 1_780_000_000)
    assert values == {
        "state": state,
        "last_verified_at": datetime(2026, 5, 28, 20, 26, 40),
        "last_error": None
        if state == "valid"
        else "VERSION_NOT_ALLOWED: The license does not cover this version, or the version can't be read.",
        "license_type": "perpetual",
        "issued_at": datetime(2026, 2, 3, 19, 12, 10),
        "expires_at": None,
        "is_bound": False,
        "customer_name": "Acme Corporation",
        "allowed_versions": "17, 18",
        "code": "VALID" if state == "valid" else "VERSION_NOT_ALLOWED",
        "warning": None,
        "revocation": "none",
        "clock": "unknown",
        "counts_seats": False,
        "seat_ends_at": None,
    }


@pytest.mark.parametrize("token", [None, False, "", "  \n"])
def test_without_a_license_nothing_is_known(token: object) -> None:
    values = check_license(token, "payroll", question(), Kept(None), NOW)
    assert (values["state"], values["code"], values["customer_name"]) == ("unknown", None, None)
    assert values["last_error"] == "No license has been entered for this module."


@pytest.mark.parametrize(
    ("token", "code"),
    [("x", "MALFORMED"), (license_token(STRANGER), "SIGNATURE_INVALID"), (license_token() + "=", "MALFORMED")],
)
def test_of_a_token_that_nobody_known_has_signed_no_claim_is_shown(token: str, code: str) -> None:
    values = check(token)
    assert (values["state"], values["code"]) == ("invalid", code)
    shown = ("license_type", "issued_at", "expires_at", "customer_name", "allowed_versions", "warning")
    assert [values[name] for name in shown] == [None] * len(shown)
    assert values["is_bound"] is False


def test_a_former_license_leaves_nothing_in_the_record() -> None:
    """Each check names the same fields, so that no value of the license before stays."""
    names = set(check())
    assert all(set(check(token)) == names for token in ("x", "", license_token(**SEATED), license_token(module="crm")))


@pytest.mark.parametrize(
    ("before_end", "grace_days", "state", "warning"),
    [
        (30 * DAY + 1, 0, "valid", None),
        (30 * DAY, 0, "valid", "The license ends on 2027-02-14 08:00 UTC, in 30 days: renew it."),
        (1, 0, "valid", "The license ends on 2027-01-15 08:00 UTC, in 0 days: renew it."),
        (0, 0, "invalid", None),
        (0, 10, "valid", "The license ended on 2027-01-15. It is accepted until 2027-01-25 08:00 UTC: renew it."),
        (-10 * DAY + 1, 10, "valid", "The license ended on 2027-01-05. It is accepted until 2027-01-15 08:00 UTC: renew it."),
        (-10 * DAY, 10, "invalid", None),
    ],
)  # fmt: skip
def test_the_end_is_announced_for_30_days_and_grace_is_named(
    before_end: int, grace_days: int, state: str, warning: str | None
) -> None:
    values = check(license_token(exp=NOW + before_end, grace_days=grace_days))
    assert (values["state"], values["code"]) == (state, "VALID" if state == "valid" else "EXPIRED")
    assert values["warning"] == warning


def test_ends_after_2038_and_in_the_last_year() -> None:
    assert check(license_token(exp=253_402_300_799))["expires_at"] == datetime(9999, 12, 31, 23, 59, 59)


def test_the_kept_list_decides_about_a_revocation() -> None:
    seen = []
    for kept in (with_list(with_status(0)), with_list(with_status(1)), with_list(with_status(2)), Kept(None)):
        values = check(kept=kept)
        seen.append((values["state"], values["code"], values["revocation"]))
    assert seen == [
        ("valid", "VALID", "fresh"),
        ("invalid", "REVOKED", "fresh"),
        ("invalid", "SUSPENDED", "fresh"),
        ("valid", "VALID", "none"),
    ]
    assert check(kept=with_list(with_status(0)), now=NOW + 40 * DAY)["code"] == "STATUS_LIST_STALE"


def test_a_list_of_a_former_license_refuses_nothing() -> None:
    other = "https://license.acme.test/api/v1/status-lists/9"
    kept = with_list(status_list(bytes(9), sub=other))
    assert check(kept=kept)["code"] == "VALID"
    # Nor does the list of the seat, where that of the license did not arrive.
    token = seat_token(question(), status={"status_list": {"idx": 1, "uri": SEAT_LIST_URI}})
    kept = with_list(status_list(bytes(9), sub=SEAT_LIST_URI))
    kept.offline_seat.save({"license_id": "0bfb0cef-a864-400f-83d4-e8c6bd41dda5", "nonce": None, "token": token})
    assert check(license_token(**SEATED), kept)["code"] == "VALID"
    # It ends the seat, though.
    kept.lists.clear()
    StatusListKeeper(kept.lists).accept(status_list(b"\x04", sub=SEAT_LIST_URI), keys=[OURS.jwk], now=NOW)
    assert check(license_token(**SEATED), kept)["code"] == "ACTIVATION_ENDED"


def test_a_clock_that_was_set_back_is_noticed_across_saved_states() -> None:
    kept = Kept(None)
    assert check(kept=kept)["clock"] == "unknown"
    kept = Kept(kept.text())
    values = check(kept=kept, now=NOW + DAY)
    assert (values["code"], values["clock"]) == ("VALID", "ok")
    values = check(kept=Kept(kept.text()), now=NOW)
    assert (values["state"], values["code"]) == ("invalid", "CLOCK_SET_BACK")
    assert check(kept=Kept("{"), now=NOW)["clock"] == "unknown"


@pytest.mark.parametrize("text", [None, False, "", "{", "[]", "7", "\x00", "[" * 100_000, '{"lists": 7, "seat": [1]}'])
def test_a_state_that_was_damaged_is_a_lost_one(text: object) -> None:
    assert check(license_token(**SEATED), Kept(text))["code"] == "ACTIVATION_REQUIRED"
    assert check(kept=Kept(text))["code"] == "VALID"


@pytest.mark.parametrize("entries", [7, {LIST_URI: 7}, {LIST_URI: {"text": 7}}, {LIST_URI: {}}])
def test_a_damaged_list_is_not_there(entries: Any) -> None:
    kept = Kept(None)
    kept.lists.save({"lists": entries})
    assert (check(kept=kept)["code"], check(kept=kept)["revocation"]) == ("VALID", "none")


def test_what_two_have_changed_is_brought_together_part_by_part() -> None:
    before = '{"clock": {"a": 1}, "lists": {"a": 1}, "seat": {"a": 1}, "turns": {"a": 1}}'
    ours = Kept(before)
    ours.lists.save({"a": 2})
    ours.seat.save({"a": 2})
    ours.turns.clear()
    ours.seat_lost.save({"a": 2})
    theirs = '{"clock": {"a": 3}, "lists": {"a": 1}, "turns": {"a": 1}, "seat_place": {"a": 3}}'
    assert json.loads(Kept.merged(before, ours, theirs).text()) == {
        "clock": {"a": 3},
        "lists": {"a": 2},
        # An administrator has released it meanwhile.
        "seat_place": {"a": 3},
        "seat_lost": {"a": 2},
    }
    assert Kept.merged(None, Kept(None), "{").text() == "{}"


def test_the_logic_needs_no_odoo() -> None:
    sources = [path.read_text() for path in (BUILT["17.0"] / "licensing").rglob("*.py")]
    assert len(sources) > 40
    assert not [text for text in sources if "import odoo" in text or "from odoo" in text]
    assert Path(check_license.__code__.co_filename).parts[-2] == "licensing"
