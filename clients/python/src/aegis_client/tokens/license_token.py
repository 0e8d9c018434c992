from __future__ import annotations

from typing import Any, NamedTuple, Optional

from ..formats.compact_jws import JwsKind, SignedText, parse_compact_jws
from ..formats.malformed import Malformed
from ..formats.white_space import without_outer_white_space
from .entitlements import NO_ENTITLEMENTS, Entitlements, read_entitlements
from .rules import (
    MAX_TOKEN_LENGTH,
    StatusPlace,
    is_text,
    is_uuid,
    numeric_date,
    safe_integer,
    status_place,
    whole_number,
)

#: Status lists and key sets are signed too, and are not licenses.
_LICENSE = JwsKind(MAX_TOKEN_LENGTH, "jwt", may_lack_typ=True)
_LICENSE_TYPES = ("perpetual", "subscription", "demo")
_SEAT_MODES = ("fixed", "floating")
_MAX_GRACE_DAYS = 365
#: Before anything in it is read, white space included.
_MAX_RECEIVED_LENGTH = 65_536
_ABSENT = object()


class SeatsClaim(NamedTuple):
    """That the installations of a license are counted."""

    mode: str
    #: Whether validation asks for a seat.
    required: bool


class LicenseClaims(NamedTuple):
    """What a license says (docs/verify-offline.md). Times are whole seconds since 1970."""

    license_id: str
    issuer: str
    issued_at: int
    #: First second at which it is no longer valid, grace apart; None when perpetual.
    expires_at: Optional[int]
    customer_name: str
    module: str
    allowed_major_versions: list[str]
    license_type: str
    #: ``sha256:<64 hex>`` of the one installation that it is bound to.
    instance_fingerprint: Optional[str]
    grace_days: int
    entitlements: Entitlements
    #: Absent where its installations are not counted.
    seats: Optional[SeatsClaim]
    status: Optional[StatusPlace]


def parse_license(token: object) -> tuple[SignedText, LicenseClaims]:
    """Reads a license token: form, header and claims. Verifies no signature and judges no claim. Unknown claims are
    ignored: a token of the future stays readable.

    :param token: as received, of any type; white space around it is ignored
    :raises Malformed: for everything else
    """
    if not isinstance(token, str):
        raise Malformed("not a text")
    # Of a subclass, too, which may have methods of its own.
    if str.__len__(token) > _MAX_RECEIVED_LENGTH:
        raise Malformed(f"longer than {_MAX_RECEIVED_LENGTH} characters")
    signed = parse_compact_jws(without_outer_white_space(token), _LICENSE)
    return signed, _read_claims(signed.payload)


def _read_claims(claims: dict[str, Any]) -> LicenseClaims:
    license_id: Any = claims.get("jti")
    issuer: Any = claims.get("iss")
    if not is_uuid(license_id):
        raise _broken("jti")
    if not is_text(issuer):
        raise _broken("iss")
    issued_at = numeric_date(claims.get("iat"))
    if issued_at is None:
        raise _broken("iat")
    expires_at = numeric_date(claims["exp"]) if "exp" in claims else None
    if expires_at is None and "exp" in claims:
        raise _broken("exp")
    customer_name = _read_customer(claims.get("customer"))
    module, versions = _read_module(claims.get("module"))
    license_type = claims.get("license_type")
    if license_type not in _LICENSE_TYPES:
        raise _broken("license_type")
    fingerprint = claims.get("instance_fingerprint", _ABSENT)
    if fingerprint is not _ABSENT and not (is_text(fingerprint) and len(fingerprint) <= 100):
        raise _broken("instance_fingerprint")
    grace_days = _read_grace(claims, expires_at, license_type)
    entitlements = NO_ENTITLEMENTS
    if "entitlements" in claims:
        granted = read_entitlements(claims["entitlements"])
        if granted is None:
            raise _broken("entitlements")
        entitlements = granted
    if "rev" in claims and safe_integer(claims["rev"]) is None:
        raise _broken("rev")
    status = status_place(claims["status"]) if "status" in claims else None
    if status is None and "status" in claims:
        raise _broken("status")
    return LicenseClaims(
        license_id=license_id,
        issuer=issuer,
        issued_at=issued_at,
        expires_at=expires_at,
        customer_name=customer_name,
        module=module,
        allowed_major_versions=versions,
        license_type=license_type,
        instance_fingerprint=None if fingerprint is _ABSENT else fingerprint,
        grace_days=grace_days,
        entitlements=entitlements,
        seats=_read_seats(claims["seats"]) if "seats" in claims else None,
        status=status,
    )


def _broken(claim: str) -> Malformed:
    return Malformed(f"claim {claim} is missing or breaks its rule")


def _read_customer(customer: Any) -> str:
    if type(customer) is dict:
        customer_id: Any = customer.get("id")
        name: Any = customer.get("name")
        if is_text(customer_id) and len(customer_id) <= 50 and is_text(name) and len(name) <= 255:
            return str(name)
    raise _broken("customer")


def _read_module(module: Any) -> tuple[str, list[str]]:
    if type(module) is dict:
        name: Any = module.get("technical_name")
        versions: Any = module.get("allowed_major_versions")
        if is_text(name) and len(name) <= 100 and type(versions) is list and all(map(is_text, versions)):
            return name, versions
    raise _broken("module")


def _read_grace(claims: dict[str, Any], expires_at: Optional[int], license_type: str) -> int:
    """Only a perpetual license may lack ``exp``, so that dropping it never lengthens a license, and it has no grace."""
    grace_days = whole_number(claims.get("grace_days", 0), 0, _MAX_GRACE_DAYS)
    if grace_days is None:
        raise _broken("grace_days")
    if expires_at is None and license_type != "perpetual":
        raise _broken("exp")
    if expires_at is None and grace_days > 0:
        raise _broken("grace_days")
    return grace_days


def _read_seats(seats: Any) -> SeatsClaim:
    if type(seats) is dict and seats.get("mode") in _SEAT_MODES and type(seats.get("required")) is bool:
        return SeatsClaim(seats["mode"], seats["required"])
    raise _broken("seats")
