from __future__ import annotations

import logging
from typing import Any, Protocol

_logger = logging.getLogger(__name__)

#: Columns of the deployed add-on, with the types that the ORM gives them.
_COLUMNS = {
    "module_name": "character varying",
    "license_token": "text",
    "state": "character varying",
    "last_verified_at": "timestamp without time zone",
    "last_error": "text",
    "license_type": "character varying",
    "issued_at": "timestamp without time zone",
    "expires_at": "timestamp without time zone",
    "is_bound": "boolean",
    "customer_name": "character varying",
    "allowed_versions": "character varying",
}
_TEXTS = ("character varying", "text", "character")
_STATES = ["unknown", "valid", "invalid"]
#: Views of this add-on. Those of the deployed one that are not among them must not be applied while this one is loaded.
VIEWS = (
    "aegis_license_view_form",
    "aegis_license_view_list",
    "aegis_license_view_search",
    "aegis_license_upload_view_form",
    "res_config_settings_view_form",
)


class Cursor(Protocol):
    """What is used of a database cursor, Odoo's or psycopg2's."""

    def execute(self, query: str, params: Any = None) -> Any: ...

    def fetchall(self) -> list[Any]: ...


def migrate_deployed_tables(cr: Cursor) -> list[str]:
    """Brings the table of the deployed add-on to the types that this one has, before the ORM looks at it: what the ORM
    can't convert it puts aside, and a license would be lost to the administrator. May be run again; keeps every token.

    :param cr: within the transaction of the update
    :returns: what was changed, for the log
    """
    present = _columns(cr)
    if not present:
        return []
    changed = [_convert(cr, name, present[name], wanted) for name, wanted in _COLUMNS.items() if name in present]
    if "module_name" in present:
        changed += _keep_duplicates_apart(cr)
    if "state" in present:
        # Nothing is lost: the post-migration verifies every license.
        cr.execute(
            "UPDATE aegis_license SET state = 'unknown' WHERE state IS NULL OR NOT state = ANY(%s) RETURNING id",
            [_STATES],
        )
        changed += [f"state of {len(ids)} licenses" for ids in [cr.fetchall()] if ids]
    changed += _put_old_views_aside(cr)
    done = [one for one in changed if one]
    for one in done:
        _logger.info("aegis_client: migrated %s", one)
    return done


def _columns(cr: Cursor) -> dict[str, tuple[str, bool]]:
    """Type of each column, and whether it has a greatest length."""
    cr.execute(
        "SELECT column_name, data_type, character_maximum_length IS NOT NULL FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = 'aegis_license'"
    )
    return {name: (data_type, bool(is_limited)) for name, data_type, is_limited in cr.fetchall()}


def _convert(cr: Cursor, name: str, present: tuple[str, bool], wanted: str) -> str:
    data_type, is_limited = present
    if data_type == wanted and not is_limited:
        return ""
    using = _conversion(name, data_type, wanted)
    # Names and types are those of this file, never of the database.
    # pylint: disable=sql-injection
    if using is None:
        cr.execute(f'ALTER TABLE aegis_license RENAME COLUMN "{name}" TO "{name}_before_2_0"')
        return f"{name}: kept as {name}_before_2_0, since {data_type} can't be converted"
    cr.execute(f'ALTER TABLE aegis_license ALTER COLUMN "{name}" DROP DEFAULT')
    cr.execute(f'ALTER TABLE aegis_license ALTER COLUMN "{name}" TYPE {wanted} USING {using}')
    return f"{name}: {data_type} to {wanted}"


def _conversion(name: str, data_type: str, wanted: str) -> Any:
    if wanted in _TEXTS and data_type in _TEXTS:
        return f'"{name}"::{wanted}'
    if wanted in _TEXTS and data_type in ("json", "jsonb", "ARRAY"):
        # ["17", "18"] and {17,18} are both shown as 17, 18.
        listed = f"""regexp_replace("{name}"::text, '[][{{}}" ]', '', 'g')"""
        return f"replace({listed}, ',', ', ')::{wanted}"
    if wanted.startswith("timestamp") and data_type == "timestamp with time zone":
        return f""""{name}" AT TIME ZONE 'UTC'"""
    if wanted.startswith("timestamp") and data_type == "date":
        return f'"{name}"::{wanted}'
    return None


def _keep_duplicates_apart(cr: Cursor) -> list[str]:
    """The newest license of a module keeps its name: the unique constraint could not be made otherwise."""
    cr.execute(
        "UPDATE aegis_license AS older SET module_name = older.module_name || ' (old ' || older.id || ')' "
        "WHERE EXISTS (SELECT 1 FROM aegis_license AS newer "
        "WHERE newer.module_name = older.module_name AND newer.id > older.id) RETURNING older.id"
    )
    return [f"license {row[0]}: renamed, a newer one of the module is there" for row in cr.fetchall()]


def _put_old_views_aside(cr: Cursor) -> list[str]:
    """A view of the deployed add-on may name fields that are no more, and views of one model are applied together. Odoo
    deletes them once the update is through."""
    cr.execute(
        "UPDATE ir_ui_view SET active = false WHERE active AND id IN (SELECT res_id FROM ir_model_data "
        "WHERE module = 'aegis_client' AND model = 'ir.ui.view' AND NOT name = ANY(%s)) RETURNING id",
        [list(VIEWS)],
    )
    return [f"view {row[0]}: put aside" for row in cr.fetchall()]
