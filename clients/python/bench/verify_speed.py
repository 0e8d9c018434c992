"""How fast ``verify_license`` is, compared with the signature check alone, in the same run.

Reads a question as JSON from standard input and writes what it measured as JSON. ``npm run bench:clients`` asks it.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from typing import Any, Callable

import cryptography
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from aegis_client import trusted_keys, verify_license
from aegis_client.formats.base64url import decode_base64url


def microseconds(call: Callable[[], Any], calls: int) -> float:
    begin = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - begin) / calls * 1e6


def main() -> None:
    asked = json.load(sys.stdin)
    token, size = asked["token"], asked["size"]
    question = {name: asked[name] for name in ("issuer", "module", "version", "instance")}
    content, signature = asked["signingInput"].encode(), decode_base64url(asked["signature"]) or b""
    key = Ed25519PublicKey.from_public_bytes(decode_base64url(asked["jwk"]["x"]) or b"")
    keys = trusted_keys([asked["jwk"]])

    def raw() -> Any:
        return key.verify(signature, content)

    def whole() -> Any:
        return verify_license(token, keys=keys, **question)

    assert whole().valid
    calls = size["calls"]
    pairs: list[tuple[float, float]] = []
    # In turns, so that what else the machine does meets both, and each first in every other round: a scheduler's time
    # slice may end after about as long as a round takes.
    for at in range(size["warmUp"] + size["rounds"]):
        first, second = (raw, whole) if at % 2 == 0 else (whole, raw)
        times = microseconds(first, calls), microseconds(second, calls)
        pairs.append(times if at % 2 == 0 else times[::-1])
    raws, wholes = zip(*pairs[size["warmUp"] :])
    found = {
        "runtime": f"Python {platform.python_version()}, cryptography {cryptography.__version__}",
        "raw": statistics.median(raws),
        "whole": statistics.median(wholes),
        "ratio": statistics.median(one / other for one, other in zip(raws, wholes)),
        "leastRatio": min(raws) / min(wholes),
    }
    json.dump(found, sys.stdout)


main()
