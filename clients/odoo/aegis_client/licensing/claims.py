from __future__ import annotations

from typing import Optional

from .client.formats.malformed import Malformed
from .client.tokens.activation_token import ActivationClaims, parse_activation
from .client.tokens.license_token import LicenseClaims, parse_license


def license_claims(token: object) -> Optional[LicenseClaims]:
    """What a license token says, proven or not; None where it is not one."""
    try:
        return parse_license(token)[1]
    except Malformed:
        return None


def activation_claims(token: object) -> Optional[ActivationClaims]:
    """What an activation token says, proven or not; None where it is not one."""
    try:
        return parse_activation(token)[1]
    except Malformed:
        return None
