"""The vectors that all clients share (clients/vectors), asked through the add-on: nothing on the way changes a verdict."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from licensing.claims import license_claims
from licensing.client import major_version, trusted_keys
from licensing.kept import Kept
from licensing.question import Installation, Question
from licensing.verification import check_license

_FOLDER = Path(os.environ.get("AEGIS_VECTORS", Path(__file__).parents[2] / "vectors"))
#: The add-on asks with what it has kept: one list, no bound on its age, and a seat that it has taken itself.
_NOT_ASKED = {"max_offline", "activation"}


def _vectors() -> list[dict[str, Any]]:
    files = [file for file in sorted(_FOLDER.glob("*.json")) if file.name != "vector.schema.json"]
    read = [vector for file in files for vector in json.loads(file.read_text("utf-8"))["vectors"]]
    return [one for one in read if not _NOT_ASKED & set(one) and not isinstance(one.get("status_list"), list)]


def _asked(vector: dict[str, Any]) -> dict[str, Any]:
    asked, kept = vector["question"], Kept(None)
    instance = asked["instance"] or {}
    version = major_version(asked["version"]) or asked["version"]
    installation = Installation(instance.get("db_uuid") or "", instance.get("domain") or "", version)
    claims = license_claims(vector["token"])
    if "status_list" in vector and claims is not None and claims.status is not None:
        kept.lists.save({"lists": {claims.status.uri: {"text": vector["status_list"]}}})
    if vector.get("guard"):
        kept.clock.save(vector["guard"])
    question = Question(installation, tuple(vector["issuers"]), None, trusted_keys(vector["keys"]))
    return check_license(vector["token"], asked["module"], question, kept, vector["now"])


def test_the_add_on_gives_the_verdict_of_each_vector() -> None:
    differences, seen = [], set()
    for vector in _vectors():
        values, expected = _asked(vector), vector["expect"]
        if values["code"] == "CLOCK_SET_BACK" and "guard" not in vector:
            # The add-on always has a guard, which notices a license of the future.
            continue
        if values["code"] is None:
            # No text at all: here, a license that has not been entered.
            assert expected["code"] == "MALFORMED"
            continue
        ends = values["expires_at"]
        shown = {
            "valid": values["state"] == "valid",
            "expires_at": None if ends is None else ends.strftime("%Y-%m-%dT%H:%M:%S.000Z").rjust(24, "0"),
            "warned": values["warning"] is not None,
            **{name: values[name] for name in ("code", "customer_name", "license_type", "revocation")},
        }
        wanted = {**expected, "warned": expected["warnings"] != []}
        differences += [(vector["id"], name, shown[name], wanted[name]) for name in shown if shown[name] != wanted[name]]
        seen.add((vector["id"], values["code"]))
    assert differences == []
    assert len(seen) > 400
    assert len({code for _, code in seen}) >= 14
