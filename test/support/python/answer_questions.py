"""Answers questions to a verifier: a JSON list on standard input, a JSON list of the client's answers on standard output."""

import json
import sys

from aegis_client import MemoryStorage, TrustedKeys, verify_license


def answer(asked):
    storage = MemoryStorage(asked.get("guard"))
    verdict = verify_license(
        asked["token"],
        keys=asked["keys"] or TrustedKeys({}),
        issuer=asked["issuers"],
        **asked["question"],
        now=asked["now"],
        max_offline=asked.get("max_offline"),
        status_list=asked.get("status_list"),
        guard=storage if "guard" in asked else None,
        activation=asked.get("activation"),
    )
    found = verdict.as_dict()
    if "guard" in asked:
        found["guard"] = storage.state
    return found


json.dump([answer(asked) for asked in json.load(sys.stdin)], sys.stdout)
