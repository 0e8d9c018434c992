from __future__ import annotations

import socket
import ssl
import threading
from typing import Any

import pytest
from stand_in import HANGS_UP, Asked, Say, StandIn, problem

from aegis_client.api import AegisApi, Problem, RedirectRefused, Unreachable
from aegis_client.api import client as client_module
from aegis_client.api.retries import Retries, retry_after_of


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(client_module.time, "sleep", waits.append)
    return waits


def test_a_request_has_the_key_and_an_idempotency_key_of_its_own(server: StandIn) -> None:
    server.answers = [Say(201, {"id": "a"})]
    api = AegisApi(server.url + "/", api_key="aegis_test_1")
    assert api.post("/api/v1/licenses", {"notes": "Ä"}) == {"id": "a"}
    api.delete("/api/v1/x", idempotency_key="mine")
    api.get("/api/v1/x", {"q": "a b", "is_active": True, "none": None})
    posted, deleted, got = server.asked
    assert (posted.body, posted.headers["X-API-Key"]) == ({"notes": "Ä"}, "aegis_test_1")
    assert len(posted.headers["Idempotency-Key"]) == 36
    assert deleted.headers["Idempotency-Key"] == "mine"
    assert (got.headers["Idempotency-Key"], got.path) == (None, "/api/v1/x?q=a+b&is_active=true")


@pytest.mark.parametrize("failure", [problem(503, "service_unavailable"), problem(429, "rate_limited"), Say(502, "<html>"),
                                     problem(409, "request_in_progress"), HANGS_UP])  # fmt: skip
def test_what_may_pass_is_sent_again_as_the_same_request(server: StandIn, slept: list[float], failure: Any) -> None:
    server.answers = [failure, failure, Say(200, {"ok": 1})]
    assert AegisApi(server.url).post("/x", {}) == {"ok": 1}
    assert len({asked.headers["Idempotency-Key"] for asked in server.asked}) == 1
    assert len(slept) == 2
    assert 0.25 <= slept[0] <= 0.5 <= slept[1] <= 1.0


def test_retry_after_is_waited_for(server: StandIn, slept: list[float]) -> None:
    server.answers = [problem(429, "rate_limited", {"Retry-After": "7"}), Say(204)]
    assert AegisApi(server.url).get("/x") is None
    assert 7 <= slept[0] <= 8
    server.answers = [problem(429, "rate_limited", {"Retry-After": "31"})]
    with pytest.raises(Problem) as raised:
        AegisApi(server.url).get("/x")
    assert (raised.value.retry_after, len(slept)) == (31, 1)


def test_it_gives_up_after_as_many_attempts(server: StandIn, slept: list[float]) -> None:
    server.answers = [problem(503, "service_unavailable")]
    with pytest.raises(Problem):
        AegisApi(server.url, retries=2).get("/x")
    assert len(server.asked) == 3
    with pytest.raises(Problem):
        AegisApi(server.url).without_retries().get("/x")
    assert (len(server.asked), len(slept)) == (4, 2)


@pytest.mark.parametrize(("method", "failure"), [
    ("PATCH", problem(503, "service_unavailable")), ("PATCH", HANGS_UP), ("POST", problem(500, "internal_error")),
    ("GET", problem(404, "license_not_found")), ("POST", problem(409, "seats_exhausted")),
])  # fmt: skip
def test_what_may_have_taken_effect_or_will_not_pass_is_not_sent_again(
    server: StandIn, slept: list[float], method: str, failure: Any
) -> None:
    server.answers = [failure]
    with pytest.raises((Problem, Unreachable)):
        AegisApi(server.url).request(method, "/x", body={})
    assert len(server.asked) == 1


def test_a_patch_that_was_refused_at_the_door_is_sent_again(server: StandIn, slept: list[float]) -> None:
    server.answers = [problem(429, "rate_limited"), Say(200, {})]
    assert AegisApi(server.url).patch("/x", {}, if_match='"1"') == {}
    assert server.asked[1].headers["If-Match"] == '"1"'


def test_a_problem_has_what_the_server_says(server: StandIn) -> None:
    errors = [{"field": "name", "message": "must not be empty"}]
    server.answers = [problem(422, "validation_failed", errors=errors, next_free_at=None)]
    with pytest.raises(Problem, match="422 validation_failed: x") as raised:
        AegisApi(server.url).post("/x", {})
    told = raised.value
    assert (told.status, told.code, told.request_id, told.errors) == (422, "validation_failed", "r1", errors)
    assert "next_free_at" in told.members
    server.answers = [Say(400, "<html>")]
    with pytest.raises(Problem) as raised:
        AegisApi(server.url).post("/x", {})
    assert (raised.value.code, raised.value.members, raised.value.errors) == (None, {}, [])


def test_a_list_is_walked_by_its_cursors(server: StandIn) -> None:
    def page(asked: Asked) -> Say:
        second = "cursor=c%3D1" in asked.path
        return Say(
            200, {"licenses": [{"id": 2 if second else 1}], "total": 2, "next_cursor": None if second else "c=1"}
        )

    server.answers = [page]
    api = AegisApi(server.url)
    assert [one["id"] for one in api.items("/api/v1/licenses", {"page_size": 1})] == [1, 2]
    assert [asked.path for asked in server.asked] == [
        "/api/v1/licenses?page_size=1",
        "/api/v1/licenses?page_size=1&cursor=c%3D1",
    ]


def test_a_key_does_not_follow_a_redirect_to_another_origin(server: StandIn) -> None:
    other = StandIn()
    other.answers = [Say(200, {"who": "other"})]
    try:
        server.answers = [Say(302, None, {"Location": other.url + "/y"})]
        with pytest.raises(RedirectRefused):
            AegisApi(server.url, api_key="aegis_test_1").get("/x")
        with pytest.raises(RedirectRefused):
            AegisApi(server.url).post("/x", {})
        assert other.asked == []
        assert AegisApi(server.url).get("/x") == {"who": "other"}
    finally:
        other.close()


def test_a_redirect_within_the_origin_is_followed(server: StandIn) -> None:
    server.answers = [Say(307, None, {"Location": "/y"}), Say(200, {"a": 1})]
    assert AegisApi(server.url, api_key="k").get("/x") == {"a": 1}
    assert (server.asked[1].path, server.asked[1].headers["X-API-Key"]) == ("/y", "k")
    server.answers = [Say(302, None, {"Location": "/x"})]
    with pytest.raises(Unreachable):
        AegisApi(server.url, retries=0).get("/x")


def test_an_answer_that_does_not_come_in_time_ends(server: StandIn) -> None:
    ended = threading.Event()

    def drips(_: Asked) -> None:
        ended.wait(30)

    server.answers = [drips]
    try:
        with pytest.raises(Unreachable):
            AegisApi(server.url, timeout=0.2, retries=0).get("/x")
    finally:
        ended.set()


@pytest.mark.parametrize("begun", [
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Padding: ",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;",
], ids=["body", "header", "chunk"])  # fmt: skip
def test_an_answer_that_comes_byte_by_byte_ends(begun: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(begun)
            while not stop.wait(0.02):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        with pytest.raises(Unreachable, match="too long"):
            AegisApi(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.3, retries=0).get("/x")
    finally:
        stop.set()
        thread.join()
        listener.close()


@pytest.mark.parametrize(
    "body", [Say(200, {}, {"Content-Length": "10"}), Say(200, "{", {"Content-Type": "application/json"})]
)
def test_an_answer_that_breaks_off_is_none(server: StandIn, body: Say) -> None:
    server.answers = [body]
    with pytest.raises(Unreachable):
        AegisApi(server.url, timeout=2, retries=0).get("/x")


@pytest.mark.parametrize(
    "url",
    ["", "licenses.example.com", "ftp://a", "http://licenses.example.com", "https://a/?b", "https://u:p@a", "https://"],
)
def test_an_address_without_tls_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        AegisApi(url)


def test_tls_is_always_verified() -> None:
    assert AegisApi("http://licenses.example.com", allow_http=True)
    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError, match="context"):
        AegisApi("https://licenses.example.com", context=blind)
    with pytest.raises(ValueError, match="api_key"):
        AegisApi("https://licenses.example.com", api_key="a\r\nb")


def test_waits_grow_and_are_bounded() -> None:
    retries = Retries(10, 30.0)
    assert all(0.25 * 2**n <= (retries.wait_before(n, None) or 0) <= 30 for n in range(7))
    assert (retries.wait_before(10, None), retries.wait_before(0, 31)) == (None, None)


@pytest.mark.parametrize(("header", "seconds"), [
    (None, None), ("5", 5), (" 5 ", 5), ("-5", None), ("soon", None), ("٥", None), ("9" * 5000, None), ("9999999999", 86_400),
    ("Thu, 01 Jan 1970 00:00:20 GMT", 10), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Thu, 99 Jan 1970 00:00:00 GMT", None),
])  # fmt: skip
def test_retry_after_is_read(header: Any, seconds: Any) -> None:
    assert retry_after_of(header, now=10) == seconds


def test_an_answer_that_is_nested_without_end_is_none(server: StandIn) -> None:
    server.answers = [Say(200, "[" * 1_000_000, {"Content-Type": "application/json"})]
    with pytest.raises(Unreachable):
        AegisApi(server.url, retries=0).get("/x")
    server.answers = [Say(400, "[" * 1_000_000, {"Content-Type": "application/problem+json"})]
    with pytest.raises(Problem) as raised:
        AegisApi(server.url, retries=0).get("/x")
    assert raised.value.members == {}


def test_no_proxy_sees_the_key_that_is_for_this_machine(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked on this machine needs no TLS; a proxy is another machine."""
    proxy = StandIn()
    proxy.answers = [Say(200, {"through": "proxy"})]
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.answers = [Say(200, {"through": "nothing"})]
    try:
        assert AegisApi(server.url, api_key="secret").get("/x") == {"through": "nothing"}
        assert AegisApi("http://licenses.example.com", allow_http=True).get("/x") == {"through": "proxy"}
        assert [asked.headers["X-API-Key"] for asked in proxy.asked] == [None]
    finally:
        proxy.close()
