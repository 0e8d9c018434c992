from odoo import _, fields, models

from ..licensing.question import DEFAULT_ISSUER
from .aegis_license import STATES


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    aegis_issuer = fields.Char(
        string="Issuer of licenses",
        config_parameter="aegis.issuer",
        default=DEFAULT_ISSUER,
        help="Accepted issuers, with blanks between",
    )
    aegis_server = fields.Char(
        string="License server",
        config_parameter="aegis.server",
        help="Address for seats; the issuer where it is empty",
    )
    aegis_summary = fields.Text(string="Licenses", compute="_compute_aegis_summary")

    def _compute_aegis_summary(self):
        states = dict(STATES)
        lines = [
            " – ".join(part for part in (one.module_name, states[one.state], one.warning or one.last_error) if part)
            for one in self.env["aegis.license"].search([])
        ]
        for settings in self:
            settings.aegis_summary = "\n".join(lines) or _("No license has been entered.")

    def action_aegis_verify(self):
        """Verifies all licenses, and says what came of it."""
        licenses = self.env["aegis.license"].search([])
        is_valid = licenses.action_verify()
        refused = [record.module_name for record in licenses if record.state != "valid"]
        message = _("All licenses are valid.") if is_valid else _("Not valid: %s", ", ".join(refused))
        return licenses._notification(message, "success" if is_valid else "warning")
