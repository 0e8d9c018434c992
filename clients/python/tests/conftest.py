from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from forger import ISSUER, NOW, OURS, license_token
from stand_in import StandIn

from aegis_client import Verdict, verify_license


class Ask(Protocol):
    def __call__(self, token: object = ..., **different: Any) -> Verdict: ...


@pytest.fixture
def ask() -> Ask:
    """Verifies a license that is valid, with whatever is different."""

    def verify(token: object = None, **different: Any) -> Verdict:
        options: dict[str, Any] = {
            "keys": [OURS.jwk],
            "issuer": ISSUER,
            "module": "payroll",
            "version": "17.0",
            "now": NOW,
            **different,
        }
        return verify_license(license_token() if token is None else token, **options)

    return verify


@pytest.fixture
def server() -> Iterator[StandIn]:
    stand_in = StandIn()
    yield stand_in
    stand_in.close()
