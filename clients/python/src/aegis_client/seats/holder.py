from __future__ import annotations

import atexit
import os
import threading
import time
from typing import Any, Callable, Optional

from ..api.client import AegisApi
from ..api.errors import AegisError, Problem, Unreachable
from ..clock.guard import GuardStorage
from ..fingerprints import check_fingerprint
from ..keys.option import Keys, trusted_keys
from ..options import Instance, ShownActivation
from .heartbeats import Heartbeats, jittered
from .kept_seat import seat_of_answer
from .lost import Lost
from .seat_store import Stored, newer_license, restored, store, unverified_claims
from .steady_clock import steady_seconds

_FIRST_RETRY_S = 5.0
_LONGEST_RETRY_S = 300.0
_ROUTE = "/api/v1/activations"
#: The server has decided that this installation has no seat.
_NO_SEAT_LEFT = ("seats_exhausted", "moves_exhausted")
#: There is nothing to release.
_GONE = ("activation_not_found", "activation_ended")


class SeatHolder:
    """Holds a seat of a license that counts its installations, from ``activate()`` to ``release()``.

    A thread sends heartbeats. It survives sleep, changes of the clock and an absent server, for as long as the lease
    counts; then ``on_lost`` is called. After a lease that has ended it activates again by itself; after all else only
    ``activate()`` does, because a person has decided. For a license without seats it does nothing.
    """

    def __init__(
        self,
        api: AegisApi,
        *,
        token: str,
        keys: Keys,
        module: str,
        version: str,
        fingerprint: str,
        storage: GuardStorage,
        instance: Optional[Instance] = None,
        name: Optional[str] = None,
        on_lost: Optional[Callable[[Lost], None]] = None,
        on_license: Optional[Callable[[str], None]] = None,
        release_at_exit: Optional[bool] = None,
    ) -> None:
        """
        :param api: without a key: the license token is the credential
        :param token: the license token. Where a newer one is stored, that counts
        :param keys: as for ``verify_license``: a license token that the server brings counts only where one of them signed
            it
        :param module, version, instance: as for ``verify_license``
        :param fingerprint: the installation's own identity, ``new_fingerprint()`` at its first start
        :param storage: of its own, ``FileStorage("seat.json")``
        :param name: for people who look at the list of installations
        :param on_lost: called once when the seat is lost, from the thread of the heartbeats
        :param on_license: called with a newer license token, which counts from then on
        :param release_at_exit: None: a floating seat alone. Python runs nothing at a SIGTERM: call ``release()`` there
        :raises ValueError: when the token is not a license, or the fingerprint is not one
        """
        self._api = api
        self._once = api.without_retries()
        self._storage = storage
        self._fingerprint = check_fingerprint(fingerprint, "fingerprint")
        self._question = {"module_name": module, "odoo_version": version, **_sent(instance, name)}
        self._on_lost = on_lost
        self._on_license = on_license
        self._release_at_exit = release_at_exit
        self._lock = threading.RLock()
        self._heartbeats = Heartbeats(self.beat)
        self._is_lost = False
        #: That holds the seat: a process that was forked from it has a copy of this.
        self._process = os.getpid()
        #: By the steady clock; 0: the server has not asked to wait.
        self._not_before = 0.0
        self._keys = trusted_keys(keys)
        self._token, self._seat = restored(storage, token, fingerprint, self._keys, time.time())
        self._renewed = steady_seconds()
        if self._seat is not None:
            # The steady clock begins again with the machine. A local clock that was set back gives no time.
            self._renewed -= max(0.0, time.time() - self._seat.renewed_at)

    @property
    def is_needed(self) -> bool:
        """Whether the license counts its installations."""
        return unverified_claims(self._token).seats is not None

    @property
    def license_token(self) -> str:
        """The newest one: a renewal reaches every installation by itself."""
        return self._token

    @property
    def activation(self) -> Optional[ShownActivation]:
        """For ``verify_license(activation=…)``; None where no seat is held."""
        seat = self._seat
        return None if seat is None or seat.token is None else ShownActivation(seat.token, self._fingerprint)

    @property
    def fence(self) -> Optional[int]:
        """What guards a resource refuses a smaller one than it has seen."""
        return None if self._seat is None else self._seat.fence

    def activate(self, take_over: Optional[str] = None) -> Optional[ShownActivation]:
        """Asks for a seat, and keeps it by heartbeats. The same fingerprint gets its own seat again.

        :param take_over: id of a holder, or ``"oldest"``, where the license allows it: a person has chosen that
        :returns: None where the license does not count its installations
        :raises Problem: when no seat is free (``seats_exhausted``, ``moves_exhausted``), or the license is not valid
        :raises AegisError: when the server can't be reached, and no seat is stored that counts still
        """
        if not self.is_needed:
            return None
        with self._lock:
            try:
                self._admit(self._api, take_over)
            except Problem as problem:
                if problem.code == "seats_not_counted":
                    self._forget()
                    return None
                if problem.code in _NO_SEAT_LEFT:
                    self._forget()
                if not (_passes(problem) and self._counts()):
                    raise
            except AegisError:
                if not self._counts():
                    raise
            self._process = os.getpid()
            self._heartbeats.start(jittered(self._interval()))
        atexit.register(self._at_exit)
        return self.activation

    def release(self) -> None:
        """Gives the seat back and stops. May be repeated; never raises for what the network does: a floating seat that
        could not be released ends with its lease."""
        self.stop()
        with self._lock:
            if self._seat is None:
                return
            try:
                self._once.post(f"{_ROUTE}/{self._seat.id}/release", self._credential())
            except AegisError as error:
                is_gone = isinstance(error, Problem) and error.code in _GONE
                if self._seat.mode == "fixed" and not is_gone:
                    return
            self._forget()

    def stop(self) -> None:
        """Stops the heartbeats and keeps the seat, as before a restart."""
        self._heartbeats.stop()
        atexit.unregister(self._at_exit)

    def __enter__(self) -> SeatHolder:
        self.activate()
        return self

    def __exit__(self, *_: object) -> None:
        self._at_exit()

    def beat(self) -> float:
        """Sends one heartbeat: for programs that have a scheduler of their own, in place of the thread.

        :returns: seconds after which the next one is due
        """
        with self._lock:
            if self._seat is None:
                return _LONGEST_RETRY_S
            asked, now = steady_seconds(), time.time()
            if asked < self._not_before:
                # It was woken at the end of the lease: the server has asked to wait for longer.
                return self._unanswered(self._not_before - asked)
            try:
                answer = self._once.post(f"{_ROUTE}/{self._seat.id}/heartbeat", self._credential())
                self._keep(answer, asked, now)
            except Problem as problem:
                return self._refused(problem)
            except AegisError:
                return self._unanswered(None)
            return jittered(self._interval())

    def _refused(self, problem: Problem) -> float:
        """What the server's refusal of a heartbeat means (docs/activations.md)."""
        ended_by = problem.members.get("ended_by")
        if _passes(problem):
            return self._unanswered(problem.retry_after)
        if problem.code == "activation_ended" and ended_by == "lease":
            return self._again(problem)
        if problem.code == "license_not_valid":
            # It may be reinstated or renewed while the lease counts.
            self._lose(Lost("license_not_valid", None, problem.members))
            return jittered(self._interval())
        self._forget()
        if problem.code != "seats_not_counted":
            by = ended_by if isinstance(ended_by, str) else None
            self._lose(Lost(problem.code or "refused", by, problem.members))
        return _LONGEST_RETRY_S

    def _again(self, ended: Problem) -> float:
        """The lease has ended, as in a long sleep. Another installation that has the seat now keeps it."""
        try:
            self._admit(self._once, None)
        except Problem as problem:
            lost = Lost("activation_ended", "lease", ended.members) if _passes(problem) else _lost_by(problem)
            self._lose(lost)
            return problem.retry_after or jittered(self._interval())
        except AegisError:
            self._lose(Lost("activation_ended", "lease", ended.members))
            return jittered(_FIRST_RETRY_S)
        return jittered(self._interval())

    def _unanswered(self, retry_after: Optional[float]) -> float:
        """Tries on until the lease ends, and after it: the server decides what has become of the seat."""
        self._not_before = steady_seconds() + (retry_after or 0.0)
        left = self._left()
        if left is not None and left <= 0:
            self._lose(Lost("unreachable"))
        if left is None or left <= 0:
            return max(jittered(_LONGEST_RETRY_S), retry_after or 0.0)
        wait = max(jittered(min(_LONGEST_RETRY_S, max(_FIRST_RETRY_S, left / 4))), retry_after or 0.0)
        # Not later than the end of the lease, so that its loss is noticed then.
        return min(wait, left)

    def _left(self) -> Optional[float]:
        """Seconds for which the seat counts; None: that is not known."""
        if self._seat is None or self._seat.counts_for is None:
            return None
        return self._seat.counts_for - (steady_seconds() - self._renewed)

    def _counts(self) -> bool:
        left = self._left()
        return self._seat is not None and (left is None or left > 0)

    def _admit(self, api: AegisApi, take_over: Optional[str]) -> None:
        asked, now = steady_seconds(), time.time()
        choice = {} if take_over is None else {"take_over": take_over}
        self._keep(api.post(_ROUTE, {**self._credential(), **self._question, **choice}), asked, now)

    def _keep(self, answer: Any, asked: float, now: float) -> None:
        try:
            self._seat = seat_of_answer(answer, self._seat, now)
        except (ArithmeticError, KeyError, TypeError, ValueError):
            raise Unreachable("what stands between has answered in place of the server") from None
        # From the moment of asking: the lease began after it.
        self._renewed = asked
        self._is_lost = False
        self._not_before = 0.0
        newer = newer_license(answer.get("license_token"), self._token, self._keys, now)
        self._token = newer or self._token
        self._save()
        if newer is not None and self._on_license is not None:
            self._on_license(newer)

    def _forget(self) -> None:
        self._seat = None
        self._save()

    def _save(self) -> None:
        store(self._storage, Stored(self._token, self._seat), self._fingerprint)

    def _lose(self, lost: Lost) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        if self._on_lost is not None:
            self._on_lost(lost)

    def _credential(self) -> dict[str, str]:
        return {"token": self._token, "fingerprint": self._fingerprint}

    def _interval(self) -> float:
        return _LONGEST_RETRY_S if self._seat is None else self._seat.heartbeat_after

    def _at_exit(self) -> None:
        if os.getpid() != self._process:
            # The seat is that of the process from which this one was forked, and is in use there.
            return
        seat = self._seat
        is_floating = seat is not None and seat.mode == "floating"
        if is_floating if self._release_at_exit is None else self._release_at_exit:
            self.release()
        else:
            self.stop()


def _passes(problem: Problem) -> bool:
    """Nothing was decided: the server is not able to, or asks to wait."""
    return problem.status >= 500 or problem.status in (408, 429)


def _lost_by(problem: Problem) -> Lost:
    return Lost(problem.code or "refused", "lease", problem.members)


def _sent(instance: Optional[Instance], name: Optional[str]) -> dict[str, str]:
    given = instance or {}
    members = {"instance_db_uuid": given.get("db_uuid"), "instance_domain": given.get("domain"), "name": name}
    return {member: value for member, value in members.items() if value}
