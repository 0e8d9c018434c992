"""Verifies AEGIS licenses without the server, and holds seats.

``verify_license`` needs nothing else. ``aegis_client.api`` calls the server, ``aegis_client.seats`` holds a seat, and
``aegis_client.fetching`` keeps status lists and key sets up to date: they are imported by their own names, because
programs that only verify do without their modules.
"""

from .clock.guard import GuardStorage
from .fingerprints import activation_fingerprint, instance_fingerprint, new_fingerprint
from .keys.option import Keys, trusted_keys
from .keys.trusted_keys import TrustedKeys
from .offline.offline_file import OfflineFile, parse_offline_file
from .offline.offline_request import OfflineRequest, RefusedRequest, new_offline_request, parse_offline_request
from .options import ShownActivation
from .status_lists.status_list import StatusList, StatusListRefused, open_status_list
from .storage.storages import FileStorage, MemoryStorage
from .tokens.entitlements import Entitlements, EntitlementValue
from .verdict import HeldSeat, Verdict, entitlement_of
from .verify import verify_license
from .versions import major_version

__version__ = "0.1.0"

__all__ = [
    "EntitlementValue",
    "Entitlements",
    "FileStorage",
    "GuardStorage",
    "HeldSeat",
    "Keys",
    "MemoryStorage",
    "OfflineFile",
    "OfflineRequest",
    "RefusedRequest",
    "ShownActivation",
    "StatusList",
    "StatusListRefused",
    "TrustedKeys",
    "Verdict",
    "__version__",
    "activation_fingerprint",
    "entitlement_of",
    "instance_fingerprint",
    "major_version",
    "new_fingerprint",
    "new_offline_request",
    "open_status_list",
    "parse_offline_file",
    "parse_offline_request",
    "trusted_keys",
    "verify_license",
]
