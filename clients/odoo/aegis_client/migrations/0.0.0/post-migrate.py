# series: 17.0 18.0
from odoo import SUPERUSER_ID, api
# series: 19.0
from odoo import api
from odoo.api import SUPERUSER_ID
# series: all


def migrate(cr, version):
    """The deployed add-on compared the series with the versions of the license: every license is judged again."""
    api.Environment(cr, SUPERUSER_ID, {})["aegis.license"].search([]).action_verify()
