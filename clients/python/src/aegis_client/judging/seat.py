from __future__ import annotations

from typing import NamedTuple, Optional

from ..fingerprints import activation_fingerprint
from ..formats.malformed import Malformed
from ..keys.trusted_keys import HOLDS
from ..moments import rfc3339
from ..options import Options, ShownActivation
from ..status_lists.status_list import STATUS_REVOKED, STATUS_SUSPENDED, StatusList
from ..tokens.activation_token import ActivationClaims, parse_activation
from ..tokens.license_token import LicenseClaims
from ..verdict import HeldSeat
from .listed import newest_list


class Seat(NamedTuple):
    """What the activation token of an installation proves."""

    #: The code for a license that asks for a seat; None: it has one.
    refusal: Optional[str]
    #: The seat while it is live.
    held: Optional[HeldSeat] = None
    #: It is that of an offline file and counts: the vendor's leave to go without newer status lists.
    may_lack_lists: bool = False
    #: Each ``iat`` whose signature holds, and those of lists among them.
    proven: list[int] = []
    proven_lists: list[int] = []


_NOT_SHOWN = Seat("ACTIVATION_REQUIRED")
_INVALID = Seat("ACTIVATION_INVALID")
_MISMATCH = Seat("ACTIVATION_MISMATCH")


def judge_seat(license_claims: LicenseClaims, options: Options) -> Seat:
    """What the activation that an installation shows proves for a license whose signature holds."""
    shown, keys, now = options.activation, options.keys, options.now
    if shown is None:
        return _NOT_SHOWN
    try:
        signed, claims = parse_activation(shown.token)
    except Malformed:
        return _INVALID
    if keys.proof(signed, now) != HOLDS or claims.issuer not in options.issuers:
        return _INVALID
    if claims.license_id.lower() != license_claims.license_id.lower():
        return _INVALID
    if not _is_of(shown, claims, license_claims):
        return _MISMATCH
    return _seat(claims, _list_of(claims, shown, options), now)


def _is_of(shown: ShownActivation, claims: ActivationClaims, license_claims: LicenseClaims) -> bool:
    if claims.nonce is not None and claims.nonce != shown.nonce:
        return False
    return claims.fingerprint_digest == activation_fingerprint(license_claims.license_id, shown.fingerprint)


def _list_of(claims: ActivationClaims, shown: ShownActivation, options: Options) -> Optional[StatusList]:
    """The newest list that has a known status of the activation; its end is not looked at."""
    if claims.status is None:
        return None
    own = shown.status_list
    given = [] if own is None else list(own) if isinstance(own, (list, tuple)) else [own]
    newest = newest_list(claims.status, [*options.status_lists, *given], options.keys, options.now)
    return None if newest is None or newest.status_at(claims.status) not in (0, 1, 2) else newest


def _seat(claims: ActivationClaims, listed: Optional[StatusList], now: float) -> Seat:
    is_of_file = claims.nonce is not None
    is_ended = now >= claims.expires_at or (
        listed is not None
        and claims.status is not None
        # Of an offline file, what the list said last is the newest that is known.
        and (is_of_file or now < listed.expires_at)
        and listed.status_at(claims.status) in (STATUS_REVOKED, STATUS_SUSPENDED)
    )
    lists = [] if listed is None else [listed.issued_at]
    return Seat(
        refusal="ACTIVATION_ENDED" if is_ended else None,
        held=None if is_ended else HeldSeat(claims.activation_id, rfc3339(claims.expires_at)),
        may_lack_lists=is_of_file and not is_ended,
        proven=[claims.issued_at, *lists],
        proven_lists=lists,
    )
