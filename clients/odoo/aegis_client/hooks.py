"""For modules that are licensed by this one."""

from odoo import _
from odoo.exceptions import UserError


def license_required(module):
    """Makes a ``pre_init_hook``: the module is only installed where it has a valid license.

    In the module's ``__init__.py``: ``pre_init_hook = license_required("my_module")``, and in its manifest
    ``"pre_init_hook": "pre_init_hook"`` and ``"depends": ["aegis_client"]``.

    :param module: technical name of the module
    """

    def pre_init_hook(env):
        record = env["aegis.license"].sudo()._of_module(module)
        record.action_verify()
        if record.state != "valid":
            raise UserError(
                _(
                    "%(module)s needs a valid license. Install AEGIS licenses (aegis_client) first, enter the license "
                    "under Settings / Licenses, then install it again.\n%(reason)s",
                    module=module,
                    reason=record.last_error or "",
                )
            )

    return pre_init_hook
