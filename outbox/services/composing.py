"""A message as a mail (RFC 5322): whatever it is made of, in legal lines of ASCII; no word of it becomes a header."""

import re
import unicodedata
from datetime import datetime
from email.charset import QP, Charset
from email.utils import format_datetime, formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from kernel.letters import CalendarObject, Message, host_of_letters
from kernel.mail_addresses import is_mail_address

HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
METHOD = re.compile(r"[A-Z]{1,20}")
OWN_HEADERS = frozenset(
    [
        "auto-submitted",
        "bcc",
        "cc",
        "content-type",
        "date",
        "from",
        "message-id",
        "mime-version",
        "sender",
        "subject",
        "to",
    ]
)
BEGUN_WITH_NOTHING = re.compile(rb"^([A-Za-z][A-Za-z0-9-]*:)[ \t]*\r\n[ \t]+", re.MULTILINE)
"""A header whose first word was too long for its first line, which is empty then: filters take that for a trick."""
MAX_SUBJECT, MAX_VALUE = 250, 900
"""Characters: a line of a mail has at most 998, and not every header can be folded."""
BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of Unicode: controls, halves of characters, separators of lines and paragraphs."""
UTF8 = Charset("utf-8")
UTF8.body_encoding = QP
NO_SENDER = "nobody@localhost"
"""Of what is written into a file where no SMTP_EMAIL is set."""


class CannotBeWritten(ValueError):
    """No mail can be made of this message, now or later."""


def compose(message: Message, *, kind: str, letter_id: int, now: datetime) -> bytes:
    """The mail, lines ended as SMTP wants them. Its `Message-ID` is the same at each try. Raises: CannotBeWritten."""
    require_address(message.address)
    headers = {
        "Message-ID": f"<{re.sub('[^A-Za-z0-9_-]+', '-', kind)}.{letter_id}@{host_of_letters()}>",
        "Date": format_datetime(now),
        "Auto-Submitted": "auto-generated",
    }
    mail = EmailMultiAlternatives(
        subject=_shortened(one_line(message.subject)),
        body=_lines(message.text),
        from_email=sender(),
        to=[message.address],
        headers=headers | {name: _value(name, value) for name, value in message.headers.items()},
    )
    mail.encoding = UTF8
    mail.attach_alternative(_lines(message.html), "text/html")
    if message.calendar is not None:
        _attach(mail, message.calendar)
    source: bytes = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # its class is Django's own
    head, end, body = source.partition(b"\r\n\r\n")
    return BEGUN_WITH_NOTHING.sub(rb"\1 ", head) + end + body


def _attach(mail: EmailMultiAlternatives, calendar: CalendarObject) -> None:
    """Twice: as the last alternative, by which Google, Outlook and Apple know an invitation, and as a file."""
    if not METHOD.fullmatch(calendar.method):
        raise CannotBeWritten(f"{calendar.method!r} is no method of iCalendar")
    kind = f"text/calendar; method={calendar.method}"
    mail.attach_alternative(_lines(calendar.text), kind)
    mail.attach("invite.ics", _lines(calendar.text), kind)


def sender() -> str:
    """Who letters come from, as a header says it."""
    name = one_line(settings.SMTP_SENDER_NAME)
    return formataddr((name, settings.SMTP_EMAIL or NO_SENDER), UTF8)


def require_address(address: str) -> None:
    """Raises: CannotBeWritten."""
    if not is_mail_address(address):
        # What is beyond ASCII before the @ needs SMTPUTF8, which few servers know.
        raise CannotBeWritten("The address is none that mail can be sent to: ASCII before the @, a host after it")


def one_line(text: str) -> str:
    """Without anything that could end a line, and without spaces around it."""
    return " ".join("".join(" " if unicodedata.category(sign) in BREAKING else sign for sign in text).split())


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SUBJECT else f"{text[: MAX_SUBJECT - 1]}…"


def _value(name: str, value: str) -> str:
    if not HEADER.fullmatch(name) or name.lower() in OWN_HEADERS:
        raise CannotBeWritten(f"{name!r} is no header that a message may give")
    if len(line := one_line(value)) > MAX_VALUE:
        raise CannotBeWritten(f"The header {name} is longer than {MAX_VALUE} characters")
    return line


def _lines(text: str) -> str:
    """A text without what no text holds; its lines are its own."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs"})
