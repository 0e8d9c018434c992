"""Verifies a webhook by its `v1a` signature with a public key alone, as a receiver in Python does (Standard Webhooks).
Reads one message from standard input, JSON with `id`, `timestamp`, `body` and `signature`; prints "valid" or "invalid".

usage: webhook_verifier.py <whpk_…>
"""

import base64
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

public_key = Ed25519PublicKey.from_public_bytes(base64.b64decode(sys.argv[1].removeprefix("whpk_"), validate=True))
message = json.load(sys.stdin)
signed = f"{message['id']}.{message['timestamp']}.{message['body']}".encode()


def is_valid(signature):
    version, _, value = signature.partition(",")
    if version != "v1a":
        return False
    try:
        public_key.verify(base64.b64decode(value, validate=True), signed)
    except InvalidSignature:
        return False
    return True


print("valid" if any(is_valid(signature) for signature in message["signature"].split(" ")) else "invalid")
