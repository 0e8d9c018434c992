from . import aegis_license, res_config_settings
