from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ODOO = HERE.parent
PYTHON_CLIENT = ODOO.parent / "python"
# What signs tokens and answers requests in the tests of clients/python, and the package that it signs with; first,
# since this folder has an aegis_client as well.
sys.path[:0] = [str(PYTHON_CLIENT / "src"), str(PYTHON_CLIENT / "tests"), str(ODOO)]

import build  # noqa: E402
import odoo_stand_in  # noqa: E402
from forger import OURS  # noqa: E402
from stand_in import StandIn  # noqa: E402

TARGET = Path(__import__("tempfile").mkdtemp(prefix="aegis-odoo-"))
BUILT = build.build(TARGET)
# The logic is imported as a package of its own, where there is no odoo.
sys.path.insert(0, str(BUILT["17.0"]))


def pytest_sessionfinish() -> None:
    __import__("shutil").rmtree(TARGET, ignore_errors=True)


@pytest.fixture
def server() -> Iterator[StandIn]:
    stand_in = StandIn()
    yield stand_in
    stand_in.close()


@pytest.fixture(params=build.SERIES)
def database(request: Any) -> odoo_stand_in.Database:
    """A database of each series, with the key of the tests pinned beside the one that is shipped."""
    addon = BUILT[request.param]
    (addon / "security" / "public_keys" / "k1.public.pem").write_text(OURS.pem)
    return odoo_stand_in.Database(addon, request.param)
