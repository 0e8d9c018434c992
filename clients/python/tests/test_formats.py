from __future__ import annotations

import os
import subprocess
import sys
import json

import pytest
from forger import OURS

from aegis_client.formats.base64url import decode_base64url, encode_base64url
from aegis_client.formats.compact_jws import JwsKind, parse_compact_jws
from aegis_client.formats.malformed import Malformed
from aegis_client.formats.strict_json import parse_strict_json_object
from aegis_client.formats.white_space import without_outer_white_space

KIND = JwsKind(8192, "jwt", may_lack_typ=True)


@pytest.mark.parametrize("content", [b"", b"f", b"fo", b"foo", b"\xff\xfe\xfd\xfc", bytes(range(256))])
def test_base64url_reads_what_encoders_write(content: bytes) -> None:
    assert decode_base64url(encode_base64url(content)) == content


@pytest.mark.parametrize(
    "encoded",
    [
        "A",
        "AAAAA",
        "Zg==",
        "Zh",
        "Zm9v=",
        "Zm9",
        "Zm 9v",
        "Zm9v\n",
        "\nZm9v",
        "Zm+v",
        "Zm/v",
        "Zm9v.",
        "Zmäv",
        "Zm9v\0",
        "=",
        "Z",
    ],
)
def test_base64url_refuses_every_other_spelling(encoded: str) -> None:
    assert decode_base64url(encoded) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "1", '"a"', "{", "{} {}", "{'a':1}", '{"a":1,}', '{"a":NaN}', '{"a":Infinity}', '{"a":-Infinity}',
        '{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":+1}', '{"a":١}', '{"a":1,"a":1}', '{"a":1,"\\u0061":1}',
        '{"b":[{"a":1,"a":2}]}', '{"a":"\n"}', '{"a":"\x01"}', "\ufeff{}", '{"a":"\\x"}', '{"a":1}\0', "\u00a0{}", "{}\x0c",
        '{"a":tru}', '{"a":True}',
    ],
)  # fmt: skip
def test_json_is_read_strictly(text: str) -> None:
    assert parse_strict_json_object(text.encode()) is None


@pytest.mark.parametrize("content", [b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc0\x80"}', b"\xff\xfe{\0}\0"])
def test_json_is_utf8(content: bytes) -> None:
    assert parse_strict_json_object(content) is None


def test_json_reads_16_levels_and_no_more() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)

    assert parse_strict_json_object(nested(16)) is not None
    assert parse_strict_json_object(nested(17)) is None
    assert parse_strict_json_object(b'{"a":' + b"[" * 15 + b"]" * 15 + b"}") is not None
    assert parse_strict_json_object(b'{"a":' + b"[" * 16 + b"]" * 16 + b"}") is None
    assert parse_strict_json_object(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}") is None
    assert parse_strict_json_object(json.dumps({"a": [[1]] * 50, "{[": "{[" * 50}).encode()) is not None


def test_json_reads_long_numbers_in_little_time() -> None:
    assert parse_strict_json_object(b'{"a":' + b"9" * 200_000 + b"}") == {"a": float("inf")}
    assert parse_strict_json_object(b'{"a":' + b"9" * 5_000 + b',"a":1}') is None
    assert parse_strict_json_object(b'{"a":1e400,"b":-0}') == {"a": float("inf"), "b": 0}


def test_white_space_is_that_of_unicode() -> None:
    assert without_outer_white_space("\u2003\t\r\n a b\u3000\x85") == "a b"
    assert without_outer_white_space("\x1ca\ufeff") == "\x1ca\ufeff"


def test_a_jws_is_read() -> None:
    signed = parse_compact_jws(OURS.sign("application/JWT", {"a": 1}), KIND)
    assert (signed.header.kid, signed.payload) == ("k1", {"a": 1})


@pytest.mark.parametrize(
    "text",
    [
        None, 1, b"a.b.c", [], "", "..", "a.b", "a.b.c.d",
        OURS.sign("JWT", {})[:-1] + "=",
        OURS.sign("JWT", {}) + ".",
        OURS.sign("JWT", {}) + "\n",
        " " + OURS.sign("JWT", {}),
        OURS.sign("JWT", {}).replace(".", ". ", 1),
        OURS.sign("JWT", {}, crit=["exp"]),
        OURS.sign("JWT", {}, crit=[]),
        OURS.sign("JWT", {}, kid=1),
        OURS.sign("JWT", {}, kid=["k1"]),
        OURS.sign("JWT", {}, alg=None),
        OURS.sign("JWT", {}, alg=1),
        OURS.sign("at+jwt", {}),
        OURS.sign("application/application/jwt", {}),
        OURS.sign_parts('{"alg":"EdDSA","kid":"k1","typ":null}', "{}"),
        OURS.sign_parts('{"alg":"EdDSA","kid":"k1","kid":"k1"}', "{}"),
        OURS.sign_parts('{"alg":"EdDSA","kid":"k1"}', "[]"),
        OURS.sign("JWT", {"a": "a" * 8192}),
    ],
)  # fmt: skip
def test_a_jws_is_read_strictly(text: object) -> None:
    with pytest.raises(Malformed):
        parse_compact_jws(text, KIND)


def test_typ_may_be_required() -> None:
    text = OURS.sign(None, {})
    assert parse_compact_jws(text, KIND).payload == {}
    with pytest.raises(Malformed):
        parse_compact_jws(text, KIND._replace(may_lack_typ=False))


def test_nesting_is_counted_before_a_text_is_read() -> None:
    """Python's reader calls itself for each level: in a program that has raised the limit of that, a stranger's text ended the
    process. A process of its own shows it."""
    program = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from aegis_client.formats.strict_json import parse_strict_json_object as read\n"
        "assert read(b'[' * 1_000_000) is None and read(b'{\"a\":' * 400_000) is None\n"
        "assert read(b'{\"[[[[[[[[[[[[[[[[[[\\\\\\\"[\":1}') is not None"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_number_of_a_million_digits_takes_no_time_without_pythons_limit() -> None:
    program = (
        "from aegis_client.formats.strict_json import parse_strict_json_object as read\n"
        "assert read(b'{\"a\":' + b'9' * 1_000_000 + b'}') == {'a': float('inf')}\n"
        "assert read(b'{\"a\":[' + b'9' * 599 + b']}') == {'a': [10**599 - 1]}"
    )
    environment = {**os.environ, "PYTHONINTMAXSTRDIGITS": "0"}
    # By the schoolbook method it would take minutes.
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30, env=environment)
