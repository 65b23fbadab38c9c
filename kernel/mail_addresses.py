"""Addresses that mail is sent to: one plain address, in ASCII. Pure."""

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

NOT_A_MAIL_ADDRESS = "Must be an e-mail address such as ada@example.edu"
MAX_ADDRESS, MAX_LOCAL_PART = 254, 64
"""Characters: RFC 5321 §4.5.3.1, which leaves 254 of 256 to what stands between < and >."""
_check = EmailValidator(allowlist=[])


def read_mail_address(text: str) -> str:
    """The address as it is kept: its domain in lower case.

    No name beside it, nothing quoted, no number of a host instead of a domain; a domain in other letters is written as
    mail servers do, `xn--…`. Raises: ValueError.
    """
    local, _, domain = text.rpartition("@")
    # First: to the validator, which ignores case, the Kelvin sign is a K.
    if not text.isascii() or len(text) > MAX_ADDRESS or len(local) > MAX_LOCAL_PART or local.startswith('"'):
        raise ValueError(NOT_A_MAIL_ADDRESS)
    try:
        _check(text)
    except ValidationError as error:
        raise ValueError(NOT_A_MAIL_ADDRESS) from error
    if domain.startswith("["):
        raise ValueError(NOT_A_MAIL_ADDRESS)
    return f"{local}@{domain.lower()}"


def is_mail_address(text: str) -> bool:
    """Whether it is one."""
    try:
        read_mail_address(text)
    except ValueError:
        return False
    return True
