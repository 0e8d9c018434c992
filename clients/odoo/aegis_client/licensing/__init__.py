"""What the add-on decides, in plain Python: no module of Odoo is imported here, so that it is tested without Odoo.

``client`` is a copy of clients/python, which the build puts here. It verifies, fetches and holds seats.
"""
