from __future__ import annotations

import zlib
from typing import Any

import pytest
from conftest import Ask
from forger import (
    DAY,
    LIST_URI,
    MACHINE,
    NOW,
    OURS,
    SEAT_LIST_URI,
    STRANGER,
    Signer,
    activation_token,
    license_token,
    status_list,
    with_status,
)

from aegis_client import StatusListRefused, open_status_list, trusted_keys
from aegis_client.formats.base64url import encode_base64url

NONCE = "0123456789abcdef"
PLACE = {"status_list": {"idx": 0, "uri": SEAT_LIST_URI}}
SEATED = {"seats": {"mode": "fixed", "required": True}}


def test_fresh_within_its_ttl_then_stale_then_refused(ask: Ask) -> None:
    def at(now: float, **more: Any) -> tuple[str, str]:
        verdict = ask(license_token(exp=NOW + 1000 * DAY), status_list=with_status(0, iat=NOW), now=now, **more)
        return verdict.code, verdict.revocation

    assert at(NOW - 10) == ("VALID", "fresh")
    assert at(NOW + 299.999) == ("VALID", "fresh")
    assert at(NOW + 300) == ("VALID", "stale")
    assert at(NOW + 35 * DAY - 0.001) == ("VALID", "stale")
    assert at(NOW + 35 * DAY) == ("STATUS_LIST_STALE", "stale")
    assert at(NOW + 999, max_offline=1000) == ("VALID", "stale")
    assert at(NOW + 1000, max_offline=1000) == ("STATUS_LIST_STALE", "stale")
    assert at(NOW + 35 * DAY, max_offline=1000 * DAY) == ("STATUS_LIST_STALE", "stale")


@pytest.mark.parametrize("text", [
    5, b"x", "", with_status(0, signer=STRANGER), with_status(0, signer=Signer("k2", 4)), with_status(3), license_token(),
    with_status(0, sub=SEAT_LIST_URI), status_list(b"\0"), status_list(b"", lst="AAAA"), with_status(0, ttl=0),
    with_status(0, ttl=True), with_status(0, exp=...), status_list(b"\0\0", bits=3), status_list(b"\0\0", bits=True),
    status_list(b"", lst=encode_base64url(zlib.compress(b"\0\0")[:-1])), with_status(0, sub=1),
    status_list(b"", lst=encode_base64url(zlib.compress(b"\0\0") + b"\0")),
    status_list(b"", lst=encode_base64url(zlib.compress(bytes(1_048_577)))),
], ids=lambda _: "text")  # fmt: skip
def test_what_is_not_the_list_of_the_license_is_invalid(ask: Ask, text: Any) -> None:
    verdict = ask(status_list=text)
    assert (verdict.code, verdict.revocation) == ("STATUS_LIST_INVALID", "none")


@pytest.mark.parametrize(("bits", "index", "statuses"), [
    (1, 9, b"\0\2"), (2, 5, b"\0\4"), (4, 3, b"\0\x10"), (8, 1, b"\0\1"), (1, 8 * 1_048_576 - 1, bytes(1_048_575) + b"\x80"),
], ids=["1", "2", "4", "8", "longest"])  # fmt: skip
def test_places_count_from_the_lowest_bits(ask: Ask, bits: int, index: int, statuses: bytes) -> None:
    def code(place: int) -> str:
        token = license_token(status={"status_list": {"idx": place, "uri": LIST_URI}})
        return ask(token, status_list=status_list(statuses, bits=bits)).code

    assert code(index) == "REVOKED"
    assert code(index - 1) == "VALID"
    assert code(8 * len(statuses) // bits) == "STATUS_LIST_INVALID"
    assert code(-1) == "STATUS_LIST_INVALID"


def test_of_two_lists_the_later_one_is_read(ask: Ask) -> None:
    older, newer = with_status(0, iat=NOW - 100), with_status(1, iat=NOW - 99)
    other = status_list(b"\0\0", sub=SEAT_LIST_URI, iat=NOW)
    for lists in ([older, newer, other], [newer, older], ("x", other, newer)):
        assert ask(status_list=lists).code == "REVOKED"
    assert ask(status_list=[older, "x"]).code == "VALID"
    assert ask(status_list=[]).code == "VALID"


def test_an_opened_list_is_not_verified_again_but_its_key_is_asked_for(ask: Ask) -> None:
    opened = open_status_list(with_status(1), trusted_keys([OURS.jwk]), NOW)
    assert ask(status_list=opened).code == "REVOKED"
    other = Signer("k2", 4)
    assert ask(license_token(other), keys=[other.jwk], status_list=opened).code == "STATUS_LIST_INVALID"
    with pytest.raises(StatusListRefused, match="signature_invalid"):
        open_status_list(with_status(1), trusted_keys([STRANGER.jwk]), NOW)


def test_the_file_of_an_installation_without_a_network_is_the_leave_to_lack_lists(ask: Ask) -> None:
    shown: dict[str, Any] = {"token": activation_token(nonce=NONCE), "fingerprint": MACHINE, "nonce": NONCE}

    def with_list(text: Any, **more: Any) -> tuple[str, str]:
        verdict = ask(license_token(**SEATED), status_list=text, activation={**shown, **more})
        return verdict.code, verdict.revocation

    assert with_list(None) == ("VALID", "stale")
    assert with_list("x") == ("VALID", "stale")
    assert with_list(with_status(0, exp=NOW)) == ("VALID", "stale")
    assert with_list(with_status(0)) == ("VALID", "fresh")
    assert with_list(with_status(1, exp=NOW)) == ("REVOKED", "stale")
    assert with_list(with_status(0, exp=NOW), nonce="0" * 16) == ("STATUS_LIST_STALE", "stale")
    assert with_list(with_status(0, exp=NOW), token=activation_token()) == ("STATUS_LIST_STALE", "stale")
    assert with_list("x", token=activation_token(nonce=NONCE, exp=NOW)) == ("STATUS_LIST_INVALID", "none")


def test_the_list_of_an_activation(ask: Ask) -> None:
    def code(text: Any, beside: Any = None, **claims: Any) -> str:
        shown = {
            "token": activation_token(status=PLACE, **claims),
            "fingerprint": MACHINE,
            "nonce": NONCE,
            "status_list": text,
        }
        return ask(license_token(status=..., **SEATED), activation=shown, status_list=beside).code

    def ended(status: int, **different: Any) -> str:
        return status_list(bytes([status]), sub=SEAT_LIST_URI, **different)

    assert code(ended(0)) == "VALID"
    assert code(ended(1)) == code(ended(2)) == code(None, [ended(1)]) == "ACTIVATION_ENDED"
    assert code(ended(3)) == code("x") == code(with_status(1)) == code(ended(1, signer=STRANGER)) == "VALID"
    # Of two of the same second, the one among the lists of the license, as in TypeScript.
    assert code(ended(1), [ended(0)]) == "VALID"
    assert code(ended(0), [ended(1)]) == "ACTIVATION_ENDED"
    assert code(ended(1, exp=NOW)) == "VALID"
    assert code(ended(1, exp=NOW), nonce=NONCE) == "ACTIVATION_ENDED"
