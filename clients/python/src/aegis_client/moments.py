from __future__ import annotations

from functools import lru_cache

_DAY_S = 86_400
#: Of 400 years, in which leap years repeat; from 0000-03-01 to 1970-01-01.
_ERA_DAYS, _DAYS_BEFORE_1970 = 146_097, 719_468


def rfc3339(seconds: float) -> str:
    """A moment as the server writes it: UTC with milliseconds, ``2026-02-03T19:12:10.000Z``.

    :param seconds: since 1970, 0 or more
    """
    second, millisecond = divmod(int(seconds * 1000), 1000)
    return f"{_to_the_second(second)}.{millisecond:03d}Z"


@lru_cache(maxsize=64)
def _to_the_second(second: int) -> str:
    """Not by the platform's calendar: that of Windows raises after the year 3000, and a license may end in 9999."""
    days, rest = divmod(second, _DAY_S)
    year, month, day = _date_of(days)
    return f"{year:04d}-{month:02d}-{day:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"


def _date_of(days: int) -> tuple[int, int, int]:
    """The Gregorian date of a day since 1970 (Hinnant, "chrono-Compatible Low-Level Date Algorithms"): years begin in
    March, so that a leap day is their last one."""
    era, day_of_era = divmod(days + _DAYS_BEFORE_1970, _ERA_DAYS)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    return era * 400 + year_of_era + (1 if month <= 2 else 0), month, day
