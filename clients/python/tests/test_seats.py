from __future__ import annotations

import os
import time
from typing import Any, Callable

import pytest
from forger import ACTIVATION_ID, LICENSE_ID, MACHINE, NOW, OURS, STRANGER, activation_token, license_token
from stand_in import HANGS_UP, Say, StandIn, problem

from aegis_client import MemoryStorage, ShownActivation
from aegis_client.api import AegisApi, Problem, Unreachable
from aegis_client.seats import Lost, SeatHolder
from aegis_client.seats.steady_clock import steady_seconds

FLOATING = {"seats": {"mode": "floating", "required": True}}
TOKEN = license_token(**FLOATING)
SHOWN = activation_token(iat=NOW - 60, exp=NOW + 600)


def activation(**different: Any) -> dict[str, Any]:
    return {
        "id": ACTIVATION_ID, "license_id": LICENSE_ID, "mode": "floating", "over": False, "fence": 7,
        "last_seen_at": "2027-01-15T08:00:00.500Z", "lease_ends_at": "2027-01-15T08:10:00.500Z", "heartbeat_after": 200,
        "token": SHOWN, "license_token": None, **different,
    }  # fmt: skip


class Machine:
    """A machine whose steady clock is moved by hand, and whose heartbeats are sent by hand."""

    def __init__(self, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = server
        self.steady = 1000.0
        self.storage = MemoryStorage()
        self.lost: list[Lost] = []
        self.licenses: list[str] = []
        monkeypatch.setattr("aegis_client.seats.holder.steady_seconds", lambda: self.steady)
        monkeypatch.setattr("aegis_client.seats.holder.Heartbeats.start", lambda *_: None)
        monkeypatch.setattr("aegis_client.seats.holder.jittered", lambda seconds: seconds)

    def holder(self, token: str = TOKEN, **different: Any) -> SeatHolder:
        options: dict[str, Any] = {
            "token": token, "keys": [OURS.jwk], "module": "payroll", "version": "17.0", "fingerprint": MACHINE,
            "storage": self.storage, "instance": {"db_uuid": "a", "domain": "b"}, "name": "reception",
            "on_lost": self.lost.append, "on_license": self.licenses.append, **different,
        }  # fmt: skip
        return SeatHolder(AegisApi(self.server.url, retries=0, timeout=5), **options)

    def active(self, **different: Any) -> SeatHolder:
        self.server.answers = [Say(201, activation())]
        holder = self.holder(**different)
        holder.activate()
        return holder


@pytest.fixture
def machine(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(server, monkeypatch)


def test_it_asks_for_a_seat_and_shows_it(machine: Machine) -> None:
    holder = machine.active()
    asked = machine.server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/api/v1/activations")
    assert asked.body == {
        "token": TOKEN, "module_name": "payroll", "odoo_version": "17.0", "instance_db_uuid": "a", "instance_domain": "b",
        "fingerprint": MACHINE, "name": "reception",
    }  # fmt: skip
    assert holder.activation == ShownActivation(SHOWN, MACHINE)
    assert (holder.fence, holder.is_needed) == (7, True)


def test_a_license_without_seats_needs_nothing(machine: Machine) -> None:
    holder = machine.holder(license_token())
    assert (holder.is_needed, holder.activate(), holder.activation) == (False, None, None)
    holder.release()
    assert machine.server.asked == []
    machine.server.answers = [problem(409, "seats_not_counted")]
    assert machine.holder().activate() is None


def test_a_heartbeat_renews_and_brings_the_newest_tokens(machine: Machine) -> None:
    holder = machine.active()
    newer, shown = license_token(iat=NOW, **FLOATING), activation_token(fence=8)
    machine.server.answers = [Say(200, activation(token=shown, license_token=newer)), Say(200, activation(token=None))]
    assert holder.beat() == 200
    asked = machine.server.asked[1]
    assert (asked.path, asked.body) == (
        f"/api/v1/activations/{ACTIVATION_ID}/heartbeat",
        {"token": TOKEN, "fingerprint": MACHINE},
    )
    assert (holder.license_token, machine.licenses) == (newer, [newer])
    holder.beat()
    assert machine.server.asked[2].body["token"] == newer
    assert holder.activation == ShownActivation(shown, MACHINE)


@pytest.mark.parametrize(
    "failure", [HANGS_UP, problem(503, "service_unavailable"), problem(429, "rate_limited"), Say(500)]
)
def test_without_a_server_the_seat_counts_until_its_lease_ends(machine: Machine, failure: Any) -> None:
    holder = machine.active()
    machine.server.answers = [failure]
    waits = []
    while not machine.lost:
        waits.append(holder.beat())
        machine.steady += waits[-1]
        assert len(waits) < 200
    assert waits[:3] == [150.0, 112.5, 84.375]
    assert machine.steady - waits[-1] == 1600.0
    assert machine.lost == [Lost("unreachable")]
    assert holder.activation is not None
    holder.beat()
    assert len(machine.lost) == 1
    machine.server.answers = [Say(200, activation())]
    holder.beat()
    machine.server.answers = [failure]
    machine.steady += 600
    holder.beat()
    assert machine.lost == [Lost("unreachable")] * 2


def test_retry_after_is_waited_for(machine: Machine) -> None:
    holder = machine.active()
    machine.server.answers = [problem(429, "rate_limited", {"Retry-After": "400"})]
    assert holder.beat() == 400


def test_changes_of_the_local_clock_change_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = machine.active()
    machine.server.answers = [HANGS_UP]
    for moment in (0.0, 4e9):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        holder.beat()
    assert machine.lost == []


def test_after_a_lease_that_has_ended_it_activates_again_by_itself(machine: Machine) -> None:
    holder = machine.active()
    machine.steady += 100_000
    ended = problem(409, "activation_ended", ended_by="lease")
    machine.server.answers = [ended, Say(201, activation(id="5f0c9a3e-8a7b-41ee-b9d1-0242ac120003", fence=9))]
    assert holder.beat() == 200
    assert "take_over" not in machine.server.asked[2].body
    assert (holder.fence, machine.lost) == (9, [])


def test_where_the_seat_is_taken_it_says_so_and_tries_on(machine: Machine) -> None:
    holder = machine.active()
    ended = problem(409, "activation_ended", ended_by="lease")
    full = problem(409, "seats_exhausted", next_free_at=None)
    machine.server.answers = [ended, full, ended, Say(201, activation(fence=9))]
    holder.beat()
    assert [(lost.reason, lost.ended_by) for lost in machine.lost] == [("seats_exhausted", "lease")]
    holder.beat()
    assert holder.fence == 9


@pytest.mark.parametrize(("code", "members"), [
    ("activation_ended", {"ended_by": "ended"}), ("activation_ended", {"ended_by": "taken_over"}),
    ("activation_ended", {"ended_by": "released"}), ("activation_not_found", {}),
])  # fmt: skip
def test_after_all_else_a_person_decides(machine: Machine, code: str, members: Any) -> None:
    holder = machine.active()
    machine.server.answers = [problem(404 if code.endswith("found") else 409, code, **members)]
    holder.beat()
    holder.beat()
    assert [(lost.reason, lost.ended_by) for lost in machine.lost] == [(code, members.get("ended_by"))]
    assert (len(machine.server.asked), holder.activation) == (2, None)
    assert machine.holder().activation is None


def test_a_license_that_is_not_valid_may_become_so(machine: Machine) -> None:
    holder = machine.active()
    machine.server.answers = [problem(403, "license_not_valid", verdict={"code": "SUSPENDED"}), Say(200, activation())]
    assert holder.beat() == 200
    assert machine.lost[0].members is not None and machine.lost[0].members["verdict"] == {"code": "SUSPENDED"}
    assert holder.beat() == 200
    assert holder.activation is not None


def test_a_restart_without_a_server_keeps_the_seat(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = license_token(iat=NOW, **FLOATING)
    monkeypatch.setattr(time, "time", lambda: NOW)
    machine.server.answers = [Say(201, activation(license_token=newer))]
    machine.holder().activate()
    machine.server.answers = [HANGS_UP]
    machine.steady = 5.0
    monkeypatch.setattr(time, "time", lambda: NOW + 599)
    again = machine.holder()
    assert again.activate() == ShownActivation(SHOWN, MACHINE)
    assert again.license_token == newer
    monkeypatch.setattr(time, "time", lambda: NOW + 600)
    with pytest.raises(Unreachable):
        machine.holder().activate()


@pytest.mark.parametrize(
    "different", [{"fingerprint": "other"}, {"token": license_token(jti=ACTIVATION_ID, **FLOATING)}]
)
def test_the_state_of_another_installation_or_license_is_not_taken(machine: Machine, different: Any) -> None:
    machine.active()
    assert machine.holder(**different).activation is None


@pytest.mark.parametrize("seat", [5, {}, {"id": "a"}, None])
def test_a_damaged_state_is_no_seat(machine: Machine, seat: Any) -> None:
    machine.active()
    assert machine.storage.state is not None
    machine.storage.state["seat"] = seat
    machine.storage.state["license_token"] = "x"
    holder = machine.holder()
    assert (holder.activation, holder.license_token) == (None, TOKEN)


def test_a_refusal_is_raised_where_there_is_somebody_to_read_it(machine: Machine) -> None:
    machine.server.answers = [problem(409, "seats_exhausted", limit=1)]
    with pytest.raises(Problem) as raised:
        machine.holder().activate()
    assert raised.value.members["limit"] == 1
    machine.server.answers = [Say(201, activation())]
    machine.holder().activate(take_over="oldest")
    assert machine.server.asked[-1].body["take_over"] == "oldest"


@pytest.mark.parametrize(
    "body", [{}, [], "<html>", {"id": 1}, activation(fence=None), activation(heartbeat_after="soon")]
)
def test_what_is_not_an_activation_is_no_answer(machine: Machine, body: Any) -> None:
    holder = machine.active()
    machine.server.answers = [Say(200, body)]
    assert holder.beat() == 150
    assert (holder.fence, machine.lost) == (7, [])
    with pytest.raises(Unreachable):
        machine.holder(fingerprint="other").activate()


@pytest.mark.parametrize("brought", ["x", 5, license_token(jti=ACTIVATION_ID, **FLOATING), TOKEN])
def test_nothing_takes_the_license_away(machine: Machine, brought: Any) -> None:
    holder = machine.active()
    machine.server.answers = [Say(200, activation(license_token=brought, heartbeat_after=None))]
    assert holder.beat() == 86_400
    assert (holder.license_token, machine.licenses) == (TOKEN, [])


def test_a_fixed_seat_that_is_gone_is_forgotten(machine: Machine) -> None:
    machine.server.answers = [
        Say(201, activation(mode="fixed", lease_ends_at=None)),
        problem(404, "activation_not_found"),
    ]
    holder = machine.holder()
    holder.activate()
    holder.release()
    assert machine.holder().activation is None


def test_it_is_released_once(machine: Machine) -> None:
    holder = machine.active()
    machine.server.answers = [Say(204)]
    holder.release()
    holder.release()
    assert [asked.path for asked in machine.server.asked[1:]] == [f"/api/v1/activations/{ACTIVATION_ID}/release"]
    assert (holder.activation, machine.holder().activation) == (None, None)


def test_a_fixed_seat_that_can_not_be_released_stays(machine: Machine) -> None:
    machine.server.answers = [Say(201, activation(mode="fixed", lease_ends_at=None))]
    holder = machine.holder()
    holder.activate()
    machine.server.answers = [HANGS_UP]
    holder.release()
    assert machine.holder().activation is not None


def test_leaving_releases_floating_seats_alone(machine: Machine) -> None:
    machine.server.answers = [Say(201, activation()), Say(204)]
    with machine.holder() as holder:
        assert holder.activation is not None
    assert machine.server.asked[-1].path.endswith("/release")
    machine.server.answers = [Say(201, activation(mode="fixed", lease_ends_at=None))]
    with machine.holder():
        pass
    assert machine.server.asked[-1].path == "/api/v1/activations"
    machine.server.answers = [Say(201, activation(mode="fixed")), Say(204)]
    with machine.holder(release_at_exit=True):
        pass
    assert machine.server.asked[-1].path.endswith("/release")


@pytest.mark.parametrize(
    "different", [{"fingerprint": ""}, {"fingerprint": "a" * 256}, {"fingerprint": "a\n"}, {"token": "x"}]
)
def test_what_it_is_made_of_is_checked(machine: Machine, different: Any) -> None:
    with pytest.raises(ValueError):
        machine.holder(**different)


def test_the_thread_sends_heartbeats_until_it_is_stopped(server: StandIn) -> None:
    server.answers = [
        Say(201, activation(heartbeat_after=0.001)),
        Say(500),
        Say(200, activation(heartbeat_after=0.001)),
    ]
    storage = MemoryStorage()
    fails: Callable[[Any], None] = lambda _: 1 / 0  # type: ignore[assignment, return-value] # noqa: E731
    holder = SeatHolder(
        AegisApi(server.url, retries=0), token=TOKEN, keys=[OURS.jwk], module="payroll", version="17", fingerprint=MACHINE,
        storage=storage, on_lost=fails,
    )  # fmt: skip
    holder.activate()
    assert server.was_asked.acquire(timeout=20)
    assert server.was_asked.acquire(timeout=20)
    holder.stop()
    count = len(server.asked)
    assert count >= 2
    assert not server.was_asked.acquire(timeout=1.5) or len(server.asked) == count
    assert holder.activation is not None


def test_the_steady_clock_moves() -> None:
    before = steady_seconds()
    assert steady_seconds() >= before


_LATER = {**FLOATING, "iat": NOW}


@pytest.mark.parametrize(
    "brought",
    [
        pytest.param(license_token(STRANGER, **_LATER), id="of a stranger"),
        pytest.param(license_token(**_LATER)[:-20] + "A" * 20, id="changed"),
        pytest.param(license_token(**{**FLOATING, "iat": NOW - 200 * 86_400}), id="older"),
        pytest.param(license_token(**{**_LATER, "jti": ACTIVATION_ID}), id="another license"),
    ],
)
def test_one_false_answer_does_not_take_the_license_away(machine: Machine, brought: str) -> None:
    holder = machine.active()
    machine.server.answers = [Say(200, activation(license_token=brought))]
    holder.beat()
    assert (holder.license_token, machine.licenses) == (TOKEN, [])
    assert machine.storage.state is not None
    machine.storage.state["license_token"] = brought
    assert machine.holder().license_token == TOKEN


@pytest.mark.parametrize(
    "different",
    [
        {"id": "\ud800"}, {"id": "../licenses"}, {"fence": 1e999}, {"heartbeat_after": 10**400}, {"mode": ...},
    ],
)  # fmt: skip
def test_what_is_no_activation_is_no_answer(machine: Machine, different: dict[str, Any]) -> None:
    answer = {name: value for name, value in activation(**different).items() if value is not ...}
    machine.server.answers = [Say(201, answer)]
    with pytest.raises(Unreachable):
        machine.holder().activate()
    holder = machine.active()
    machine.server.answers = [Say(200, answer)]
    assert holder.beat() == 150.0
    assert holder.activation == ShownActivation(SHOWN, MACHINE)


def test_the_end_of_the_lease_is_noticed_however_long_the_server_asks_to_wait(machine: Machine) -> None:
    holder = machine.active()
    machine.server.answers = [problem(503, "service_unavailable", {"Retry-After": "9999999999"})]
    assert holder.beat() == 600.0
    machine.steady += 600
    assert 0 < holder.beat() <= 86_400
    assert [lost.reason for lost in machine.lost] == ["unreachable"]
    # Nobody was asked before that was over.
    assert len(machine.server.asked) == 2
    machine.steady += 86_400
    machine.server.answers = [Say(200, activation())]
    assert holder.beat() == 200
    assert len(machine.server.asked) == 3


class _Broken:
    """A file that can't be read, on a disk that is full."""

    def load(self) -> Any:
        raise PermissionError(13, "denied")

    def save(self, _state: Any) -> None:
        raise OSError(28, "No space left on device")


def test_a_storage_that_fails_keeps_nobody_from_a_seat(machine: Machine) -> None:
    holder = machine.active(storage=_Broken())
    assert holder.activation == ShownActivation(SHOWN, MACHINE)
    machine.server.answers = [Say(200, activation(fence=8))]
    assert (holder.beat(), holder.fence) == (200, 8)


@pytest.mark.parametrize("name", ["id", "token", "mode", "fence", "counts_for", "heartbeat_after", "renewed_at"])
def test_a_state_that_was_changed_by_hand_is_no_seat(machine: Machine, name: str) -> None:
    machine.active().stop()
    assert machine.storage.state is not None
    machine.storage.state["seat"][name] = ["x"]
    assert machine.holder().activation is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked on POSIX")
def test_a_forked_process_does_not_give_the_seat_back_at_its_end(machine: Machine) -> None:
    """As the workers of a server do that loads its program before it forks."""
    holder = machine.active()
    machine.server.answers = [Say(204)]
    worker = os.fork()
    if worker == 0:
        try:
            holder._at_exit()
        finally:
            os._exit(0)
    os.waitpid(worker, 0)
    assert len(machine.server.asked) == 1
    holder._at_exit()
    assert machine.server.asked[1].path.endswith("/release")
