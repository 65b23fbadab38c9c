"""How often something may be tried, as the settings write it. Pure."""

import re
from functools import lru_cache

PERIODS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "hour": 3600, "day": 86400}


@lru_cache
def parse_rate(rate: str) -> tuple[int, int]:
    """ "5/min" → (5, 60): how many tries, at least one, in how many seconds.

    Raises:
        ValueError: the rate is not of that form.
    """
    tries, _, period = rate.partition("/")
    if period not in PERIODS or not re.fullmatch(r"0*[1-9][0-9]{0,8}", tries):
        raise ValueError(f"{rate!r} is not a rate such as 5/min (at least 1; periods: {', '.join(PERIODS)})")
    return int(tries), PERIODS[period]
