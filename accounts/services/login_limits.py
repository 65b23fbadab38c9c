"""How many wrong passwords may be tried, and by whom: both logins, the API's and the admin's, go through `login_try`.

Tries are counted before any hashing, as going on; a success, and whatever else is no wrong password, gives its try
back.
See docs/decisions/0017.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from kernel.errors import NotAuthenticated, RateLimited, Unavailable
from kernel.requests import network_of
from kernel.throttling import count_try, is_known, make_known, refuse_when_full, reserve_try, settle_tries

EVERYBODY = "everybody"
KNOWN_NETWORKS = "login_known"
Windows = list[tuple[str, str]]
"""(scope, key) of each window that a try is counted in."""


@contextmanager
def login_try(
    *,
    username: str,
    address: str | None,
    device: str | None,
    now: datetime,
    wrong: type[Exception] = NotAuthenticated,
) -> Iterator[None]:
    """Around the check of a password, which raises `wrong` if it is.

    `device`: the mark of a device on which the name was logged in before (`kernel.devices`).

    Raises:
        RateLimited: there were too many wrong passwords: for this name from this network or device, for this name from
            everywhere, from this network, or of everybody together.
        Unavailable: so many tries are going on that their outcome has to be known first.
    """
    name, network = username.casefold(), network_of(address)
    windows = _reserve(name, network, device, now=now)
    try:
        yield
    except wrong:
        settle_tries(windows, now=now, counts=True)
        count_try("login_failures", EVERYBODY, now=now)
        raise
    except BaseException:
        settle_tries(windows, now=now, counts=False)
        raise
    settle_tries(windows, now=now, counts=False)
    make_known(KNOWN_NETWORKS, f"{name} {network}", now=now)


def _reserve(name: str, network: str, device: str | None, *, now: datetime) -> Windows:
    """Count a try where it counts. The network first: what is refused for it uses up nobody's name.

    A known device is counted by itself alone, and where the name has logged in from this network before, the tries of
    others elsewhere do not matter: nobody can keep somebody out of where he has been.
    """
    own = ("login_name", f"{name} from {network}")
    if device is not None:
        windows, everybodys = [("login_name", f"{name} on {device}")], None
    else:
        windows, everybodys = [("login_address", network), own], ("login_name_everywhere", name)
        try:
            refuse_when_full("login_failures", EVERYBODY, now=now)
        except RateLimited:
            if not is_known(KNOWN_NETWORKS, f"{name} {network}", now=now):
                raise
    reserved: Windows = []
    try:
        for window in windows:
            reserve_try(*window, now=now)
            reserved.append(window)
        if everybodys is not None:
            try:
                reserve_try(*everybodys, now=now)
                reserved.append(everybodys)
            except (RateLimited, Unavailable):
                if not is_known(KNOWN_NETWORKS, f"{name} {network}", now=now):
                    raise
    except BaseException:
        settle_tries(reserved, now=now, counts=False)
        raise
    return reserved
