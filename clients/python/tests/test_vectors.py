"""Runs the vectors that all clients share (clients/vectors)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from aegis_client import MemoryStorage, verify_license

_FOLDER = Path(os.environ.get("AEGIS_VECTORS", Path(__file__).parents[2] / "vectors"))


def _vectors() -> list[Any]:
    files = [file for file in sorted(_FOLDER.glob("*.json")) if file.name != "vector.schema.json"]
    return [vector for file in files for vector in json.loads(file.read_text("utf-8"))["vectors"]]


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["id"]) for vector in _vectors()])
def test_vector(vector: dict[str, Any]) -> None:
    storage = MemoryStorage(vector.get("guard"))
    verdict = verify_license(
        vector["token"],
        keys=vector["keys"],
        issuer=vector["issuers"],
        **vector["question"],
        now=vector["now"],
        max_offline=vector.get("max_offline"),
        status_list=vector.get("status_list"),
        guard=storage if "guard" in vector else None,
        activation=vector.get("activation"),
    )
    answer = {**verdict.as_dict(), "guard": storage.state}
    expected = vector["expect"]
    # As JSON, `true` is not `1`.
    assert _json({name: answer[name] for name in expected}) == _json(expected)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
