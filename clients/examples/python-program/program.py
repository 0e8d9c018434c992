"""A program at a customer's site that runs under a license: it verifies it offline, holds a seat where the license counts
them, and fetches the status list while there is a network.

`python3 program.py <folder>`, with `license.jwt`, `jwks.json` and `settings.json` in the folder. Ctrl-C or SIGTERM ends it.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Optional

from aegis_client import FileStorage, TrustedKeys, Verdict, new_fingerprint, trusted_keys, verify_license
from aegis_client.api import AegisApi, AegisError
from aegis_client.fetching import StatusListKeeper
from aegis_client.seats import Lost, SeatHolder

MODULE, VERSION = "payroll", "17.0"
CHECK_EVERY_S = 60.0
#: A list may be a month old. A program that nobody ever connects stops then.
MAX_OFFLINE_S = 30 * 86_400


def fingerprint_in(folder: Path) -> str:
    """The identity of this installation: made at the first start, kept with the data."""
    storage = FileStorage(folder / "installation.json")
    state = storage.load()
    if state is None:
        state = {"fingerprint": new_fingerprint()}
        storage.save(state)
    return str(state["fingerprint"])


class License:
    """What this program knows of its license."""

    def __init__(self, folder: Path) -> None:
        settings = json.loads((folder / "settings.json").read_text())
        self.issuer: str = settings["issuer"]
        self.keys: TrustedKeys = trusted_keys(json.loads((folder / "jwks.json").read_text())["keys"])
        self.guard = FileStorage(folder / "clock.json")
        self.lists = StatusListKeeper(FileStorage(folder / "lists.json"))
        self.seat = SeatHolder(
            AegisApi(settings["server"], retries=1),
            token=(folder / "license.jwt").read_text(),
            keys=self.keys,
            module=MODULE,
            version=VERSION,
            fingerprint=fingerprint_in(folder),
            storage=FileStorage(folder / "seat.json"),
            on_lost=self.on_lost,
        )

    def start(self) -> None:
        try:
            self.seat.activate()
        except AegisError as error:
            print("no seat:", error, flush=True)

    def on_lost(self, lost: Lost) -> None:
        print("seat lost:", lost.reason, flush=True)

    def check(self) -> Verdict:
        refreshed = self.lists.refresh(self.seat.license_token, keys=self.keys)
        if refreshed.failure is not None:
            print("status list:", refreshed.failure, flush=True)
        return verify_license(
            self.seat.license_token,
            keys=self.keys,
            issuer=self.issuer,
            module=MODULE,
            version=VERSION,
            status_list=self.lists.texts(),
            max_offline=MAX_OFFLINE_S,
            guard=self.guard,
            activation=self.seat.activation,
        )


def main(folder: Path) -> int:
    ended = threading.Event()

    def end(_signal: int, _frame: Optional[FrameType]) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    license = License(folder)
    license.start()
    while True:
        verdict = license.check()
        print(verdict.code, verdict.revocation, verdict.clock, verdict.customer_name, flush=True)
        if not verdict.valid:
            print("not licensed:", verdict.error, flush=True)
            license.seat.release()
            return 1
        # Here your program does its work.
        if ended.wait(CHECK_EVERY_S):
            license.seat.release()
            return 0


sys.exit(main(Path(sys.argv[1])))
