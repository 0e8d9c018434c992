from __future__ import annotations

import json
import time
from typing import Any

import pytest
from forger import ACTIVATION_ID, DAY, LICENSE_ID, NOW, STRANGER, license_token
from licensing.kept import Kept
from licensing.question import Question
from licensing.refreshing import refresh
from licensing.seats import activate, beat, release
from stand_in import HANGS_UP, Say, StandIn, problem
from vendor import SEATED, UUID, check, question, seat_token

#: The seat's times are the machine's own, as of ``SeatHolder``.
TODAY = {"iat": int(time.time()) - DAY, "exp": int(time.time()) + 90 * DAY, "status": ...}
TOKEN = license_token(**TODAY, **SEATED)


def at(server: StandIn, **parameters: Any) -> Question:
    return question(aegis__server=server.url, **parameters)


def admitted(asked: Question, **different: Any) -> Say:
    now = int(time.time())
    answer = {
        "id": ACTIVATION_ID, "mode": "fixed", "over": False, "fence": 7, "heartbeat_after": 100,
        "last_seen_at": "2027-01-15T08:00:00.000Z", "lease_ends_at": None,
        "token": seat_token(asked, iat=now - 60, exp=now + 30 * DAY), "license_token": None,
    }  # fmt: skip
    return Say(201, {**answer, **different})


def test_an_administrator_activates_and_the_license_is_valid_with_the_seat(server: StandIn) -> None:
    asked, kept = at(server), Kept(None)
    assert check(TOKEN, kept, now=time.time())["code"] == "ACTIVATION_REQUIRED"
    server.answers = [admitted(asked)]
    outcome = activate(TOKEN, "payroll", asked, kept)
    assert outcome == (True, "This database holds a seat of the license.", TOKEN)
    assert server.asked[0].path == "/api/v1/activations"
    assert server.asked[0].body == {
        "token": TOKEN, "module_name": "payroll", "odoo_version": "17", "instance_db_uuid": UUID,
        "instance_domain": "ERP.acme.test:8069", "name": "ERP.acme.test:8069",
        "fingerprint": asked.installation.fingerprint,
    }  # fmt: skip
    kept = Kept(kept.text())
    values = check(TOKEN, kept, now=time.time())
    assert (values["code"], values["counts_seats"], values["warning"]) == ("VALID", True, None)
    assert values["seat_ends_at"] is not None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (problem(409, "seats_exhausted"), "All seats of the license are in use."),
        (problem(409, "moves_exhausted"), "Too many different databases"),
        (problem(403, "license_not_valid"), "The server refuses the license."),
        (problem(409, "seats_not_counted"), "The license does not count its installations."),
        (Say(200, {"id": 1}), "The server could not be reached."),
        (HANGS_UP, "The server could not be reached."),
    ],
)
def test_a_refusal_is_a_sentence_and_changes_nothing(server: StandIn, answer: Any, message: str) -> None:
    server.answers = [answer]
    outcome = activate(TOKEN, "payroll", at(server), Kept(None))
    assert (outcome.is_done, outcome.license_token) == (False, TOKEN)
    assert outcome.message.startswith(message)


@pytest.mark.parametrize(
    ("token", "parameters", "message"),
    [
        ("x", {}, "There is no license to activate."),
        (TOKEN, {"database__uuid": None}, "The system parameters database.uuid and web.base.url must be there"),
        (TOKEN, {"aegis__server": "ftp://x"}, "The system parameter aegis.server must have the https address"),
    ],
)
def test_what_is_missing_is_named_before_anybody_is_asked(
    server: StandIn, token: str, parameters: dict[str, Any], message: str
) -> None:
    asked = question(**{"aegis__server": server.url, **parameters})
    assert activate(token, "payroll", asked, Kept(None)).message.startswith(message)
    assert server.asked == []


def test_a_license_without_seats_asks_nobody(server: StandIn) -> None:
    outcome = activate(license_token(status=...), "payroll", at(server), Kept(None))
    assert (outcome.is_done, server.asked) == (False, [])


def seated(server: StandIn, **parameters: Any) -> Kept:
    asked, kept = at(server, **parameters), Kept(None)
    server.answers = [admitted(asked)]
    assert activate(TOKEN, "payroll", asked, kept).is_done
    return Kept(kept.text())


def test_a_copy_with_a_uuid_of_its_own_says_so_and_takes_nothing(server: StandIn) -> None:
    kept, copy = seated(server), {"database__uuid": "0c4e7bd0-0000-11ee-b9d1-0242ac120002"}
    values = check(TOKEN, kept, now=time.time(), **copy)
    assert (values["code"], values["state"]) == ("ACTIVATION_MISMATCH", "invalid")
    assert "This database is a copy of the one at ERP.acme.test:8069 that holds the seat" in values["last_error"]
    # Its scheduled action does not renew the seat of the original, however late it is.
    assert not beat(TOKEN, "payroll", at(server, **copy), kept, time.time() + DAY).is_done
    assert len(server.asked) == 1


def test_a_copy_made_by_hand_is_told_apart_by_its_address(server: StandIn) -> None:
    kept, copy = seated(server), {"web__base__url": "https://test.acme.test"}
    values = check(TOKEN, kept, now=time.time(), **copy)
    assert values["code"] == "ACTIVATION_MISMATCH"
    assert "The seat was taken at ERP.acme.test:8069, and this database is at test.acme.test." in values["last_error"]
    assert not beat(TOKEN, "payroll", at(server, **copy), kept, time.time() + DAY).is_done
    # Where the license asks for no seat, it is a warning.
    optional = license_token(**TODAY, seats={"mode": "fixed", "required": False})
    values = check(optional, kept, now=time.time(), **copy)
    assert (values["state"], "test.acme.test" in values["warning"]) == ("valid", True)
    # It gets one of its own, and then says nothing more.
    asked = at(server, **copy)
    server.answers = [admitted(asked)]
    assert activate(TOKEN, "payroll", asked, kept).is_done
    assert server.asked[-1].body["fingerprint"] == asked.installation.fingerprint
    assert check(TOKEN, kept, now=time.time(), **copy)["code"] == "VALID"


def test_a_seat_of_the_server_replaces_the_one_of_an_offline_file(server: StandIn) -> None:
    asked, kept = at(server), Kept(None)
    ended = seat_token(asked, nonce="0" * 16, iat=NOW - 90 * DAY, exp=NOW - 80 * DAY)
    kept.offline_seat.save({"license_id": LICENSE_ID, "nonce": "0" * 16, "token": ended})
    assert check(TOKEN, kept, now=time.time())["code"] == "ACTIVATION_ENDED"
    server.answers = [admitted(asked)]
    assert activate(TOKEN, "payroll", asked, kept).is_done
    assert check(TOKEN, kept, now=time.time())["code"] == "VALID"


def test_a_database_that_was_moved_releases_its_former_seat(server: StandIn) -> None:
    kept, former = seated(server), question().installation.fingerprint
    moved = at(server, web__base__url="https://new.acme.test")
    server.answers = [Say(204)]
    assert release(TOKEN, "payroll", moved, kept).is_done
    assert server.asked[-1].path == f"/api/v1/activations/{ACTIVATION_ID}/release"
    assert server.asked[-1].body == {"token": TOKEN, "fingerprint": former}
    assert check(TOKEN, kept, now=time.time())["code"] == "ACTIVATION_REQUIRED"
    assert not release(TOKEN, "payroll", moved, kept).is_done


def test_a_seat_that_could_not_be_released_stays(server: StandIn) -> None:
    kept = seated(server)
    server.answers = [HANGS_UP]
    outcome = release(TOKEN, "payroll", at(server), kept)
    assert (outcome.is_done, outcome.message) == (False, "The server could not be reached. Try again later.")
    assert check(TOKEN, kept, now=time.time())["code"] == "VALID"


def test_heartbeats_are_sent_when_they_are_due_and_bring_a_renewal(server: StandIn) -> None:
    kept, asked = seated(server), at(server)
    assert not beat(TOKEN, "payroll", asked, kept, time.time()).is_done
    newer = license_token(iat=int(time.time()), exp=int(time.time()) + 900 * DAY, status=..., **SEATED)
    server.answers = [admitted(asked, license_token=newer)]
    late = time.time() + 200
    refreshed = refresh(TOKEN, "payroll", asked, kept, now=late)
    assert server.asked[-1].path == f"/api/v1/activations/{ACTIVATION_ID}/heartbeat"
    assert refreshed.license_token == newer
    # A third of the lease, give or take a tenth.
    assert refreshed.next_at is not None and 90 <= refreshed.next_at - late <= 110
    asked_before = len(server.asked)
    refresh(newer, "payroll", asked, kept, now=late + 10)
    assert len(server.asked) == asked_before


def test_one_false_answer_does_not_replace_the_stored_license(server: StandIn) -> None:
    kept, asked = seated(server), at(server)
    forged = license_token(STRANGER, iat=int(time.time()), exp=int(time.time()) + 900 * DAY, status=..., **SEATED)
    server.answers = [admitted(asked, license_token=forged)]
    assert refresh(TOKEN, "payroll", asked, kept, now=time.time() + 200).license_token == TOKEN


def test_a_clock_that_was_set_back_does_not_stop_heartbeats(server: StandIn) -> None:
    kept, asked = seated(server), at(server)
    kept.turns.save({"beat_at": time.time() + 900 * DAY})
    server.answers = [admitted(asked)]
    assert beat(TOKEN, "payroll", asked, kept, time.time()).is_done


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (problem(409, "activation_ended", ended_by="taken_over"), "taken_over"),
        (problem(409, "activation_ended", ended_by="ended"), "ended"),
        (problem(404, "activation_not_found"), "activation_not_found"),
    ],
)
def test_a_seat_that_was_lost_is_named_and_not_taken_again(server: StandIn, answer: Say, reason: str) -> None:
    kept, asked = seated(server), at(server)
    server.answers = [answer]
    beat(TOKEN, "payroll", asked, kept, time.time() + 200)
    values = check(TOKEN, Kept(kept.text()), now=time.time())
    assert values["code"] == "ACTIVATION_REQUIRED"
    assert f"The seat was lost ({reason}). Activate this database again." in values["last_error"]
    beat(TOKEN, "payroll", asked, kept, time.time() + 10 * DAY)
    assert [one.path.rsplit("/", 1)[-1] for one in server.asked] == ["activations", "heartbeat"]


def test_an_absent_server_takes_no_seat_away(server: StandIn) -> None:
    kept, asked = seated(server), at(server)
    server.answers = [HANGS_UP]
    refreshed = refresh(TOKEN, "payroll", asked, kept, now=time.time() + 200)
    assert refreshed.next_at is not None
    assert check(TOKEN, kept, now=time.time())["code"] == "VALID"


def test_a_lease_that_ended_while_the_server_was_absent_is_asked_for_again(server: StandIn) -> None:
    kept, asked = seated(server), at(server)
    state = dict(kept.seat.load() or {})
    kept.seat.save({**state, "seat": {**state["seat"], "counts_for": 600.0, "renewed_at": time.time() - 1_000}})
    server.answers = [HANGS_UP]
    beat(TOKEN, "payroll", asked, kept, time.time() + 200)
    # Nobody has to do anything.
    assert kept.seat_lost.load() is None
    server.answers = [problem(409, "activation_ended", ended_by="lease"), admitted(asked)]
    beat(TOKEN, "payroll", asked, kept, time.time() + DAY)
    assert [one.path.rsplit("/", 1)[-1] for one in server.asked][-2:] == ["heartbeat", "activations"]
    assert check(TOKEN, kept, now=time.time())["code"] == "VALID"


def test_another_license_has_no_part_in_the_seat(server: StandIn) -> None:
    kept = seated(server)
    other = license_token(jti="11111111-a864-400f-83d4-e8c6bd41dda5", status=..., **SEATED)
    values = check(other, kept, now=NOW)
    assert (values["code"], "seat was" in values["last_error"]) == ("ACTIVATION_REQUIRED", False)
    assert not beat(other, "payroll", at(server), kept, time.time() + DAY).is_done


def test_no_thread_and_no_secret_stays(server: StandIn) -> None:
    import threading

    kept = seated(server)
    assert not [one for one in threading.enumerate() if one.name == "aegis-heartbeats"]
    assert set(json.loads(kept.text())) == {"seat", "seat_place", "turns"}
