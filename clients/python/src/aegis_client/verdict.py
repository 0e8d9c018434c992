from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from .tokens.entitlements import NO_ENTITLEMENTS, Entitlements, EntitlementValue

#: Every answer to "is this license valid here and now?", with what it says to people. The first failing check, in this
#: order, names it. ``NOT_FOUND``, ``SUPERSEDED`` and ``CUSTOMER_INACTIVE`` are the server's alone.
ERRORS: Mapping[str, Optional[str]] = {
    "MALFORMED": "This is not a license token, or it was damaged in transit.",
    "UNKNOWN_KEY": "The license was signed with a key that is not known here.",
    "SIGNATURE_INVALID": "The signature does not match: the license was changed or forged.",
    "KEY_COMPROMISED": "The license was signed with a key that has since been compromised. Ask for a new one.",
    "ISSUER_MISMATCH": "The license was issued by someone else.",
    "MODULE_MISMATCH": "The license is for another module.",
    "VERSION_NOT_ALLOWED": "The license does not cover this version, or the version can't be read.",
    "INSTANCE_REQUIRED": "The license is bound to one installation, and this one did not say which it is.",
    "INSTANCE_MISMATCH": "The license is bound to another installation.",
    "CLOCK_SET_BACK": "The clock of this machine is behind a time that it has shown before. Set it right.",
    "STATUS_LIST_INVALID": "The status list is not of this license, or it was damaged or forged. Get it again.",
    "STATUS_LIST_STALE": "The status list is too old. Get a newer one.",
    "REVOKED": "The license has been revoked.",
    "SUSPENDED": "The license is suspended.",
    "EXPIRED": "The license has expired.",
    "ACTIVATION_REQUIRED": "The license counts its installations, and this one has no seat of it: activate it.",
    "ACTIVATION_INVALID": "This is not an activation token of this license, or it was damaged or forged.",
    "ACTIVATION_MISMATCH": "The activation is of another installation, or answers another request.",
    "ACTIVATION_ENDED": "This installation no longer holds its seat: activate it again.",
    "VALID": None,
}


class HeldSeat(NamedTuple):
    """A seat that the asking installation holds."""

    #: Activation id.
    id: str
    #: First moment at which it is no longer held, RFC 3339.
    lease_ends_at: str
    #: Admitted beyond the number of seats. An activation token does not say so: always false.
    over: bool = False


class Verdict(NamedTuple):
    """The answer, with the names that the server uses (docs/verdicts.md). Times are RFC 3339 in UTC with milliseconds.

    From ``license_id`` to ``activation``: as of an unproven token with the first four codes, else from the claims.
    """

    valid: bool
    code: str
    #: A sentence for people; None when valid. No program compares it.
    error: Optional[str]
    #: ``EXPIRES_SOON`` (30 days or less), or ``IN_GRACE``; of a valid license only.
    warnings: tuple[str, ...]
    license_id: Optional[str]
    license_type: Optional[str]
    customer_name: Optional[str]
    #: None also when the license is perpetual.
    expires_at: Optional[str]
    #: What the token allows beyond running; read it with ``entitlement_of()``.
    entitlements: Entitlements
    #: The activation that was given, while it is live and this installation's.
    activation: Optional[HeldSeat]
    checked_at: str
    #: ``fresh``, ``stale`` or ``none``: how much is known of a revocation.
    revocation: str
    #: ``ok`` where the clock guard knows that the clock has moved forward only, else ``unknown``.
    clock: str

    def as_dict(self) -> dict[str, Any]:
        """As the server's answer has it: plain values, ready for ``json.dumps``."""
        answer: dict[str, Any] = self._asdict()
        answer["warnings"] = list(self.warnings)
        answer["entitlements"] = dict(self.entitlements)
        if self.activation is not None:
            answer["activation"] = self.activation._asdict()
        return answer


def unproven(code: str, error: Optional[str], checked_at: str) -> Verdict:
    """A verdict that repeats no claim, since anyone may have written them."""
    return Verdict(
        valid=False,
        code=code,
        error=error,
        warnings=(),
        license_id=None,
        license_type=None,
        customer_name=None,
        expires_at=None,
        entitlements=NO_ENTITLEMENTS,
        activation=None,
        checked_at=checked_at,
        revocation="none",
        clock="unknown",
    )


def entitlement_of(verdict: Verdict, code: str) -> Optional[EntitlementValue]:
    """Reads one entitlement. A verdict that is not valid allows nothing.

    :param code: as the vendor chose it at issue
    :returns: None where nothing is granted by that code
    """
    return verdict.entitlements.get(code) if verdict.valid else None
