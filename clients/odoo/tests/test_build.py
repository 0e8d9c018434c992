from __future__ import annotations

import ast
from pathlib import Path

import build
import pytest
from conftest import BUILT, PYTHON_CLIENT, TARGET

SERIES = pytest.mark.parametrize("series", build.SERIES)


def manifest(series: str) -> dict[str, object]:
    return dict(ast.literal_eval((BUILT[series] / "__manifest__.py").read_text()))


@SERIES
def test_the_manifest_names_what_is_there(series: str) -> None:
    read = manifest(series)
    assert read["version"] == f"{series}.2.0.0"
    files = {path.relative_to(BUILT[series]).as_posix() for path in BUILT[series].rglob("*") if path.is_file()}
    data = read["data"]
    assert isinstance(data, list) and set(data) <= files
    assert {one for one in files if one.endswith((".xml", ".csv"))} == set(data)
    assert {"LICENSE", "README.md", "licensing/client/py.typed"} <= files
    assert "security/public_keys/aegis-2026-01.public.pem" in files


@SERIES
def test_the_client_is_the_one_of_clients_python_byte_for_byte(series: str) -> None:
    source, copy = PYTHON_CLIENT / "src" / "aegis_client", BUILT[series] / "licensing" / "client"
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert len(files) > 40
    assert all((copy / one).read_bytes() == (source / one).read_bytes() for one in files)


@SERIES
def test_no_mark_of_the_build_is_left(series: str) -> None:
    lines = [
        line
        for path in BUILT[series].rglob("*")
        if path.suffix in (".py", ".xml")
        for line in path.read_text().splitlines(keepends=True)
    ]
    assert len(lines) > 2_000
    assert not [line for line in lines if "@SERIES@" in line or build._MARK.fullmatch(line)]


def test_the_series_differ_where_odoo_does() -> None:
    def text(series: str, name: str) -> str:
        return (BUILT[series] / name).read_text()

    model, cron, views = "models/aegis_license.py", "data/ir_cron.xml", "views/aegis_license_views.xml"
    assert [("<tree " in text(one, views), "<list " in text(one, views)) for one in build.SERIES] == [
        (True, False), (False, True), (False, True),
    ]  # fmt: skip
    assert [("tree,form" in text(one, views)) for one in build.SERIES] == [True, False, False]
    assert [("numbercall" in text(one, cron)) for one in build.SERIES] == [True, False, False]
    assert [("_sql_constraints" in text(one, model)) for one in build.SERIES] == [True, True, False]
    assert [("models.Constraint" in text(one, model)) for one in build.SERIES] == [False, False, True]


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    build.build(tmp_path)
    names = sorted(path.name for path in tmp_path.glob("*.zip"))
    assert names == [f"aegis_client-{series}.2.0.0.zip" for series in build.SERIES]
    again = tmp_path / "again"
    build.build(again)
    assert all((again / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)
    assert TARGET != tmp_path
