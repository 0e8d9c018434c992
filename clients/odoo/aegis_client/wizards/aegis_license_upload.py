import base64

from odoo import fields, models


class AegisLicenseUpload(models.TransientModel):
    _name = "aegis.license.upload"
    _description = "Upload of a license, status list or offline file"

    license_id = fields.Many2one("aegis.license", required=True, ondelete="cascade")
    file = fields.Binary(required=True, attachment=False)
    file_name = fields.Char()

    def action_take(self):
        """Verifies the file and stores it.

        :raises UserError: when it is not one for this license; nothing has changed
        """
        self.ensure_one()
        message = self.license_id._take_upload(base64.b64decode(self.file))
        notification = self.license_id._notification(message, "success")
        notification["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return notification
