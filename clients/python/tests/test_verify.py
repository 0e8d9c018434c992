from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Ask
from forger import (
    DAY,
    ISSUER,
    LICENSE_ID,
    MACHINE,
    NOW,
    OURS,
    ROOT,
    STRANGER,
    Signer,
    activation_token,
    key_set,
    license_claims,
    license_token,
    with_status,
)  # fmt: skip

from aegis_client import entitlement_of, instance_fingerprint, verify_license

SEATED = {"seats": {"mode": "fixed", "required": True}}
HERE = {"db_uuid": "5f0c9a3e", "domain": "erp.example:8069"}
BOUND = instance_fingerprint("5f0c9a3e", "erp.example:8069")


def test_a_valid_license_is_answered_as_the_server_does(ask: Ask) -> None:
    verdict = ask(license_token(entitlements={"edition": "pro"}))
    assert json.loads(json.dumps(verdict.as_dict())) == {
        "valid": True,
        "code": "VALID",
        "error": None,
        "warnings": [],
        "license_id": LICENSE_ID,
        "license_type": "subscription",
        "customer_name": "Acme Ltd.",
        "expires_at": "2027-04-25T08:00:00.000Z",
        "entitlements": {"edition": "pro"},
        "activation": None,
        "checked_at": "2027-01-15T08:00:00.000Z",
        "revocation": "none",
        "clock": "unknown",
    }
    assert entitlement_of(verdict, "edition") == "pro"
    assert entitlement_of(verdict, "get") is None
    assert entitlement_of(ask(license_token(entitlements={"a": True}), module="crm"), "a") is None


def test_the_first_failing_check_names_the_code(ask: Ask) -> None:
    """Each token is wrong in everything that is checked after what names the code."""
    guard = pytest.importorskip("aegis_client").MemoryStorage({"trusted_at": NOW + 301, "seen_at": NOW})
    all_wrong: dict[str, Any] = {
        "version": "18", "module": "crm", "issuer": "https://elsewhere.test", "instance": {"db_uuid": "other", "domain": "x"},
        "guard": guard, "status_list": "x",
    }  # fmt: skip
    expired = {"exp": NOW, "instance_fingerprint": BOUND, **SEATED}
    token = license_token(**expired)
    right = {"issuer": ISSUER, "module": "payroll", "version": "saas~17.2", "instance": HERE, "guard": None}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("ISSUER_MISMATCH", {}),
        ("MODULE_MISMATCH", {"issuer": ["https://a.test", ISSUER]}),
        ("VERSION_NOT_ALLOWED", {"module": right["module"]}),
        ("INSTANCE_MISMATCH", {"version": right["version"]}),
        ("CLOCK_SET_BACK", {"instance": HERE}),
        ("STATUS_LIST_INVALID", {"guard": None}),
        ("STATUS_LIST_STALE", {"status_list": with_status(1, exp=NOW)}),
        ("REVOKED", {"status_list": with_status(1)}),
        ("SUSPENDED", {"status_list": with_status(2)}),
        ("EXPIRED", {"status_list": with_status(0)}),
        ("EXPIRED", {"status_list": None}),
    ]
    options = dict(all_wrong)
    assert ask(token + "=", **options).code == "MALFORMED"
    assert ask(OURS.sign("JWT", license_claims(**expired), kid="k9"), **options).code == "UNKNOWN_KEY"
    assert ask(license_token(STRANGER, **expired), **options).code == "SIGNATURE_INVALID"
    for code, different in steps:
        options.update(different)
        assert ask(token, **options).code == code
    seated = license_token(instance_fingerprint=BOUND, **SEATED)
    assert ask(seated, **options).code == "ACTIVATION_REQUIRED"
    for code, shown in [
        ("ACTIVATION_INVALID", activation_token(sub="1" + LICENSE_ID[1:], fp="0" * 64, exp=NOW)),
        ("ACTIVATION_INVALID", activation_token(STRANGER)),
        ("ACTIVATION_INVALID", activation_token(iss="https://elsewhere.test")),
        ("ACTIVATION_INVALID", seated),
        ("ACTIVATION_INVALID", 5),
        ("ACTIVATION_MISMATCH", activation_token(fp="0" * 64, exp=NOW)),
        ("ACTIVATION_MISMATCH", activation_token(nonce="0" * 16, exp=NOW)),
        ("ACTIVATION_ENDED", activation_token(exp=NOW)),
        ("VALID", activation_token()),
    ]:
        options["activation"] = {"token": shown, "fingerprint": MACHINE}
        assert ask(seated, **options).code == code
    assert ask(seated, **options).activation == pytest.importorskip("aegis_client").HeldSeat(
        "5f0c9a3e-8a7b-41ee-b9d1-0242ac120002", "2027-02-14T08:00:00.000Z"
    )


@pytest.mark.parametrize(
    "instance", [None, {}, {"db_uuid": "a"}, {"db_uuid": "a", "domain": ""}, {"db_uuid": None, "domain": "a"}]
)
def test_a_bound_license_asks_for_the_instance(ask: Ask, instance: Any) -> None:
    assert ask(license_token(instance_fingerprint=BOUND), instance=instance).code == "INSTANCE_REQUIRED"


@pytest.mark.parametrize(("version", "code"), [
    ("17", "VALID"), ("17.0.1.2", "VALID"), ("saas-17.4", "VALID"), ("17x", "VALID"), ("v17", "VERSION_NOT_ALLOWED"),
    ("", "VERSION_NOT_ALLOWED"), ("170", "VERSION_NOT_ALLOWED"), ("017", "VERSION_NOT_ALLOWED"), ("١٧", "VERSION_NOT_ALLOWED"),
    ("17000000000", "VERSION_NOT_ALLOWED"), (" 17", "VERSION_NOT_ALLOWED"),
])  # fmt: skip
def test_the_leading_number_counts(ask: Ask, version: str, code: str) -> None:
    assert ask(version=version).code == code


def test_the_end_and_grace(ask: Ask) -> None:
    def at(now: float) -> tuple[str, tuple[str, ...]]:
        verdict = ask(license_token(exp=NOW, grace_days=2), now=now)
        return verdict.code, verdict.warnings

    assert at(NOW - 30 * DAY - 0.001) == ("VALID", ())
    assert at(NOW - 30 * DAY) == ("VALID", ("EXPIRES_SOON",))
    assert at(NOW - 0.001) == ("VALID", ("EXPIRES_SOON",))
    assert at(NOW) == ("VALID", ("IN_GRACE",))
    assert at(NOW + 2 * DAY - 0.001) == ("VALID", ("IN_GRACE",))
    assert at(NOW + 2 * DAY) == ("EXPIRED", ())


def test_pinned_keys_are_jwks_or_pem(ask: Ask) -> None:
    assert ask(keys=[Signer("old", 9).jwk, {"kid": "k1", "pem": OURS.pem}]).code == "VALID"
    assert ask(keys=[{"kid": "k1", "pem": STRANGER.pem}]).code == "SIGNATURE_INVALID"
    assert ask(keys=[{**OURS.jwk, "kid": "k2"}]).code == ask(keys=[]).code == "UNKNOWN_KEY"


def test_anyone_can_sign_for_a_key_of_small_order(ask: Ask) -> None:
    weak = {**OURS.jwk, "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
    head = license_token().rsplit(".", 1)[0]
    forged = head + ".AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    assert ask(forged, keys=[weak]).code == "SIGNATURE_INVALID"
    assert ask(keys={"key_set": key_set(keys=[weak]), "root": ROOT.jwk}).code == "UNKNOWN_KEY"


def test_a_key_set_is_trusted_when_the_root_signed_it(ask: Ask) -> None:
    def code(text: object, now: float = NOW, **more: Any) -> str:
        return ask(keys={"key_set": text, "root": ROOT.jwk, **more}, now=now).code

    assert code(key_set()) == "VALID"
    assert code(key_set(), root=[STRANGER.jwk, ROOT.pem]) == "VALID"
    assert code(key_set(OURS)) == "UNKNOWN_KEY"
    assert code(5) == "UNKNOWN_KEY"
    assert code(key_set(), newest_seen=NOW - DAY) == "VALID"
    assert code(key_set(), newest_seen=NOW - DAY + 1) == "UNKNOWN_KEY"
    assert code(key_set(exp=NOW + 1)) == "VALID"
    assert code(key_set(exp=NOW)) == "UNKNOWN_KEY"
    gone = {"keys": [], "compromised": [{"kid": "k1", "at": NOW - 5, "after": None}]}
    assert code(key_set(**gone)) == "KEY_COMPROMISED"
    assert code(key_set(**gone, exp=NOW)) == "KEY_COMPROMISED"
    assert code(key_set(OURS, **gone)) == "UNKNOWN_KEY"


@pytest.mark.parametrize("different", [
    {"keys": [OURS.jwk, OURS.jwk]}, {"keys": [{**OURS.jwk, "d": "a"}]}, {"keys": [{**OURS.jwk, "crv": "X25519"}]},
    {"keys": [{**OURS.jwk, "x": OURS.jwk["x"] + "="}]}, {"keys": [{**OURS.jwk, "use": "enc"}]}, {"keys": {}}, {"keys": [1]},
    {"compromised": ...}, {"compromised": [{"kid": "k1", "at": 1, "after": None}]}, {"compromised": [{"kid": "a", "at": 1}]},
    {"iat": NOW, "exp": NOW}, {"exp": ...}, {"iat": "1"}, {"keys": [{**OURS.jwk, "kid": "-"}]},
])  # fmt: skip
def test_a_key_set_is_read_strictly(ask: Ask, different: dict[str, Any]) -> None:
    verdict = ask(keys={"key_set": key_set(**different), "root": ROOT.jwk})
    assert (verdict.code, "malformed" in str(verdict.error)) == ("UNKNOWN_KEY", True)


def test_a_plain_jwks_needs_trust_in_the_transport(ask: Ask) -> None:
    jwks = {"keys": [{"kty": "RSA", "kid": "r"}, {**OURS.jwk, "kid": None}, OURS.jwk]}
    assert ask(keys={"jwks": jwks, "trust_transport": True}).code == "VALID"
    assert ask(keys={"jwks": [], "trust_transport": True}).code == "UNKNOWN_KEY"
    # Of two keys of one kid the first counts, as in TypeScript.
    assert ask(keys={"jwks": {"keys": [OURS.jwk, STRANGER.jwk]}, "trust_transport": True}).code == "VALID"
    doubled = {"keys": [STRANGER.jwk, OURS.jwk]}
    assert ask(keys={"jwks": doubled, "trust_transport": True}).code == "SIGNATURE_INVALID"
    with pytest.raises(ValueError, match="trust_transport"):
        ask(keys={"jwks": jwks})
    with pytest.raises(ValueError, match="trust_transport"):
        ask(keys={"jwks": jwks, "trust_transport": 1})


@pytest.mark.parametrize(("option", "value", "error"), [
    ("issuer", None, TypeError), ("issuer", [], ValueError), ("issuer", [1], TypeError), ("module", None, TypeError),
    ("version", 17, TypeError), ("instance", "a:b", TypeError), ("instance", {"db_uuid": 1, "domain": "a"}, TypeError),
    ("instance", {"db_uuid": "\ud800", "domain": "a"}, ValueError), ("max_offline", "1", TypeError),
    ("max_offline", -1, ValueError), ("max_offline", True, TypeError), ("max_offline", float("nan"), ValueError),
    ("now", "1", TypeError), ("now", True, TypeError), ("now", -1, ValueError), ("now", float("nan"), ValueError),
    ("now", 8640000000001, ValueError), ("guard", {}, TypeError), ("activation", "a", TypeError),
    ("activation", {"token": "a"}, TypeError), ("activation", {"token": "a", "fingerprint": 1}, TypeError),
    ("activation", {"token": "a", "fingerprint": "a", "nonse": "b"}, TypeError),
    ("activation", {"token": "a", "fingerprint": "a", "nonce": 1}, TypeError),
    ("activation", {"token": "a", "fingerprint": "\ud800"}, ValueError),
    ("keys", None, TypeError), ("keys", "a", TypeError), ("keys", ["a"], TypeError),
    ("keys", {}, ValueError), ("keys", [OURS.jwk, OURS.jwk], ValueError), ("keys", [{**OURS.jwk, "d": "a"}], ValueError),
    ("keys", [{**OURS.jwk, "kid": ""}], ValueError), ("keys", [{"kid": "a", "pem": "a"}], ValueError),
    ("keys", [{"kid": "a", "pem": 1}], TypeError), ("keys", {"key_set": "a", "root": "a"}, ValueError),
    ("keys", {"key_set": "a", "root": []}, ValueError), ("keys", {"key_set": "a"}, ValueError),
    ("keys", {"key_set": "a", "root": ROOT.jwk, "newest_seen": "1"}, ValueError),
])  # fmt: skip
def test_a_wrong_option_is_named_before_the_token_is_looked_at(option: str, value: Any, error: type[Exception]) -> None:
    options: dict[str, Any] = {
        "keys": [OURS.jwk],
        "issuer": ISSUER,
        "module": "payroll",
        "version": "17",
        option: value,
    }
    with pytest.raises(error, match=option):
        verify_license(None, **options)


def test_the_local_clock_is_the_default() -> None:
    options: dict[str, Any] = {"keys": [OURS.jwk], "issuer": ISSUER, "module": "payroll", "version": "17"}
    assert verify_license(license_token(exp=1), **options).code == "EXPIRED"
    assert verify_license(license_token(exp=253402300799), **options).code == "VALID"


def test_the_list_of_a_license_without_a_place_is_not_read(ask: Ask) -> None:
    verdict = ask(license_token(status=...), status_list="x")
    assert (verdict.code, verdict.revocation) == ("VALID", "none")
    of_file = {"token": activation_token(nonce="0" * 16), "fingerprint": MACHINE, "nonce": "0" * 16}
    assert ask(license_token(status=...), activation=of_file).revocation == "none"
