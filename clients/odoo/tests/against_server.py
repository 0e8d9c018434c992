"""What an installation does, against a server. Run by test/system/clients/odoo.spec.ts, with the built add-on's folder
as the argument and what to ask as JSON on standard input; prints what came of each step."""

from __future__ import annotations

import json
import sys
import time

sys.path.insert(0, sys.argv[1])

from licensing.client import trusted_keys  # noqa: E402
from licensing.kept import Kept  # noqa: E402
from licensing.question import Question, read_question  # noqa: E402
from licensing.refreshing import refresh  # noqa: E402
from licensing.seats import activate, release  # noqa: E402
from licensing.verification import check_license  # noqa: E402

given = json.load(sys.stdin)
keys = trusted_keys({"jwks": given["jwks"], "trust_transport": True})


def question(address: str) -> Question:
    parameters = {**given["parameters"], "web.base.url": address}
    return read_question(parameters.get, "17.0", keys)


def verdict(token: str, asked: Question, kept: Kept) -> str:
    values = check_license(token, "payroll", asked, kept, time.time())
    return f"{values['code']} {values['revocation']}"


here, copy = question("https://ERP.acme.test:8069"), question("https://copy.acme.test")
kept, token = Kept(None), given["token"]
steps = [verdict(token, here, kept), activate(token, "payroll", here, kept).message]
kept = Kept(kept.text())
steps += [str(len(refresh(token, "payroll", here, kept, at_once=True).failures)), verdict(token, here, kept)]
# The database is copied, with everything that is in it.
copied = Kept(kept.text())
steps += [verdict(token, copy, copied), activate(token, "payroll", copy, copied).message.split(".")[0]]
steps += [release(token, "payroll", here, kept).message, activate(token, "payroll", copy, copied).message]
steps += [verdict(token, copy, copied)]
steps += [verdict(given["bound"], asked, Kept(None)) for asked in (here, copy)]
print(json.dumps(steps))
