from . import aegis_license_upload
