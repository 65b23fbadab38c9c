"""What opens other servers is kept encrypted: whoever reads the database alone cannot use it.

With a key that follows from `SECRET_KEY`; what an earlier one (`SECRET_KEY_FALLBACKS`) has sealed is still read.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PURPOSE = b"cspace calendar sources:"


class SealIsBroken(ValueError):
    """It was sealed with another key, or is something else."""


def seal(text: str) -> str:
    """Empty stays empty."""
    return _fernet().encrypt(text.encode()).decode() if text else ""


def opened(sealed: str) -> str:
    """Raises: SealIsBroken."""
    try:
        return _fernet().decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        raise SealIsBroken("The password was kept under another SECRET_KEY: enter it again") from None


def _fernet() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(PURPOSE + key.encode()).digest())) for key in keys]
    )
