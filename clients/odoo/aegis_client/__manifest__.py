{
    "name": "AEGIS licenses",
    "summary": "Verifies the licenses of modules without a network, and holds seats",
    "version": "@SERIES@.2.0.0",
    "category": "Technical",
    "author": "The AEGIS License Server authors",
    "website": "https://license.biz4a.com",
    "license": "Other OSI approved licence",
    "depends": ["base_setup"],
    # Odoo brings it, too.
    "external_dependencies": {"python": ["cryptography"]},
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "wizards/aegis_license_upload_views.xml",
        "views/aegis_license_views.xml",
        "views/res_config_settings_views.xml",
    ],
}
