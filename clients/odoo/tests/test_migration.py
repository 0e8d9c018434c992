"""The deployed add-on's tables, as plain SQL makes them, on PostgreSQL with the driver that Odoo has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from licensing.migration import _COLUMNS, migrate_deployed_tables
from odoo_stand_in import Database, fields_of
from test_verification import REAL

URL = os.environ.get("AEGIS_ODOO_TEST_DATABASE")
on_postgresql = pytest.mark.skipif(URL is None, reason="AEGIS_ODOO_TEST_DATABASE names no database of PostgreSQL")

#: As the ORM makes the deployed model's columns. What its fields were beyond names is not known: the variants below.
AS_THE_ORM_MAKES_IT = {
    "module_name": "varchar NOT NULL",
    "license_token": "text",
    "state": "varchar",
    "last_verified_at": "timestamp",
    "last_error": "text",
    "license_type": "varchar",
    "issued_at": "timestamp",
    "expires_at": "timestamp",
    "is_bound": "boolean",
    "customer_name": "varchar",
    "allowed_versions": "varchar",
}
OTHER_TYPES = {
    **AS_THE_ORM_MAKES_IT,
    "module_name": "varchar(64) NOT NULL",
    "license_token": "varchar",
    "last_error": "varchar(255) DEFAULT 'x'",
    "license_type": "text",
    "issued_at": "timestamptz",
    "expires_at": "date",
    "allowed_versions": "jsonb",
}
ROW = {
    "module_name": "biz4a_payroll_drc",
    "license_token": REAL,
    "state": "invalid",
    "last_verified_at": "2026-02-04 08:00:00",
    "last_error": "17.0 is not covered",
    "license_type": "perpetual",
    "issued_at": "2026-02-03 19:12:10",
    "expires_at": None,
    "is_bound": False,
    "customer_name": "Acme Corporation",
    "allowed_versions": "17, 18",
}


@pytest.fixture
def cr() -> Iterator[Any]:
    import psycopg2

    connection = psycopg2.connect(URL)
    cursor = connection.cursor()
    cursor.execute("SET TIME ZONE 'America/New_York'; CREATE SCHEMA odoo; SET search_path = odoo")
    cursor.execute(
        "CREATE TABLE ir_ui_view (id serial PRIMARY KEY, name varchar, active boolean);"
        "CREATE TABLE ir_model_data (id serial PRIMARY KEY, module varchar, name varchar, model varchar, res_id int)"
    )
    yield cursor
    connection.rollback()
    connection.close()


def deployed(cr: Any, columns: dict[str, str], *rows: dict[str, Any]) -> None:
    lines = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    cr.execute(f"CREATE TABLE aegis_license (id serial PRIMARY KEY, {lines}, create_uid int, write_date timestamp)")
    for row in rows:
        names = [name for name in row if name in columns]
        marks = ", ".join(["%s"] * len(names))
        cr.execute(f"INSERT INTO aegis_license ({', '.join(names)}) VALUES ({marks})", [row[name] for name in names])


def types(cr: Any) -> dict[str, str]:
    cr.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'odoo' "
        "AND table_name = 'aegis_license' AND character_maximum_length IS NULL"
    )
    return dict(cr.fetchall())


def rows(cr: Any, *names: str) -> list[tuple[Any, ...]]:
    cr.execute(f"SELECT {', '.join(names)} FROM aegis_license ORDER BY id")
    return list(cr.fetchall())


def test_the_types_are_those_that_the_orm_gives_the_fields(database: Database) -> None:
    by_field = {
        "Char": "character varying",
        "Selection": "character varying",
        "Text": "text",
        "Datetime": "timestamp without time zone",
        "Boolean": "boolean",
    }
    fields = fields_of(database.models["aegis.license"])
    assert {name: by_field[type(fields[name]).__name__] for name in _COLUMNS} == _COLUMNS


@on_postgresql
def test_a_table_as_the_orm_makes_it_stays_as_it_is(cr: Any) -> None:
    deployed(cr, AS_THE_ORM_MAKES_IT, ROW)
    before = rows(cr, "*")
    assert migrate_deployed_tables(cr) == []
    assert rows(cr, "*") == before


@on_postgresql
def test_other_types_are_converted_and_keep_their_content(cr: Any) -> None:
    row = {**ROW, "issued_at": "2026-02-03T19:12:10Z", "expires_at": "2027-02-03", "allowed_versions": '["17", "18"]'}
    deployed(cr, OTHER_TYPES, row)
    assert len(migrate_deployed_tables(cr)) == 7
    assert {name: types(cr).get(name) for name in _COLUMNS} == _COLUMNS
    shown = rows(cr, *ROW)[0]
    assert [str(value) if value is not None else None for value in shown] == [
        "biz4a_payroll_drc", REAL, "invalid", "2026-02-04 08:00:00", "17.0 is not covered", "perpetual",
        "2026-02-03 19:12:10", "2027-02-03 00:00:00", "False", "Acme Corporation", "17, 18",
    ]  # fmt: skip
    # The second time there is nothing to do.
    assert migrate_deployed_tables(cr) == []


@on_postgresql
@pytest.mark.parametrize(("kind", "value"), [("json", '["17","18"]'), ("text[]", "{17,18}"), ("text", "17, 18")])
def test_versions_are_shown_in_one_form(cr: Any, kind: str, value: str) -> None:
    deployed(cr, {**AS_THE_ORM_MAKES_IT, "allowed_versions": kind}, {**ROW, "allowed_versions": value})
    migrate_deployed_tables(cr)
    assert rows(cr, "allowed_versions") == [("17, 18",)]


@on_postgresql
def test_what_cannot_be_converted_is_kept_beside(cr: Any) -> None:
    deployed(cr, {**AS_THE_ORM_MAKES_IT, "customer_name": "int"}, {**ROW, "customer_name": 7})
    assert migrate_deployed_tables(cr) == [
        "customer_name: kept as customer_name_before_2_0, since integer can't be converted"
    ]
    assert rows(cr, "customer_name_before_2_0", "license_token") == [(7, REAL)]


@on_postgresql
def test_columns_that_are_not_there_are_left_to_the_orm(cr: Any) -> None:
    deployed(cr, {"module_name": "varchar", "license_token": "text"}, ROW)
    assert migrate_deployed_tables(cr) == []
    assert rows(cr, "license_token") == [(REAL,)]


@on_postgresql
def test_states_that_are_not_known_are_verified_again(cr: Any) -> None:
    states = ["valid", "invalid", "unknown", "error", None]
    deployed(cr, AS_THE_ORM_MAKES_IT, *[{**ROW, "module_name": str(at), "state": one} for at, one in enumerate(states)])
    assert migrate_deployed_tables(cr) == ["state of 2 licenses"]
    assert [one for (one,) in rows(cr, "state")] == ["valid", "invalid", "unknown", "unknown", "unknown"]


@on_postgresql
def test_of_several_licenses_of_a_module_the_newest_keeps_its_name_and_none_is_lost(cr: Any) -> None:
    tokens = [{**ROW, "license_token": one} for one in ("a", "b", "c")]
    deployed(cr, AS_THE_ORM_MAKES_IT, *tokens, {**ROW, "module_name": "crm"})
    assert len(migrate_deployed_tables(cr)) == 2
    assert rows(cr, "module_name", "license_token") == [
        ("biz4a_payroll_drc (old 1)", "a"),
        ("biz4a_payroll_drc (old 2)", "b"),
        ("biz4a_payroll_drc", "c"),
        ("crm", REAL),
    ]
    cr.execute("ALTER TABLE aegis_license ADD CONSTRAINT aegis_license_module_name_uniq UNIQUE (module_name)")


@on_postgresql
def test_old_views_are_put_aside_and_no_others(cr: Any) -> None:
    deployed(cr, AS_THE_ORM_MAKES_IT)
    views = [
        ("aegis_client", "view_aegis_license_tree", "ir.ui.view", False),
        ("aegis_client", "aegis_license_view_form", "ir.ui.view", True),
        ("base", "view_aegis_license_tree", "ir.ui.view", True),
        ("aegis_client", "some_menu", "ir.ui.menu", True),
    ]
    for at, (module, name, model, _) in enumerate(views, 1):
        cr.execute("INSERT INTO ir_ui_view (name, active) VALUES (%s, true)", [name])
        cr.execute(
            "INSERT INTO ir_model_data (module, name, model, res_id) VALUES (%s, %s, %s, %s)", [module, name, model, at]
        )
    assert migrate_deployed_tables(cr) == ["view 1: put aside"]
    cr.execute("SELECT active FROM ir_ui_view ORDER BY id")
    assert [active for (active,) in cr.fetchall()] == [stays for *_, stays in views]


@on_postgresql
def test_a_database_without_the_deployed_add_on_is_left_alone(cr: Any) -> None:
    assert migrate_deployed_tables(cr) == []
