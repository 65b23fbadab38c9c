"""Whether what is said about mail can be meant: each fault one sentence, none with a password in it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from ssl import SSLError, create_default_context
from typing import Any

from kernel.mail_addresses import is_mail_address

IMPLICIT_TLS_PORT, STARTTLS_PORT = 465, 587
HOST = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?")
"""A name or an address, in ASCII."""
ON_ONE_LINE = ("SMTP_SERVER", "SMTP_EMAIL", "SMTP_PASSWORD", "SMTP_USER_NAME", "SMTP_SENDER_NAME", "SMTP_CA_FILE")
WITHOUT_SERVER = ("SMTP_PASSWORD", "SMTP_BCC", "SMTP_CA_FILE")
"""What nobody says who does not want mail to be sent."""


def mail_problems(settings: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the settings of mail, by their names; the first counts."""
    for name in ON_ONE_LINE:
        if not str(settings[name]).isprintable():
            yield f"{name} holds a line break or another control character"
    for name in ("SMTP_EMAIL", "SMTP_BCC"):
        for address in [settings[name]] if isinstance(settings[name], str) else settings[name]:
            if address and not is_mail_address(address):
                yield f"{name}: {address!r} is not an e-mail address such as rooms@example.edu"
    for name in ("SMTP_PASSWORD", "SMTP_USER_NAME"):
        if not str(settings[name]).isascii():
            yield f"{name} holds other letters than ASCII, which no login to a mail server takes"
    if settings["SMTP_SERVER"]:
        yield from _problems_with_server(settings)
    else:
        for name in WITHOUT_SERVER:
            if settings[name]:
                yield f"{name} needs an SMTP_SERVER"


def _problems_with_server(settings: Mapping[str, Any]) -> Iterator[str]:
    if not HOST.fullmatch(settings["SMTP_SERVER"]):
        yield f"SMTP_SERVER: {settings['SMTP_SERVER']!r} is not the name of a host; its port is SMTP_PORT"
    if not settings["SMTP_EMAIL"]:
        yield "SMTP_SERVER needs an SMTP_EMAIL: the address that letters come from"
    if not settings["CSPACE_PUBLIC_URL"]:
        yield "SMTP_SERVER needs a CSPACE_PUBLIC_URL: the origin that links in letters lead to"
    if settings["SMTP_USER_NAME"] != settings["SMTP_EMAIL"] and not settings["SMTP_PASSWORD"]:
        yield "SMTP_USER_NAME needs an SMTP_PASSWORD: without one nobody logs in"
    if settings["SMTP_STARTTLS"] and settings["SMTP_PORT"] == IMPLICIT_TLS_PORT:
        yield f"SMTP_STARTTLS=on does not go with SMTP_PORT={IMPLICIT_TLS_PORT}, where TLS begins at once"
    if not settings["SMTP_STARTTLS"] and settings["SMTP_PORT"] == STARTTLS_PORT:
        yield f"SMTP_PORT={STARTTLS_PORT} needs SMTP_STARTTLS=on: TLS does not begin at once there"
    if settings["SMTP_CA_FILE"]:
        yield from _problems_with_certificates(settings["SMTP_CA_FILE"])


def _problems_with_certificates(path: str) -> Iterator[str]:
    if not Path(path).is_file():
        yield f"SMTP_CA_FILE names {path}, which is no file that can be read"
        return
    try:
        create_default_context(cafile=path)
    except SSLError:
        yield f"SMTP_CA_FILE names {path}, which holds no certificates in PEM"
    except OSError as error:
        yield f"SMTP_CA_FILE names {path}, which cannot be read ({error.strerror})"
