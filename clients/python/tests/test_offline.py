from __future__ import annotations

import json

import pytest
from forger import LICENSE_ID, MACHINE, NOW

from aegis_client import OfflineRequest, RefusedRequest, new_offline_request, parse_offline_file, parse_offline_request
from aegis_client.fingerprints import activation_fingerprint, new_fingerprint

REQUEST = OfflineRequest(LICENSE_ID, activation_fingerprint(LICENSE_ID, MACHINE), "0123456789abcdef", NOW)
SHOWN = str(REQUEST)


def test_a_request_is_read_as_it_was_made() -> None:
    assert len(SHOWN.replace("-", "")) == 104
    assert parse_offline_request(SHOWN) == REQUEST
    mistyped = SHOWN.lower().replace("0", "o").replace("1", "l").replace("-", " \n\u2013")
    assert parse_offline_request(mistyped) == REQUEST


def test_a_new_request_has_its_own_nonce() -> None:
    one, other = (new_offline_request(LICENSE_ID.upper(), MACHINE) for _ in range(2))
    assert one.nonce != other.nonce
    assert (one.license_id, one.fingerprint_digest) == (LICENSE_ID, REQUEST.fingerprint_digest)
    assert parse_offline_request(str(one)) == one
    # As the server: nothing that can't be seen, and no half of a character.
    for hidden in ("\x07", "a\u200bb", "\ufeffa", "\u202ea", "\ud800", "a\u2028"):
        with pytest.raises(ValueError, match="fingerprint"):
            new_offline_request(LICENSE_ID, hidden)
    assert new_offline_request(LICENSE_ID, "Empfang 1 é 😀").fingerprint_digest
    with pytest.raises(ValueError, match="license_id"):
        new_offline_request("x", MACHINE)
    assert new_fingerprint() != new_fingerprint()


def test_each_mistaken_character_is_found() -> None:
    symbols = SHOWN.replace("-", "")
    for at in range(len(symbols)):
        wrong = symbols[:at] + ("7" if symbols[at] != "7" else "8") + symbols[at + 1 :]
        with pytest.raises(RefusedRequest) as refused:
            parse_offline_request(wrong)
        assert refused.value.reason == "checksum"


@pytest.mark.parametrize(("typed", "reason"), [
    (SHOWN[:-1], "length"), (SHOWN + "0", "length"), ("", "length"), ("0" * 1001, "length"), (SHOWN[:-1] + "U", "character"),
    (SHOWN[:-1] + "ı", "character"), (SHOWN[:-1] + "ß", "character"),
])  # fmt: skip
def test_other_mistakes_are_named(typed: str, reason: str) -> None:
    with pytest.raises(RefusedRequest) as refused:
        parse_offline_request(typed)
    assert refused.value.reason == reason


def test_an_offline_file_is_read_by_its_form() -> None:
    content = {
        "format": "aegis-offline-activation/1", "license_token": "a", "activation_token": "b", "key_set": None,
        "status_lists": ["c", "d"], "later": 1,
    }  # fmt: skip
    assert parse_offline_file(json.dumps(content)) == ("a", "b", None, ("c", "d"))
    for different in [{"format": "x"}, {"license_token": 1}, {"activation_token": None}, {"key_set": 1}, {"status_lists": "c"},
                      {"status_lists": [1]}, {"status_lists": ["c"] * 17}]:  # fmt: skip
        with pytest.raises(ValueError):
            parse_offline_file(json.dumps({**content, **different}))
    del content["key_set"]
    for text in (json.dumps(content), "[]", 5, "\ud800"):
        with pytest.raises(ValueError):
            parse_offline_file(text)
