"""Views, data and access rights, against lists of what a series of Odoo has: read in its sources, not run."""

from __future__ import annotations

import ast
import csv
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from build import SERIES
from conftest import BUILT
from licensing.migration import VIEWS
from odoo_stand_in import EXTERNAL_IDS, Database, fields_of

_COMMON = {"groups", "invisible", "class", "name", "string"}
#: Elements of views with their attributes; of HTML those that are used here.
ELEMENTS: dict[str, set[str]] = {
    "form": {"string"},
    "header": set(),
    "sheet": set(),
    "footer": set(),
    "group": _COMMON,
    "button": _COMMON | {"type", "special", "confirm"},
    "field": _COMMON | {"widget", "nolabel", "readonly", "filename"},
    "list": {"decoration-danger", "decoration-warning"},
    "tree": {"decoration-danger", "decoration-warning"},
    "search": set(),
    "filter": {"name", "string", "domain"},
    "xpath": {"expr", "position"},
    "app": {"data-string", "string", "name"},
    "block": {"title", "name"},
    "setting": {"id", "string", "help"},
    "div": {"class", "role", "invisible"},
    "p": set(),
}
#: What a data file of Odoo is made of.
DATA = {
    "odoo": {"noupdate"},
    "record": {"id", "model"},
    "field": {"name", "ref", "type"},
    "menuitem": {"id", "name", "parent", "action", "groups", "sequence"},
}
#: Fields of Odoo's own models, with the series that have them.
ALL = tuple(SERIES)
MODELS: dict[str, dict[str, tuple[str, ...]]] = {
    "ir.ui.view": dict.fromkeys(("name", "model", "inherit_id", "arch"), ALL),
    "ir.actions.act_window": dict.fromkeys(("name", "res_model", "view_mode"), ALL),
    "ir.cron": {
        **dict.fromkeys(("name", "model_id", "state", "code", "interval_number", "interval_type"), ALL),
        "numbercall": ("17.0",),
    },
}


class Loaded:
    """The data files of one series, in the order of the manifest."""

    def __init__(self, database: Database) -> None:
        self.series = database.series
        self.addon = BUILT[database.series]
        self.models = database.models
        self.files = ast.literal_eval((self.addon / "__manifest__.py").read_text())["data"]
        self.trees = {name: ET.parse(self.addon / name).getroot() for name in self.files if name.endswith(".xml")}
        self.records = [record for tree in self.trees.values() for record in tree.iter("record")]

    def views(self) -> list[tuple[str, ET.Element]]:
        """Model and root of each view."""
        found = []
        for record in self.records:
            if record.get("model") == "ir.ui.view":
                by_name = {field.get("name"): field for field in record if field.tag == "field"}
                found.append((by_name["model"].text or "", by_name["arch"][0]))
        return found


@pytest.fixture
def loaded(database: Database) -> Loaded:
    return Loaded(database)


def test_each_element_and_attribute_is_listed(loaded: Loaded) -> None:
    for tree in loaded.trees.values():
        for element in _outside_of_arch(tree):
            assert set(element.attrib) <= DATA[element.tag], ET.tostring(element)
    for _, arch in loaded.views():
        for element in arch.iter():
            assert set(element.attrib) <= ELEMENTS[element.tag], ET.tostring(element)
    tags = {element.tag for _, arch in loaded.views() for element in arch.iter()}
    assert ("tree" in tags, "list" in tags) == ((True, False) if loaded.series == "17.0" else (False, True))


def _outside_of_arch(element: ET.Element) -> list[ET.Element]:
    inside = [] if element.get("type") == "xml" else [one for child in element for one in _outside_of_arch(child)]
    return [element, *inside]


def test_fields_of_records_are_those_of_their_models_in_the_series(loaded: Loaded) -> None:
    for record in loaded.records:
        for field in record.findall("field"):
            assert loaded.series in MODELS[str(record.get("model"))].get(str(field.get("name")), ()), ET.tostring(field)
    cron = next(record for record in loaded.records if record.get("model") == "ir.cron")
    # Odoo 17 runs a job once where it has no number of calls.
    assert (cron.find("field[@name='numbercall']") is not None) == (loaded.series == "17.0")
    code = str(cron.findtext("field[@name='code']"))
    assert callable(getattr(loaded.models["aegis.license"], code.removeprefix("model.").removesuffix("()")))


def test_fields_and_buttons_of_views_are_those_of_the_model(loaded: Loaded) -> None:
    for model, arch in loaded.views():
        owner = loaded.models[model]
        for field in arch.iter("field"):
            assert field.get("name") in fields_of(owner), ET.tostring(field)
        for button in arch.iter("button"):
            if button.get("type") == "object":
                name = str(button.get("name"))
                assert not name.startswith("_") and callable(getattr(owner, name)), name


def test_conditions_are_expressions_over_fields_of_the_view(loaded: Loaded) -> None:
    seen = 0
    for _, arch in loaded.views():
        shown = {field.get("name") for field in arch.iter("field")}
        for element in arch.iter():
            for attribute in ("invisible", "decoration-danger", "decoration-warning"):
                condition = element.get(attribute)
                if condition is not None:
                    seen += 1
                    names = {one.id for one in ast.walk(ast.parse(condition, mode="eval")) if isinstance(one, ast.Name)}
                    assert names <= shown, condition
    assert seen > 8
    domains = [element.get("domain") for _, arch in loaded.views() for element in arch.iter("filter")]
    for domain in domains:
        for term in ast.literal_eval(str(domain)):
            assert term[0] in fields_of(loaded.models["aegis.license"])


def test_each_name_of_a_record_is_defined_before_it_is_used(loaded: Loaded) -> None:
    defined = set(EXTERNAL_IDS) | {f"model_{name.replace('.', '_')}" for name in loaded.models}
    for tree in loaded.trees.values():
        for element in tree.iter():
            used = [element.get(name) for name in ("ref", "parent")] + (element.get("groups") or "").split(",")
            used += [element.get("action")] if element.tag == "menuitem" else []
            used += re.findall(r"%\(aegis_client\.(\w+)\)d", element.get("name") or "")
            assert {one for one in used if one} <= defined, ET.tostring(element)
            if element.tag in ("record", "menuitem"):
                assert element.get("id") not in defined
                defined.add(str(element.get("id")))


def test_every_model_has_access_rights_and_tokens_are_for_administrators(loaded: Loaded) -> None:
    with open(loaded.addon / "security" / "ir.model.access.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["model_id:id"] for row in rows} == {"model_aegis_license", "model_aegis_license_upload"}
    assert {row["group_id:id"] for row in rows} <= EXTERNAL_IDS
    written = [row["group_id:id"] for row in rows if "1" in (row["perm_write"], row["perm_create"], row["perm_unlink"])]
    assert set(written) == {"base.group_system"}
    fields: dict[str, Any] = fields_of(loaded.models["aegis.license"])
    for name in ("license_token", "kept", "offline_request"):
        assert fields[name].options_given["groups"] == "base.group_system"


def test_the_migration_knows_the_views(loaded: Loaded) -> None:
    assert {str(one.get("id")) for one in loaded.records if one.get("model") == "ir.ui.view"} == set(VIEWS)
