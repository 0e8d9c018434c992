from __future__ import annotations

import re
from typing import Any, Callable, NamedTuple, Optional
from urllib.parse import urlsplit

from .client import TrustedKeys, Verdict, instance_fingerprint, major_version, verify_license
from .client.api.transport import check_base_url

DEFAULT_ISSUER = "https://license.biz4a.com"


class Installation(NamedTuple):
    """What identifies a database of Odoo, as the deployed add-on computed it."""

    #: System parameter ``database.uuid``; empty where it is missing.
    db_uuid: str
    #: Of ``web.base.url``: host and port, in the case in which it is written there; empty where it has none.
    domain: str
    #: The leading number of the series, ``17`` of ``17.0``.
    version: str

    @property
    def instance(self) -> dict[str, str]:
        """For ``verify_license(instance=…)``."""
        return {"db_uuid": self.db_uuid, "domain": self.domain}

    @property
    def fingerprint(self) -> Optional[str]:
        """Of the instance, and of the activation of this database; None where one of both is missing."""
        return instance_fingerprint(self.db_uuid, self.domain) if self.db_uuid and self.domain else None


class Question(NamedTuple):
    """What every check of a license in this database needs, apart from the license."""

    installation: Installation
    issuers: tuple[str, ...]
    #: Address of the server, for seats; None where there is none.
    server: Optional[str]
    keys: TrustedKeys

    def judge(self, token: object, module: str, now: float, **evidence: Any) -> Verdict:
        """The verdict of the Python client on a license.

        :param evidence: ``status_list``, ``guard`` and ``activation`` of ``verify_license()``
        """
        return verify_license(
            token,
            keys=self.keys,
            issuer=self.issuers,
            module=module,
            version=self.installation.version,
            instance=self.installation.instance,
            now=now,
            **evidence,
        )


def read_question(parameter: Callable[[str], Any], series: str, keys: TrustedKeys) -> Question:
    """Reads the system parameters of a database.

    :param parameter: answers the value of a system parameter; None or False where it is missing
    :param series: of Odoo, ``17.0`` or ``saas~17.2``
    :param keys: see ``read_pinned_keys()``
    """
    issuers = _texts(parameter("aegis.issuer")) or (DEFAULT_ISSUER,)
    server = _server(_text(parameter("aegis.server")) or issuers[0])
    installation = Installation(
        _text(parameter("database.uuid")), _domain_of(_text(parameter("web.base.url"))), major_version(series) or series
    )
    return Question(installation, issuers, server, keys)


def _server(address: str) -> Optional[str]:
    try:
        return check_base_url(address, "aegis.server", allow_http=False)
    except ValueError:
        return None


def _domain_of(base_url: str) -> str:
    # netloc has the case of the host as it is written, and its port.
    try:
        return urlsplit(base_url).netloc
    except ValueError:
        return ""


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in re.split(r"[\s,]+", _text(value)) if one)
