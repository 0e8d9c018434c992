from __future__ import annotations

from typing import Any

import pytest
from forger import DAY, NOW, OURS, ROOT, STRANGER, activation_token, key_set, license_token, with_status
from stand_in import HANGS_UP, Asked, Say, StandIn

from aegis_client import MemoryStorage
from aegis_client.fetching import KeySetKeeper, StatusListKeeper
from aegis_client.fetching import due as due_module

KEYS = [OURS.jwk]


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_module, "jittered", lambda seconds: seconds)
    monkeypatch.setattr("aegis_client.fetching.status_list_keeper.jittered", lambda seconds: seconds)
    monkeypatch.setattr("aegis_client.fetching.key_set_keeper.jittered", lambda seconds: seconds)


class Site:
    def __init__(self, server: StandIn) -> None:
        self.uri = f"{server.url}/api/v1/status-lists/0"
        self.place = {"status_list": {"idx": 5, "uri": self.uri}}
        self.token = license_token(status=self.place)
        self.storage = MemoryStorage()
        self.keeper = StatusListKeeper(self.storage)

    def list(self, **different: Any) -> str:
        return with_status(0, **{"sub": self.uri, **different})

    def refresh(self, now: float = NOW, token: Any = None) -> tuple[bool, Any]:
        return self.keeper.refresh(token or self.token, keys=KEYS, now=now)[:2]


@pytest.fixture
def site(server: StandIn) -> Site:
    return Site(server)


def test_a_list_is_fetched_kept_and_asked_for_again_after_its_ttl(server: StandIn, site: Site) -> None:
    first, second = site.list(iat=NOW), site.list(iat=NOW + 300)
    server.answers = [Say(200, first, {"ETag": '"1"'}), Say(304), Say(200, second)]
    is_newer, failure, server_date = site.keeper.refresh(site.token, keys=KEYS, now=NOW)
    assert (is_newer, failure, str(server_date).endswith("GMT")) == (True, None, True)
    assert site.refresh(NOW + 299) == (False, None)
    assert len(server.asked) == 1
    assert site.refresh(NOW + 300) == (False, None)
    assert server.asked[1].headers["If-None-Match"] == '"1"'
    assert site.keeper.texts() == [first]
    assert site.refresh(NOW + 600) == (True, None)
    assert StatusListKeeper(site.storage).texts() == [second]


@pytest.mark.parametrize(("different", "why"), [
    ({"iat": NOW - 1}, "older"), ({"iat": NOW + 61}, "future"), ({"sub": "https://a"}, "another"), ({"signer": STRANGER}, "go by"),
    ({"status_list": {}}, "go by"),
])  # fmt: skip
def test_a_list_that_is_not_better_changes_nothing(server: StandIn, site: Site, different: Any, why: str) -> None:
    kept = site.list(iat=NOW)
    server.answers = [Say(200, kept), Say(200, site.list(**different))]
    site.refresh()
    is_newer, failure = site.refresh(NOW + 301 if "iat" not in different or different["iat"] < NOW else NOW - 1)
    assert (is_newer, why in failure) == (False, True)
    assert site.keeper.texts() == [kept]


@pytest.mark.parametrize(("answer", "after"), [
    (Say(429, None, {"Retry-After": "500"}), 500), (Say(503, None, {"Retry-After": "0"}), 1), (Say(404), 60), (HANGS_UP, 60),
    (Say(503, None, {"Retry-After": "9999999"}), DAY), (Say(302, None, {"Location": "ftp://a"}), 60), (Say(304), 60),
])  # fmt: skip
def test_a_failure_is_reported_and_tried_again_later(server: StandIn, site: Site, answer: Any, after: int) -> None:
    server.answers = [answer]
    is_newer, failure = site.refresh()
    assert (is_newer, isinstance(failure, str)) == (False, True)
    assert site.refresh(NOW + after - 1) == (False, None)
    assert len(server.asked) == 1
    site.refresh(NOW + after)
    assert len(server.asked) == 2


def test_a_clock_that_was_set_back_does_not_keep_it_from_asking(server: StandIn, site: Site) -> None:
    server.answers = [Say(200, site.list(iat=NOW))]
    site.refresh()
    site.refresh(NOW - 1)
    assert len(server.asked) == 2


def test_the_address_of_a_forged_token_is_not_asked(server: StandIn, site: Site) -> None:
    for token in (license_token(STRANGER, status=site.place), license_token(status=...), "x", 5):
        assert site.refresh(token=token) == (False, None)
    assert server.asked == []
    far = license_token(status={"status_list": {"idx": 5, "uri": "http://licenses.acme.test/0"}})
    assert "https" in site.refresh(token=far)[1]


def test_the_list_of_an_activation_is_kept_next_to_the_license_s(server: StandIn, site: Site) -> None:
    def answer(asked: Asked) -> Say:
        return Say(200, site.list(sub=server.url + asked.path))

    server.answers = [answer]
    other = {"status_list": {"idx": 1, "uri": f"{server.url}/api/v1/status-lists/500000000"}}
    assert site.refresh() == site.refresh(token=activation_token(status=other)) == (True, None)
    assert len(site.keeper.texts()) == 2


def test_a_list_that_came_as_a_file_keeps_the_same_rules(site: Site) -> None:
    older, newer = site.list(iat=NOW - 5), site.list(iat=NOW)
    assert site.keeper.accept(newer, keys=KEYS, now=NOW) == (True, None, None)
    assert site.keeper.accept(older, keys=KEYS, now=NOW).failure == "the list is older than the one that is there"
    assert site.keeper.accept("x", keys=KEYS, now=NOW).is_newer is False
    assert site.keeper.texts() == [newer]


def test_a_damaged_storage_is_an_empty_one(server: StandIn, site: Site) -> None:
    server.answers = [Say(200, site.list())]
    for state in ({"lists": 5}, {"lists": {site.uri: 5}}, {"lists": {site.uri: {"text": 5, "etag": 5}}}):
        site.storage.state = state
        assert site.keeper.texts() == []
        assert site.refresh() == (True, None)


def test_the_newest_key_set_that_the_root_signed_is_kept(server: StandIn) -> None:
    storage = MemoryStorage()
    keeper = KeySetKeeper(server.url, ROOT.jwk, storage)
    newer = key_set(iat=NOW - 10)
    server.answers = [
        Say(200, newer),
        Say(200, key_set(iat=NOW - 11)),
        Say(200, key_set(STRANGER)),
        Say(503),
        Say(200, key_set(exp=NOW)),
    ]
    assert keeper.keys().kids == frozenset()
    assert keeper.refresh(NOW) is None
    assert keeper.refresh(NOW + DAY - 1) is None
    assert len(server.asked) == 1
    times = [NOW + n * DAY for n in range(1, 5)]
    assert [keeper.refresh(now) for now in times] == [
        "the key set is older than the one that is there", "the key set is not trusted: signature_invalid",
        "answered with 503", "the key set has expired",
    ]  # fmt: skip
    assert storage.state is not None and storage.state["text"] == newer
    assert KeySetKeeper(server.url, ROOT.pem, storage).keys().kids == {"k1"}
    with pytest.raises(ValueError, match="root"):
        KeySetKeeper(server.url, "x", storage)


class _Broken:
    """A file that can't be read, on a disk that is full."""

    def load(self) -> Any:
        raise PermissionError(13, "denied")

    def save(self, _state: Any) -> None:
        raise OSError(28, "No space left on device")


def test_a_list_is_kept_in_memory_where_it_cannot_be_saved(server: StandIn, site: Site) -> None:
    server.answers = [Say(200, site.list(iat=NOW))]
    keeper = StatusListKeeper(_Broken())
    assert keeper.texts() == []
    assert keeper.refresh(site.token, keys=KEYS, now=NOW)[:2] == (True, None)
    assert keeper.texts() == [site.list(iat=NOW)]
    assert keeper.refresh(site.token, keys=KEYS, now=NOW + 1)[:2] == (False, None)
    assert len(server.asked) == 1
    keys = KeySetKeeper(server.url, ROOT.jwk, _Broken())
    server.answers = [Say(200, key_set())]
    assert keys.refresh(NOW) is None
    assert keys.keys().kids == {"k1"}


@pytest.mark.parametrize("wrong", ["x", None, [], {}])
def test_a_plan_that_was_changed_by_hand_keeps_nobody_from_asking(server: StandIn, site: Site, wrong: Any) -> None:
    server.answers = [Say(200, site.list(iat=NOW))]
    site.storage.state = {"lists": {site.uri: {"asked_at": wrong, "next_at": wrong}}}
    assert site.refresh() == (True, None)
    keys = MemoryStorage({"asked_at": wrong, "next_at": wrong})
    server.answers = [Say(200, key_set())]
    assert KeySetKeeper(server.url, ROOT.jwk, keys).refresh(NOW) is None
