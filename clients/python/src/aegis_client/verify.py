from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, Union

from .clock.guard import GuardStorage
from .formats.malformed import Malformed
from .judging.judge import judge
from .keys.option import Keys
from .keys.trusted_keys import COMPROMISED, HOLDS, UNKNOWN_KEY
from .moments import rfc3339
from .options import Instance, Options, ShownActivation, StatusListSource, read_options
from .tokens.license_token import parse_license
from .verdict import ERRORS, Verdict, unproven

_KEY_SET_EXPIRED = "The key set of this installation has expired. Get a new one."


def verify_license(
    token: object,
    *,
    keys: Keys,
    issuer: Union[str, Sequence[str]],
    module: str,
    version: str,
    instance: Optional[Instance] = None,
    status_list: Union[StatusListSource, Sequence[StatusListSource], None] = None,
    max_offline: Optional[float] = None,
    now: Optional[float] = None,
    guard: Optional[GuardStorage] = None,
    activation: Union[ShownActivation, Any, None] = None,
) -> Verdict:
    """Decides whether a license is valid here and now, without the server, and as the server would.

    :param token: as received, of any type; white space around it is ignored
    :param keys: see ``trusted_keys()``; give what that answers where licenses are verified often
    :param issuer: the value of ``iss`` that is accepted, or several
    :param module: technical name of the module that wants to run
    :param version: as the installation reports it, ``17.0.1.2``
    :param instance: ``{"db_uuid": …, "domain": …}`` of the installation
    :param status_list: the newest one of the license, or several: of license and activation
    :param max_offline: seconds for which a list is accepted after its ``iat``; None: until its ``exp``
    :param now: seconds since 1970; None: the local clock
    :param guard: storage of the clock guard; None: the clock is not judged
    :param activation: the seat that the installation holds
    :raises TypeError: when an option has the wrong type, and names it. Never for the content of a token, list, key set or
        activation token
    :raises ValueError: when an option's value breaks a rule, and names it
    """
    options = read_options(keys, issuer, module, version, instance, status_list, max_offline, now, guard, activation)
    checked_at = rfc3339(options.now)
    try:
        signed, claims = parse_license(token)
    except Malformed:
        return unproven("MALFORMED", ERRORS["MALFORMED"], checked_at)
    proof = options.keys.proof(signed, options.now)
    if proof != HOLDS:
        return unproven(*_unproven_code(proof, options), checked_at)
    return judge(claims, options, checked_at)


def _unproven_code(proof: str, options: Options) -> tuple[str, Optional[str]]:
    if proof == COMPROMISED:
        return "KEY_COMPROMISED", ERRORS["KEY_COMPROMISED"]
    if proof != UNKNOWN_KEY:
        return "SIGNATURE_INVALID", ERRORS["SIGNATURE_INVALID"]
    if options.keys.refused is not None:
        return "UNKNOWN_KEY", f"The key set of this installation is not trusted: {options.keys.refused}."
    return "UNKNOWN_KEY", _KEY_SET_EXPIRED if options.keys.have_expired(options.now) else ERRORS["UNKNOWN_KEY"]
