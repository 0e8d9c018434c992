from __future__ import annotations

import calendar
import random
import time

import pytest

from aegis_client.moments import rfc3339


@pytest.mark.parametrize(("second", "text"), [
    (0, "1970-01-01T00:00:00.000Z"), (951_782_399, "2000-02-28T23:59:59.000Z"), (951_868_799, "2000-02-29T23:59:59.000Z"),
    (951_868_800, "2000-03-01T00:00:00.000Z"), (4_107_542_399, "2100-02-28T23:59:59.000Z"),
    (4_107_542_400, "2100-03-01T00:00:00.000Z"), (253_402_300_799, "9999-12-31T23:59:59.000Z"),
    (1_770_145_930.9996, "2026-02-03T19:12:10.999Z"),
])  # fmt: skip
def test_a_moment_is_written_as_the_server_does(second: float, text: str) -> None:
    assert rfc3339(second) == text


def test_no_calendar_of_the_platform_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of Windows knows no year after 3000; a license may end in 9999."""

    def refuses(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    seconds = [random.Random(7).randrange(253_402_300_800) for _ in range(2_000)]
    expected = [time.gmtime(second) for second in seconds]
    monkeypatch.setattr(time, "gmtime", refuses)
    for second, moment in zip(seconds, expected):
        assert calendar.timegm(moment) == second
        assert rfc3339(second) == time.strftime("%Y-%m-%dT%H:%M:%S", moment).zfill(19) + ".000Z"
