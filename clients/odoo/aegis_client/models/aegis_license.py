import logging
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path

from odoo import _, api, fields, models, release
from odoo.exceptions import UserError

from ..licensing.kept import Kept
from ..licensing.pinned_keys import read_pinned_keys
from ..licensing.question import read_question
from ..licensing.refreshing import refresh
from ..licensing.seats import activate
from ..licensing.seats import release as release_seat
from ..licensing.uploads import UploadRefused, offline_request, take_upload
from ..licensing.verification import check_license, entitlement

_logger = logging.getLogger(__name__)
_KEYS = Path(__file__).parent.parent / "security" / "public_keys"
#: Modules may verify at each request: workers that write one row all the time would get in each other's way.
_WRITTEN_AFTER_S = 60
STATES = [("unknown", "Not verified"), ("valid", "Valid"), ("invalid", "Not valid")]


class AegisLicense(models.Model):
    _name = "aegis.license"
    _description = "License of a module"
    _rec_name = "module_name"
    _order = "module_name"

    module_name = fields.Char(string="Module", required=True, copy=False)
    license_token = fields.Text(string="License", copy=False, groups="base.group_system")
    state = fields.Selection(
        STATES,
        default="unknown",
        required=True,
        readonly=True,
        copy=False,
    )
    last_verified_at = fields.Datetime(string="Verified", readonly=True, copy=False)
    last_error = fields.Text(string="Reason", readonly=True, copy=False)
    license_type = fields.Char(string="Type", readonly=True, copy=False)
    issued_at = fields.Datetime(string="Issued", readonly=True, copy=False)
    expires_at = fields.Datetime(string="Ends", readonly=True, copy=False)
    is_bound = fields.Boolean(string="Bound to one database", readonly=True, copy=False)
    customer_name = fields.Char(string="Customer", readonly=True, copy=False)
    allowed_versions = fields.Char(string="Versions", readonly=True, copy=False)
    # What the deployed add-on did not have.
    code = fields.Char(string="Verdict", readonly=True, copy=False)
    warning = fields.Text(readonly=True, copy=False)
    revocation = fields.Char(string="Known of a revocation", readonly=True, copy=False)
    clock = fields.Char(readonly=True, copy=False)
    counts_seats = fields.Boolean(string="Counts its installations", readonly=True, copy=False)
    seat_ends_at = fields.Datetime(string="Seat until", readonly=True, copy=False)
    offline_request = fields.Text(string="Offline request", readonly=True, copy=False, groups="base.group_system")
    kept = fields.Text(readonly=True, copy=False, groups="base.group_system")

    # series: 17.0 18.0
    _sql_constraints = [("module_name_uniq", "UNIQUE(module_name)", "A module has one license.")]
    # series: 19.0
    _module_name_uniq = models.Constraint("UNIQUE(module_name)", "A module has one license.")
    # series: all

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records.action_verify()
        return records

    def write(self, vals):
        written = super().write(vals)
        if "license_token" in vals or "module_name" in vals:
            self.action_verify()
        return written

    @api.model
    def action_views_open(self, module):
        """Opens the license of a module, also where it has none yet: modules call it from a button or a refusal.

        :param module: technical name of the module
        :returns: the action
        """
        record = self.sudo()._of_module(module, may_create=self._is_administrator())
        if not record:
            raise UserError(_("There is no license for %s. An administrator can enter it.", module))
        return {
            "type": "ir.actions.act_window",
            "name": _("License"),
            "res_model": "aegis.license",
            "res_id": record.id,
            "views": [[False, "form"]],
            "target": "current",
        }

    def action_verify(self):
        """Verifies without a network, and shows the verdict in the records. Any user may ask.

        :returns: whether all of them are valid
        """
        question = self._question()
        records = self.sudo()
        for record in records:
            kept = Kept(record.kept)
            values = _stored(check_license(record.license_token, record.module_name, question, kept))
            if not record._shows(values):
                record.write({**values, "kept": kept.text()})
        return all(record.state == "valid" for record in records)

    @api.model
    def entitlement(self, module, code):
        """What the license of a module grants beyond running, verified now.

        :param module: technical name of the module
        :param code: as the vendor chose it at issue
        :returns: a boolean, number or text; None where the license is not valid, or grants nothing by that code
        """
        record = self.sudo()._of_module(module, may_create=False)
        return entitlement(record.license_token, module, self._question(), Kept(record.kept), code)

    def action_refresh(self):
        """Fetches the status lists now, then verifies."""
        self._check_administrator()
        question = self._question()
        failures = [failure for record in self for failure in record._refresh(question, at_once=True).failures]
        if failures:
            return self._notification("\n".join(failures), "warning")
        return True

    def action_activate(self):
        """Asks the server for a seat for this database."""
        return self._ask_server(activate)

    def action_release(self):
        """Gives the seat of this database back."""
        return self._ask_server(release_seat)

    def action_offline_request(self):
        """Makes the request that an administrator without a network brings to the vendor."""
        self._check_administrator()
        self.ensure_one()
        kept = Kept(self.kept)
        try:
            request = offline_request(self.license_token or "", self.module_name, self._question(), kept)
        except UploadRefused as refused:
            raise UserError(str(refused)) from None
        self.sudo().write({"offline_request": request, "kept": kept.text()})
        return True

    def action_upload(self):
        """Opens the dialog for a license, a status list or an offline file."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Upload a file"),
            "res_model": "aegis.license.upload",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_license_id": self.id},
        }

    def _take_upload(self, content):
        """:raises UserError: when the file is not one for this license"""
        self._check_administrator()
        self.ensure_one()
        kept = Kept(self.kept)
        try:
            taken = take_upload(content, self.license_token or "", self.module_name, self._question(), kept)
        except UploadRefused as refused:
            raise UserError(str(refused)) from None
        self._store(taken.license_token, kept)
        if taken.kind == "offline_file":
            self.sudo().write({"offline_request": False})
        return taken.message

    @api.model
    def _cron_refresh(self):
        """Heartbeats and status lists, each at its own random time: plans its own next runs."""
        question = self._question()
        planned = []
        for record in self.search([("license_token", "!=", False)]):
            if not record.exists():
                # Deleted while others were at work.
                continue
            refreshed = record._refresh(question, is_scheduled=True)
            for failure in refreshed.failures:
                _logger.warning("License: %s", failure)
            if refreshed.next_at is not None:
                planned.append(refreshed.next_at)
        if planned:
            self._plan(at=_naive_utc(min(planned)))

    @api.model
    def _plan(self, at=None):
        """Runs the scheduled action once more, also where it is not its hour; an administrator may have deleted it."""
        cron = self.env.ref("aegis_client.ir_cron_refresh", raise_if_not_found=False)
        if cron:
            cron._trigger(at=at)

    def _refresh(self, question, at_once=False, is_scheduled=False):
        token, before = self.license_token or "", self.kept
        kept = Kept(before)
        refreshed = refresh(token, self.module_name, question, kept, at_once=at_once)
        if is_scheduled:
            self._begin_transaction()
            if not self.exists():
                return refreshed
            kept = Kept.merged(before, kept, self.kept)
            reported = (self.state, self.warning)
        is_still_stored = (self.license_token or "") == token
        self._store(refreshed.license_token if is_still_stored else self.license_token, kept)
        if is_scheduled:
            if (self.state, self.warning) != reported and (self.state != "valid" or self.warning):
                _logger.warning("License of %s: %s", self.module_name, self.warning or self.last_error)
            self._begin_transaction()
        return refreshed

    @api.model
    def _begin_transaction(self):
        """Requests take seconds. What others have written since would be a conflict in the transaction from before."""
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self.env.invalidate_all()

    def _ask_server(self, ask):
        self._check_administrator()
        self.ensure_one()
        kept = Kept(self.kept)
        outcome = ask(self.license_token or "", self.module_name, self._question(), kept)
        self._store(outcome.license_token, kept)
        if outcome.is_done:
            self._plan()
        return self._notification(outcome.message, "success" if outcome.is_done else "warning")

    def _store(self, license_token, kept):
        values = {"kept": kept.text()}
        if license_token != (self.license_token or ""):
            values["license_token"] = license_token
        self.sudo().write(values)
        self.action_verify()

    @api.model
    def _of_module(self, module, may_create=True):
        record = self.search([("module_name", "=", module)], limit=1)
        return record or (self.create({"module_name": module}) if may_create else record)

    def _shows(self, values):
        """Whether the record shows the same, verified a moment ago."""
        age = values["last_verified_at"] - (self.last_verified_at or datetime.min)
        is_recent = timedelta() <= age < timedelta(seconds=_WRITTEN_AFTER_S)
        return is_recent and all(self[name] == value for name, value in values.items() if name != "last_verified_at")

    @api.model
    def _question(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return read_question(parameters.get_param, release.series, _pinned_keys())

    @api.model
    def _is_administrator(self):
        return self.env.su or self.env.user.has_group("base.group_system")

    def _check_administrator(self):
        if not self._is_administrator():
            raise UserError(_("Only an administrator may change licenses."))

    @api.model
    def _notification(self, message, kind):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": kind,
                "sticky": kind != "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


@lru_cache(maxsize=1)
def _pinned_keys():
    """Read once: a new file needs a restart, as all of the add-on does."""
    return read_pinned_keys(_KEYS)


def _stored(values):
    """An empty field is False in Odoo."""
    return {name: False if value is None else value for name, value in values.items()}


def _naive_utc(seconds):
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=int(seconds))).replace(tzinfo=None)
