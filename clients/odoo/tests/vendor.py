"""What tests ask with: the installation, its keys, and licenses for it."""

from __future__ import annotations

from typing import Any

from forger import ISSUER, LICENSE_ID, NOW, OURS, activation_token, license_token
from licensing.client import activation_fingerprint, trusted_keys
from licensing.kept import Kept
from licensing.question import Question, read_question
from licensing.verification import check_license

UUID = "5f0c9a3e-8a7b-11ee-b9d1-0242ac120002"
PARAMETERS = {"database.uuid": UUID, "web.base.url": "https://ERP.acme.test:8069", "aegis.issuer": ISSUER}
SEATED = {"seats": {"mode": "fixed", "required": True}}


def question(series: str = "17.0", **parameters: Any) -> Question:
    """``database_uuid`` stands for ``database.uuid``; None: the parameter is missing."""
    named = {name.replace("__", "."): value for name, value in parameters.items()}
    values = {**PARAMETERS, **named}
    return read_question(lambda name: values.get(name) or False, series, trusted_keys([OURS.jwk]))


def check(token: object = None, kept: Kept | None = None, now: float = NOW, **parameters: Any) -> dict[str, Any]:
    given = license_token() if token is None else token
    return check_license(given, "payroll", question(**parameters), kept or Kept(None), now)


def seat_token(asked: Question, **different: Any) -> str:
    digest = activation_fingerprint(LICENSE_ID, asked.installation.fingerprint or "")
    return activation_token(**{"fp": digest, **different})
