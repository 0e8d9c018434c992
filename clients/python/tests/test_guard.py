from __future__ import annotations

from typing import Any

import pytest
from conftest import Ask
from forger import DAY, MACHINE, NOW, STRANGER, activation_token, license_token, with_status

from aegis_client import MemoryStorage

IAT = NOW - 100 * DAY


def reading(ask: Ask, state: Any, token: Any = None, **more: Any) -> tuple[str, str, Any]:
    storage = MemoryStorage(state)
    verdict = ask(token, guard=storage, **more)
    return verdict.code, verdict.clock, storage.state


def at(trusted_at: float, seen_at: float) -> dict[str, float]:
    return {"trusted_at": trusted_at, "seen_at": seen_at}


def test_a_clock_that_moves_forward_is_known(ask: Ask) -> None:
    assert reading(ask, at(5, NOW - 1)) == ("VALID", "ok", at(IAT, NOW))
    assert reading(ask, at(NOW, NOW)) == ("VALID", "ok", at(NOW, NOW))


def test_a_clock_may_be_300_seconds_behind(ask: Ask) -> None:
    assert reading(ask, at(NOW + 300, NOW + 300)) == ("VALID", "ok", at(NOW + 300, NOW + 300))
    assert reading(ask, at(NOW + 301, NOW)) == ("CLOCK_SET_BACK", "unknown", at(NOW + 301, NOW))
    assert reading(ask, at(0, NOW + 301)) == ("CLOCK_SET_BACK", "unknown", at(IAT, NOW + 301))


@pytest.mark.parametrize(
    "state", [None, {}, {"trusted_at": 1}, at(-1, 1), at(1, True), at("1", 1), at(float("nan"), 1), at(1, 253402300800)]
)
def test_a_lost_state_begins_again(ask: Ask, state: Any) -> None:
    assert reading(ask, state) == ("VALID", "unknown", at(IAT, NOW))


def test_what_is_proven_raises_the_trusted_time(ask: Ask) -> None:
    assert reading(ask, None, license_token(iat=NOW + 301)) == ("CLOCK_SET_BACK", "unknown", at(NOW + 301, NOW))
    assert reading(ask, at(0, 0), status_list=with_status(0, iat=NOW + 301))[0] == "CLOCK_SET_BACK"
    assert reading(ask, at(0, 0), status_list=with_status(0, iat=NOW + 301, signer=STRANGER))[2] == at(IAT, NOW)
    shown = {"token": activation_token(iat=NOW - 5), "fingerprint": MACHINE}
    assert reading(ask, at(0, 0), activation=shown)[2] == at(NOW - 5, NOW)
    assert reading(ask, at(0, 0), activation={**shown, "fingerprint": "other"})[2] == at(IAT, NOW)


def test_a_list_of_now_ends_what_one_day_in_2099_did(ask: Ask) -> None:
    future = NOW + 70 * 365 * DAY
    assert reading(ask, at(0, future), status_list=with_status(0, iat=NOW - 3600)) == (
        "VALID",
        "ok",
        at(NOW - 3600, NOW),
    )
    assert reading(ask, at(0, future), status_list=with_status(0, iat=NOW - 3601))[0] == "CLOCK_SET_BACK"
    assert reading(ask, at(NOW + 301, future), status_list=with_status(0))[0] == "CLOCK_SET_BACK"


def test_a_fraction_of_a_second_does_not_count(ask: Ask) -> None:
    assert reading(ask, at(0, 0), now=NOW + 0.75) == ("VALID", "ok", at(IAT, NOW))
    assert reading(ask, at(0, NOW + 301), status_list=with_status(0, iat=NOW - 3600), now=NOW + 0.75)[0] == "VALID"


def test_what_is_not_proven_changes_nothing(ask: Ask) -> None:
    assert reading(ask, at(0, NOW + 301), license_token(STRANGER)) == ("SIGNATURE_INVALID", "unknown", at(0, NOW + 301))
    assert reading(ask, at(0, 0), module="crm") == ("MODULE_MISMATCH", "ok", at(IAT, NOW))
    assert reading(ask, at(0, NOW + 301), module="crm") == ("MODULE_MISMATCH", "unknown", at(IAT, NOW + 301))


def test_a_storage_that_fails_changes_no_verdict(ask: Ask) -> None:
    class Broken:
        def load(self) -> None:
            raise OSError("no such device")

        def save(self, state: Any) -> None:
            raise OSError("no space left")

    verdict = ask(guard=Broken())
    assert (verdict.code, verdict.clock) == ("VALID", "unknown")
