"""Signs what tests need, right and wrong."""

from __future__ import annotations

import json
import zlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from aegis_client.fingerprints import activation_fingerprint
from aegis_client.formats.base64url import encode_base64url

NOW = 1_800_000_000
DAY = 86_400
ISSUER = "https://license.acme.test"
LICENSE_ID = "0bfb0cef-a864-400f-83d4-e8c6bd41dda5"
ACTIVATION_ID = "5f0c9a3e-8a7b-41ee-b9d1-0242ac120002"
LIST_URI = "https://license.acme.test/api/v1/status-lists/1"
SEAT_LIST_URI = "https://license.acme.test/api/v1/status-lists/500000001"
MACHINE = "machine-1"


class Signer:
    """A key pair with its kid. The same number gives the same key."""

    def __init__(self, kid: str, number: int) -> None:
        self.kid = kid
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)

    @property
    def raw(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def jwk(self) -> dict[str, Any]:
        return {"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": encode_base64url(self.raw)}

    @property
    def pem(self) -> str:
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign_parts(self, header: str, payload: str) -> str:
        """Of texts as they are, JSON or not."""
        parts = [encode_base64url(part.encode("utf-8", "surrogatepass")) for part in (header, payload)]
        signature = self._key.sign(".".join(parts).encode())
        return ".".join([*parts, encode_base64url(signature)])

    def sign(self, typ: str | None, claims: dict[str, Any], **header: Any) -> str:
        members = {"alg": "EdDSA", "typ": typ, "kid": self.kid, **header}
        return self.sign_parts(json.dumps({k: v for k, v in members.items() if v is not None}), json.dumps(claims))


OURS = Signer("k1", 1)
STRANGER = Signer("k1", 2)
ROOT = Signer("root", 3)


def without_absent(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value is not ...}


def license_claims(**different: Any) -> dict[str, Any]:
    """``...`` leaves a claim out."""
    claims = {
        "jti": LICENSE_ID,
        "iss": ISSUER,
        "iat": NOW - 100 * DAY,
        "exp": NOW + 100 * DAY,
        "customer": {"id": "acme", "name": "Acme Ltd."},
        "module": {"technical_name": "payroll", "allowed_major_versions": ["17"]},
        "license_type": "subscription",
        "rev": 1,
        "status": {"status_list": {"idx": 5, "uri": LIST_URI}},
        **different,
    }
    return without_absent(claims)


def license_token(signer: Signer = OURS, **different: Any) -> str:
    return signer.sign("JWT", license_claims(**different))


def activation_token(signer: Signer = OURS, **different: Any) -> str:
    claims = {
        "iss": ISSUER,
        "jti": ACTIVATION_ID,
        "sub": LICENSE_ID,
        "fp": activation_fingerprint(LICENSE_ID, MACHINE),
        "fence": 1,
        "iat": NOW - DAY,
        "exp": NOW + 30 * DAY,
        **different,
    }
    return signer.sign("aegis-activation+jwt", without_absent(claims))


def status_list(statuses: bytes, signer: Signer = OURS, bits: int = 2, lst: str | None = None, **different: Any) -> str:
    claims = {
        "sub": LIST_URI,
        "iat": NOW - 60,
        "exp": NOW + 35 * DAY,
        "ttl": 300,
        "status_list": {"bits": bits, "lst": lst or encode_base64url(zlib.compress(statuses))},
        **different,
    }
    return signer.sign("statuslist+jwt", without_absent(claims))


def with_status(status: int, **different: Any) -> str:
    """A list in which the license of ``license_token()`` has a status."""
    return status_list(bytes([0, status << 2]), **different)


def key_set(signer: Signer = ROOT, **different: Any) -> str:
    claims = {"iat": NOW - DAY, "exp": NOW + 90 * DAY, "keys": [OURS.jwk], "compromised": [], **different}
    return signer.sign("jwk-set+jwt", without_absent(claims))
