from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from forger import LIST_URI, NOW, STRANGER, license_token, status_list, with_status
from licensing.kept import Kept
from licensing.refreshing import refresh
from stand_in import HANGS_UP, Say, StandIn
from vendor import check, question


def named(server: StandIn) -> str:
    return license_token(status={"status_list": {"idx": 5, "uri": f"{server.url}/list"}})


def listed(server: StandIn, status: int) -> Say:
    return Say(200, with_status(status, sub=f"{server.url}/list"), {"ETag": '"1"'})


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    random.seed(7)
    yield
    random.seed()


def test_the_first_fetch_waits_for_a_random_time(server: StandIn) -> None:
    token = named(server)
    first = [refresh(token, "payroll", question(), Kept(None), now=NOW).next_at for _ in range(50)]
    waits = [at - NOW for at in first if at is not None]
    assert len(waits) == 50 and all(60 <= wait <= 900 for wait in waits)
    assert len({round(wait) for wait in waits}) > 30
    assert server.asked == []


def test_a_list_is_fetched_once_an_hour_at_most_and_decides(server: StandIn) -> None:
    token, kept = named(server), Kept(None)
    server.answers = [listed(server, 1)]
    planned = refresh(token, "payroll", question(), kept, now=NOW).next_at
    assert planned is not None
    assert check(token, kept)["code"] == "VALID"
    kept = Kept(kept.text())
    refreshed = refresh(token, "payroll", question(), kept, now=planned)
    assert refreshed.failures == ()
    assert refreshed.next_at is not None and 3_600 <= refreshed.next_at - planned <= 4_320
    assert check(token, kept)["code"] == "REVOKED"
    refresh(token, "payroll", question(), kept, now=planned + 1_800)
    assert len(server.asked) == 1


def test_an_administrator_fetches_at_once_and_again(server: StandIn) -> None:
    token, kept = named(server), Kept(None)
    server.answers = [listed(server, 2), listed(server, 0)]
    refresh(token, "payroll", question(), kept, now=NOW, at_once=True)
    assert check(token, kept)["code"] == "SUSPENDED"
    refresh(token, "payroll", question(), kept, now=NOW + 1, at_once=True)
    assert check(token, kept)["code"] == "VALID"


@pytest.mark.parametrize("answer", [HANGS_UP, Say(503), Say(200, "x"), Say(200, status_list(bytes(9), STRANGER))])
def test_a_failure_is_reported_and_keeps_the_list_that_is_there(server: StandIn, answer: object) -> None:
    token, kept = named(server), Kept(None)
    server.answers = [listed(server, 1), answer]
    refresh(token, "payroll", question(), kept, now=NOW, at_once=True)
    refreshed = refresh(token, "payroll", question(), kept, now=NOW + 1, at_once=True)
    assert len(refreshed.failures) == 1
    assert check(token, kept)["code"] == "REVOKED"


def test_a_token_that_nobody_known_has_signed_makes_nobody_ask(server: StandIn) -> None:
    forged = license_token(STRANGER, status={"status_list": {"idx": 5, "uri": f"{server.url}/list"}})
    assert refresh(forged, "payroll", question(), Kept(None), now=NOW, at_once=True).failures == ()
    assert server.asked == []


@pytest.mark.parametrize("token", ["", "x", license_token(status=...)])
def test_without_a_list_and_a_seat_nothing_is_planned(token: str) -> None:
    assert refresh(token, "payroll", question(), Kept(None), now=NOW) == (token, None, ())


def test_lists_of_former_licenses_are_removed(server: StandIn) -> None:
    token, kept = named(server), Kept(None)
    kept.lists.save({"lists": {LIST_URI: {"text": with_status(0)}}})
    server.answers = [listed(server, 0)]
    refresh(token, "payroll", question(), kept, now=NOW, at_once=True)
    assert list((kept.lists.load() or {})["lists"]) == [f"{server.url}/list"]
