from odoo.addons.aegis_client.licensing.migration import migrate_deployed_tables


def migrate(cr, version):
    """Runs at every update: it changes nothing where there is nothing to change."""
    migrate_deployed_tables(cr)
