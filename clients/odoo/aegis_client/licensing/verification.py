from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

from .claims import license_claims
from .client import EntitlementValue, Verdict, entitlement_of
from .client.tokens.license_token import LicenseClaims
from .client.tokens.rules import LAST_SECOND
from .kept import Kept
from .question import Question
from .seats import copied_message, shown_activation

_DAY_S = 86_400

#: Fields of a record that come from the token, in a record of which nothing is proven.
_UNPROVEN: dict[str, Any] = {
    "license_type": None,
    "issued_at": None,
    "expires_at": None,
    "is_bound": False,
    "customer_name": None,
    "allowed_versions": None,
}


def check_license(
    token: object, module: str, question: Question, kept: Kept, now: Optional[float] = None
) -> dict[str, Any]:
    """Verifies the license of a module without any network, and says what the record of the module is to show. Never
    raises for the content of the token.

    :param token: as stored
    :param kept: of this record; the clock guard's state in it is brought up to date
    :param now: seconds since 1970; None: the local clock
    :returns: a value for each field of the record, None where it is empty; times in UTC without a zone, as Odoo has them
    """
    moment = time.time() if now is None else now
    if not isinstance(token, str) or not token.strip():
        return _values("unknown", None, "No license has been entered for this module.", moment)
    verdict = judge_license(token, module, question, kept, moment)
    return values_of(verdict, license_claims(token), question, kept, moment)


def entitlement(token: object, module: str, question: Question, kept: Kept, code: str) -> Optional[EntitlementValue]:
    """What the license of a module grants, judged now: a column of the database could be changed by anyone who can write
    to it.

    :param code: as the vendor chose it at issue
    :returns: None where the license is not valid, or grants nothing by that code
    """
    return entitlement_of(judge_license(token, module, question, kept, time.time()), code)


def judge_license(token: object, module: str, question: Question, kept: Kept, now: float) -> Verdict:
    """The verdict of the Python client, asked with everything that is kept for a license."""
    claims = license_claims(token)
    return question.judge(
        token,
        module,
        now,
        status_list=lists_of(claims, kept),
        guard=kept.clock,
        activation=None if claims is None else shown_activation(claims, question.installation, kept),
    )


def values_of(
    verdict: Verdict, claims: Optional[LicenseClaims], question: Question, kept: Kept, now: float
) -> dict[str, Any]:
    """See ``check_license()``.

    :param claims: of the token that was judged
    """
    # Of a token that nobody we know has signed, no claim is repeated.
    is_proven = verdict.license_id is not None and claims is not None
    copied = copied_message(claims, question.installation, kept) if is_proven else None
    reasons = [f"{verdict.code}: {verdict.error}", *([copied] if copied else [])]
    values = _values("valid" if verdict.valid else "invalid", verdict, None if verdict.valid else " ".join(reasons), now)
    if claims is None or not is_proven:
        return values
    warnings = [_end_warning(verdict, claims, now), copied if verdict.valid else None]
    return {
        **values,
        "license_type": claims.license_type,
        "issued_at": _naive_utc(claims.issued_at),
        "expires_at": None if claims.expires_at is None else _naive_utc(claims.expires_at),
        "is_bound": claims.instance_fingerprint is not None,
        "customer_name": claims.customer_name,
        "allowed_versions": ", ".join(claims.allowed_major_versions),
        "warning": " ".join(one for one in warnings if one) or None,
        "counts_seats": claims.seats is not None,
        "seat_ends_at": None if verdict.activation is None else _of_rfc3339(verdict.activation.lease_ends_at),
    }


def lists_of(claims: Optional[LicenseClaims], kept: Kept) -> list[str]:
    """The kept status list that a license names. One of a license that was there before would make it look as if the
    list had been replaced by a wrong one."""
    text = None if claims is None or claims.status is None else kept.list_at(claims.status.uri)
    return [] if text is None else [text]


def _values(state: str, verdict: Optional[Verdict], error: Optional[str], now: float) -> dict[str, Any]:
    return {
        **_UNPROVEN,
        "state": state,
        "last_verified_at": _naive_utc(now),
        "last_error": error,
        "code": None if verdict is None else verdict.code,
        "warning": None,
        "revocation": "none" if verdict is None else verdict.revocation,
        "clock": "unknown" if verdict is None else verdict.clock,
        "counts_seats": False,
        "seat_ends_at": None,
    }


def _end_warning(verdict: Verdict, claims: LicenseClaims, now: float) -> Optional[str]:
    if claims.expires_at is None or not verdict.warnings:
        return None
    end = _naive_utc(claims.expires_at)
    if "IN_GRACE" in verdict.warnings:
        last = _naive_utc(claims.expires_at + claims.grace_days * _DAY_S)
        return f"The license ended on {end:%Y-%m-%d}. It is accepted until {last:%Y-%m-%d %H:%M} UTC: renew it."
    days = max(0, int((claims.expires_at - now) // _DAY_S))
    return f"The license ends on {end:%Y-%m-%d %H:%M} UTC, in {days} days: renew it."


def _naive_utc(seconds: float) -> datetime:
    # Not fromtimestamp(): on some systems that refuses years after 2038. Grace and clocks may go beyond the last year.
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=min(int(seconds), LAST_SECOND))
    return moment.replace(tzinfo=None)


def _of_rfc3339(text: str) -> datetime:
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
