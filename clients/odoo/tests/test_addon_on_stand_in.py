"""The parts that are Odoo's, on the stand-in (odoo_stand_in.py): not on Odoo."""

from __future__ import annotations

import base64
import importlib
import json
import runpy
import time
from datetime import datetime, timezone
from typing import Any

import pytest
from conftest import BUILT
from forger import DAY, ISSUER, license_token
from odoo_stand_in import AccessError, Database, Model, NotListed, UserError, ValidationError
from stand_in import Say, StandIn
from test_seats import admitted
from vendor import SEATED, UUID, question, seat_token

ADMINISTRATOR, USER = 2, 3
NOW = int(time.time())


def token(**different: Any) -> str:
    versions = {"technical_name": "payroll", "allowed_major_versions": ["17", "18", "19"]}
    return license_token(**{"iat": NOW - DAY, "exp": NOW + 90 * DAY, "status": ..., "module": versions, **different})


@pytest.fixture
def env(database: Database) -> Any:
    database.parameters.update(
        {"database.uuid": UUID, "web.base.url": "https://ERP.acme.test:8069", "aegis.issuer": ISSUER}
    )
    return database.env(ADMINISTRATOR)


def made(env: Any, text: Any = None) -> Any:
    return env["aegis.license"].create([{"module_name": "payroll", "license_token": token() if text is None else text}])


def test_a_license_that_is_entered_is_verified_at_once(env: Any) -> None:
    record = made(env)
    assert (record.state, record.code, record.last_error) == ("valid", "VALID", False)
    assert (record.customer_name, record.allowed_versions, record.is_bound) == ("Acme Ltd.", "17, 18, 19", False)
    assert record.issued_at == datetime.fromtimestamp(NOW - DAY, timezone.utc).replace(tzinfo=None)
    record.write({"license_token": token(exp=NOW - 1)})
    assert (record.state, record.last_error) == ("invalid", "EXPIRED: The license has expired.")
    record.write({"module_name": "crm"})
    assert record.code == "MODULE_MISMATCH"


def test_callers_open_the_license_of_a_module_and_verify_it(env: Any, database: Database) -> None:
    """What modules call of the deployed add-on: ``action_views_open(module)`` and ``action_verify()``."""
    with pytest.raises(UserError, match="There is no license for payroll"):
        database.env(USER)["aegis.license"].action_views_open("payroll")
    for caller in (env, database.env(USER)):
        action = caller["aegis.license"].action_views_open("payroll")
        assert (action["type"], action["res_model"]) == ("ir.actions.act_window", "aegis.license")
        assert action["views"] == [[False, "form"]]
    assert len(database.tables["aegis.license"]) == 1
    record = database.env(USER)["aegis.license"].browse(action["res_id"])
    assert (record.module_name, record.state) == ("payroll", "unknown")
    assert record.action_verify() is False
    env["aegis.license"].browse(action["res_id"]).write({"license_token": token()})
    assert record.action_verify() is True
    assert record.state == "valid"


def test_modules_read_what_a_license_grants(env: Any, database: Database) -> None:
    licenses = database.env(USER)["aegis.license"]
    assert licenses.entitlement("payroll", "max_employees") is None
    record = made(env, token(entitlements={"max_employees": 250}))
    assert licenses.entitlement("payroll", "max_employees") == 250
    assert licenses.entitlement("payroll", "constructor") is None
    assert licenses.entitlement("crm", "max_employees") is None
    # Whatever the database says of it.
    record.write({"license_token": token(exp=NOW - 1, entitlements={"max_employees": 250})})
    record._rows()[record.id]["state"] = "valid"
    assert licenses.entitlement("payroll", "max_employees") is None
    assert record.action_verify() is False


def test_a_module_has_one_license(env: Any) -> None:
    made(env)
    with pytest.raises(ValidationError, match="must be unique"):
        made(env)


def test_users_read_the_verdict_and_neither_the_token_nor_the_state(env: Any, database: Database) -> None:
    record_id = made(env).id
    record = database.env(USER)["aegis.license"].browse(record_id)
    assert record.state == "valid"
    for name in ("license_token", "kept", "offline_request"):
        with pytest.raises(AccessError):
            getattr(record, name)
    for refused in (
        lambda: record.write({"license_token": "x"}),
        lambda: database.env(USER)["aegis.license"].create([{"module_name": "crm"}]),
        lambda: database.env(USER)["aegis.license.upload"].create([{"license_id": record_id, "file": b"eA=="}]),
    ):
        with pytest.raises(AccessError):
            refused()
    for refused in (
        record.action_activate,
        record.action_release,
        record.action_refresh,
        record.action_offline_request,
        lambda: record._take_upload(b"x"),
    ):
        with pytest.raises(UserError, match="Only an administrator"):
            refused()


@pytest.mark.parametrize("text", ["", "x", "expired"])
def test_no_license_locks_an_administrator_out(env: Any, database: Database, text: str) -> None:
    """Whatever the license is, everything that renews it works."""
    record = made(env, token(exp=NOW - 900 * DAY) if text == "expired" else text)
    assert record.state != "valid"
    assert env["aegis.license"].action_views_open("payroll")["res_id"] == record.id
    assert record.action_upload()["res_model"] == "aegis.license.upload"
    settings = env["res.config.settings"].create([{}])
    assert "payroll – " in settings.aegis_summary
    assert settings.action_aegis_verify()["params"]["message"] == "Not valid: payroll"
    content = base64.b64encode(token().encode())
    upload = env["aegis.license.upload"].create([{"license_id": record.id, "file": content}])
    assert upload.action_take()["params"]["message"] == "The license has been stored."
    assert (record.state, record.license_token) == ("valid", token())
    assert settings.action_aegis_verify()["params"]["type"] == "success"
    assert env["res.config.settings"].create([{}]).aegis_summary == "payroll – Valid"


def test_a_file_that_is_refused_changes_nothing(env: Any) -> None:
    record = made(env)
    before = dict(record._rows()[record.id])
    upload = env["aegis.license.upload"].create([{"license_id": record.id, "file": base64.b64encode(b"hello")}])
    with pytest.raises(UserError, match="not a license, status list or offline file"):
        upload.action_take()
    assert record._rows()[record.id] == before


def test_settings_without_a_license(env: Any) -> None:
    settings = env["res.config.settings"].create([{}])
    assert settings.aegis_summary == "No license has been entered."
    assert settings.aegis_issuer == "https://license.biz4a.com"


def test_seats_are_taken_kept_and_given_back(env: Any, database: Database, server: StandIn) -> None:
    database.parameters["aegis.server"] = server.url
    record = made(env, token(**SEATED))
    assert (record.code, record.counts_seats) == ("ACTIVATION_REQUIRED", True)
    asked = question(database.series)
    server.answers = [admitted(asked)]
    assert record.action_activate()["params"]["type"] == "success"
    assert record.state == "valid" and record.seat_ends_at
    # The scheduled action plans the heartbeats from now on.
    assert database.triggered == [None]
    newer = token(iat=NOW, exp=NOW + 900 * DAY, **SEATED)
    server.answers = [admitted(asked, license_token=newer)]
    record.write({"kept": record.kept.replace('"beat_at": ', '"beat_at": -')})
    database.env(1)["aegis.license"]._cron_refresh()
    assert record.license_token == newer
    assert record.expires_at == datetime.fromtimestamp(NOW + 900 * DAY, timezone.utc).replace(tzinfo=None)
    assert isinstance(database.triggered[-1], datetime)
    # An administrator may have deleted the scheduled action.
    database.has_cron = False
    database.env(1)["aegis.license"]._cron_refresh()
    server.answers = [Say(204)]
    assert record.action_release()["params"]["type"] == "success"
    assert record.code == "ACTIVATION_REQUIRED"
    assert record.action_release()["params"]["type"] == "warning"


def test_the_scheduled_action_goes_on_after_a_failure(env: Any, database: Database, caplog: Any) -> None:
    unreachable = {"status_list": {"idx": 5, "uri": "http://127.0.0.1:1/list"}}
    records = [
        env["aegis.license"].create([{"module_name": name, "license_token": token(
            status=unreachable, module={"technical_name": name, "allowed_major_versions": ["17", "18", "19"]})}])
        for name in ("payroll", "crm")
    ]  # fmt: skip
    for record in records:
        record.write({"kept": '{"turns": {"fetch_at": 0}}'})
    database.env(1)["aegis.license"]._cron_refresh()
    assert [one.levelname for one in caplog.records] == ["WARNING", "WARNING"]
    assert [record.state for record in records] == ["valid", "valid"]
    assert len(database.triggered) == 1
    assert records[0].action_refresh()["params"]["type"] == "warning"


def test_what_an_administrator_does_during_the_requests_stays(env: Any, database: Database, server: StandIn) -> None:
    """The scheduled action writes in a transaction of its own, which sees what others have written since."""
    database.parameters["aegis.server"] = server.url
    record, asked = made(env, token(**SEATED)), question(database.series)
    server.answers = [admitted(asked)]
    record.action_activate()
    record.write({"kept": record.kept.replace('"beat_at": ', '"beat_at": -')})
    newer, entered = token(iat=NOW, **SEATED), token(iat=NOW - 60, entitlements={"edition": "pro"}, **SEATED)
    server.answers = [admitted(asked, license_token=newer)]
    database.meanwhile = [lambda: record.write({"license_token": entered})]
    database.env(1)["aegis.license"]._cron_refresh()
    assert record.license_token == entered
    assert database.commits == 2
    # Nor does a record come back that was deleted, and the action goes on with the next one.
    env["aegis.license"].create([{"module_name": "z", "license_token": token()}])
    server.answers = [admitted(asked)]
    record.write({"kept": record.kept.replace('"beat_at": ', '"beat_at": -')})
    database.meanwhile = [lambda: database.tables["aegis.license"].clear()]
    database.env(1)["aegis.license"]._cron_refresh()
    assert database.tables["aegis.license"] == {}


def test_an_end_that_comes_near_is_logged_once(env: Any, database: Database, caplog: Any) -> None:
    record = made(env, token(exp=NOW + 3 * DAY))
    record.write({"warning": False})
    for _ in range(2):
        database.env(1)["aegis.license"]._cron_refresh()
    assert [one.getMessage().partition("The license ends")[0] for one in caplog.records] == ["License of payroll: "]


def test_a_verdict_that_stays_the_same_is_written_once_a_minute(env: Any, monkeypatch: Any) -> None:
    model = importlib.import_module("odoo.addons.aegis_client.models.aegis_license")
    assert model._WRITTEN_AFTER_S == 60
    # However slow the machine is.
    monkeypatch.setattr(model, "_WRITTEN_AFTER_S", 10 * DAY)
    record = made(env)
    # With the first one the guard has a state.
    record.action_verify()
    row = record._rows()[record.id]
    before = dict(row)
    assert record.action_verify() is True
    assert row == before
    row["last_verified_at"] = datetime(2026, 1, 1)
    record.action_verify()
    assert row["last_verified_at"].timestamp() > datetime(2026, 1, 1).timestamp()
    # A clock that was set back: the time of the last verification is of the future.
    row["last_verified_at"] = datetime(2999, 1, 1)
    record.action_verify()
    assert row["last_verified_at"].year < 2999
    record.write({"license_token": token(exp=NOW - 1)})
    assert row["state"] == "invalid"


def test_an_offline_request_is_shown_until_it_is_answered(env: Any, database: Database) -> None:
    record = made(env, token(**SEATED))
    assert record.action_offline_request() is True
    assert len(record.offline_request) == 124
    asked = question(database.series)
    nonce = json.loads(record.kept)["offline_request"]["nonce"]
    file = {
        "format": "aegis-offline-activation/1",
        "license_token": record.license_token,
        "activation_token": seat_token(asked, nonce=nonce, iat=NOW - 60, exp=NOW + 30 * DAY),
        "key_set": None,
        "status_lists": [],
    }
    assert record._take_upload(json.dumps(file).encode()) == "The offline file has been stored."
    assert (record.state, record.offline_request) == ("valid", False)
    record.write({"license_token": "x"})
    with pytest.raises(UserError, match="MALFORMED"):
        record.action_offline_request()


def test_the_hook_lets_a_module_be_installed_with_a_license_alone(env: Any, database: Database) -> None:
    hook = importlib.import_module("odoo.addons.aegis_client.hooks").license_required("payroll")
    with pytest.raises(UserError, match="payroll needs a valid license.*\n.*No license has been entered"):
        hook(env)
    env["aegis.license"].search([("module_name", "=", "payroll")]).write({"license_token": token()})
    assert hook(env) is None
    # What is stored may be of yesterday.
    record = env["aegis.license"].search([("module_name", "=", "payroll")])
    record._rows()[record.id]["license_token"] = token(exp=NOW - 1)
    with pytest.raises(UserError, match="EXPIRED"):
        hook(env)


def test_the_update_verifies_every_license_again(env: Any, database: Database) -> None:
    record = made(env)
    record.write({"state": "invalid", "last_error": "of the deployed add-on"})
    script = BUILT[database.series] / "migrations" / "0.0.0" / "post-migrate.py"
    cursor = type("Cursor", (), {"database": database})()
    runpy.run_path(str(script))["migrate"](cursor, f"{database.series}.1.0.0")
    assert (record.state, record.last_error) == ("valid", False)


def test_the_stand_in_refuses_what_is_not_listed(env: Any, database: Database) -> None:
    record = made(env)
    wrong = [
        lambda: record.name_get(),
        lambda: record.search([("nope", "=", 1)]),
        lambda: record.write({"nope": 1}),
        lambda: setattr(record, "nope", 1),
        lambda: env.company,
        lambda: env.ref("base.nope"),
        lambda: env.user.has_group("base.nope"),
        lambda: importlib.import_module("odoo.fields").Json,
        lambda: importlib.import_module("odoo.fields").Char(trim=False),
        lambda: importlib.import_module("odoo").tools,
        lambda: type("X", (importlib.import_module("odoo.models").Model,), {"_name": "x", "_sql_constraint": []}),
    ]
    for one in wrong:
        with pytest.raises(NotListed):
            one()
    models = importlib.import_module("odoo.models")
    assert isinstance(record, Model)
    if database.series == "19.0":
        with pytest.raises(NotListed):
            type("X", (models.Model,), {"_name": "x", "_sql_constraints": []})
    else:
        with pytest.raises(NotListed):
            models.Constraint("UNIQUE(x)", "")
    with pytest.raises(ValidationError):
        record.write({"last_verified_at": datetime.now(timezone.utc)})
    with pytest.raises(ValidationError):
        record.write({"state": "expired"})
