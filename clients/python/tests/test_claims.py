from __future__ import annotations

from typing import Any

import pytest
from conftest import Ask
from forger import LICENSE_ID, NOW, OURS, license_claims, license_token

WRONG: list[tuple[str, Any]] = [
    ("jti", ...), ("jti", "x"), ("jti", LICENSE_ID + "\n"), ("jti", 1), ("iss", ...), ("iss", 1), ("iss", "a\0"),
    ("iss", "\ud800"), ("iat", ...), ("iat", "1"), ("iat", True), ("iat", -1), ("iat", 1.5), ("iat", 253402300800),
    ("iat", None), ("exp", None), ("exp", False), ("exp", ...), ("exp", "1"), ("exp", [1]),
    ("customer", ...), ("customer", []), ("customer", {"id": "a"}), ("customer", {"id": "a" * 51, "name": "b"}),
    ("customer", {"id": "a", "name": "b" * 256}), ("customer", {"id": 1, "name": "b"}),
    ("module", {"technical_name": "a" * 101, "allowed_major_versions": []}),
    ("module", {"technical_name": "a", "allowed_major_versions": [17]}),
    ("module", {"technical_name": "a", "allowed_major_versions": "17"}),
    ("module", {"technical_name": "a", "allowed_major_versions": {}}),
    ("license_type", ...), ("license_type", "trial"), ("license_type", ["demo"]),
    ("instance_fingerprint", None), ("instance_fingerprint", "a" * 101), ("instance_fingerprint", 1),
    ("grace_days", -1), ("grace_days", 366), ("grace_days", True), ("grace_days", None), ("grace_days", 0.5),
    ("rev", "1"), ("rev", True), ("rev", None), ("rev", 2**53), ("status", None), ("status", {}), ("status", []),
    ("status", {"status_list": {"idx": "1", "uri": "a"}}), ("status", {"status_list": {"idx": True, "uri": "a"}}),
    ("status", {"status_list": {"idx": 1}}),
    ("seats", None), ("seats", {}), ("seats", []), ("seats", {"mode": "fixed"}), ("seats", {"mode": "fixed", "required": 1}),
    ("seats", {"mode": "pooled", "required": True}), ("seats", {"mode": ["fixed"], "required": True}),
    ("entitlements", None), ("entitlements", []), ("entitlements", {"A": 1}), ("entitlements", {"a" * 51: 1}),
    ("entitlements", {"a\n": 1}), ("entitlements", {"a": None}), ("entitlements", {"a": -1}), ("entitlements", {"a": 0.5}),
    ("entitlements", {"a": 2**53}), ("entitlements", {"a": "b" * 201}), ("entitlements", {"a": "\0"}),
    ("entitlements", {"a": {}}), ("entitlements", {f"a{n}": True for n in range(101)}),
    ("entitlements", {f"a{n}": "b" * 200 for n in range(10)}),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "value"), WRONG)
def test_a_claim_that_breaks_its_rule_is_malformed(ask: Ask, claim: str, value: Any) -> None:
    verdict = ask(license_token(**{claim: value}))
    assert (verdict.code, verdict.license_id, verdict.customer_name) == ("MALFORMED", None, None)


@pytest.mark.parametrize(
    "different",
    [
        {"iat": 0}, {"iat": float(NOW)}, {"exp": 253402300799}, {"exp": float(NOW + 1)}, {"rev": ...}, {"rev": -1},
        {"nbf": NOW + 1}, {"nbf": "soon"}, {"aud": ["x"]}, {"later": {"a": [None]}}, {"jti": LICENSE_ID.upper()},
        {"customer": {"id": "🚀" * 50, "name": "🚀" * 255, "later": 1}}, {"grace_days": 365.0}, {"customer": {"id": "", "name": ""}},
        {"license_type": "perpetual", "exp": ...}, {"license_type": "perpetual", "exp": ..., "grace_days": 0},
        {"license_type": "perpetual"}, {"status": {"status_list": {"idx": -1, "uri": ""}}},
        {"entitlements": {"constructor": True, "a.b-c_d": 2**53 - 1, "__class__"[2:7]: "é" * 200}},
    ],
)  # fmt: skip
def test_what_keeps_the_rules_is_valid(ask: Ask, different: dict[str, Any]) -> None:
    assert ask(license_token(**different)).code == "VALID"


def test_only_a_perpetual_license_lacks_an_end_and_it_has_no_grace(ask: Ask) -> None:
    assert ask(license_token(license_type="demo", exp=...)).code == "MALFORMED"
    assert ask(license_token(license_type="perpetual", exp=..., grace_days=1)).code == "MALFORMED"


def test_whole_numbers_are_answered_as_such(ask: Ask) -> None:
    granted = ask(license_token(entitlements={"a": 5.0, "b": True})).entitlements
    assert dict(granted) == {"a": 5, "b": True}
    assert [type(value) for value in granted.values()] == [int, bool]


def test_a_token_has_at_most_8192_characters(ask: Ask) -> None:
    def padded(size: int) -> str:
        rest = size - len(license_token(later=""))
        return license_token(later="a" * (rest * 3 // 4))

    longest = next(token for token in map(padded, range(8192, 8180, -1)) if len(token) <= 8192)
    assert len(longest) >= 8190
    assert ask(longest).code == "VALID"
    assert ask(padded(8196)).code == "MALFORMED"
    assert ask(longest + " " * 57_344).code == "VALID"
    assert ask(longest + " " * 57_355).code == "MALFORMED"


@pytest.mark.parametrize(
    "token", [..., 0, 1.5, True, b"a.b.c", [], {}, object(), "", "\ud800.\ud800.\ud800", "." * 65_536, "{" * 65_537]
)
def test_a_token_of_any_type_is_answered(ask: Ask, token: object) -> None:
    assert ask(token).code == "MALFORMED"


def test_a_text_with_methods_of_its_own_is_read_as_the_text(ask: Ask) -> None:
    class Lies(str):
        def split(self, *_: Any) -> Any:
            raise RuntimeError

        strip = __len__ = split  # type: ignore[assignment]

    assert ask(Lies(license_token())).code == "VALID"


def test_damaged_tokens_are_never_valid(ask: Ask) -> None:
    token = license_token()
    codes = set()
    for at in range(len(token)):
        for other in ("A", "_", ".", "=", "ä"):
            if token[at] != other:
                codes.add(ask(token[:at] + other + token[at + 1 :]).code)
        codes.add(ask(token[:at]).code)
    assert codes == {"MALFORMED", "UNKNOWN_KEY", "SIGNATURE_INVALID"}


def test_the_signature_is_that_of_the_very_text(ask: Ask) -> None:
    claims = license_claims()
    assert ask(OURS.sign("JWT", claims, alg="Ed25519")).code == "VALID"
    for alg in ("none", "HS256", "eddsa", "Ed448", ""):
        assert ask(OURS.sign("JWT", claims, alg=alg)).code == "SIGNATURE_INVALID"
    head = OURS.sign("JWT", claims).rsplit(".", 1)[0]
    assert ask(f"{head}.").code == "SIGNATURE_INVALID"
    assert ask(f"{head}.AAAA").code == "SIGNATURE_INVALID"
