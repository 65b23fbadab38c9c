"""Letters about an address: the one that asks to confirm it, and the one that takes leave of it."""

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.html import escape, format_html

from accounts.models import Preferences, User
from accounts.queries.preferences import preferences_of
from accounts.services.mailed_tokens import WishedAddress, confirmation_token
from kernel.errors import InvalidState
from kernel.letters import LetterKind, Message, is_mail_on, post, public_url
from kernel.phrases import sentence
from kernel.throttling import count_try

CONFIRMATION_PATH = "/api/v1/confirm-email/"


class MailIsOff(InvalidState):
    message = "This server sends no mail, so that no address can be confirmed"


def post_confirmation(preferences: Preferences, email: str, *, now: datetime) -> None:
    """Ask at an address whether its reader wants to be told there. Only so often: nobody is to be pestered.

    Raises: MailIsOff, RateLimited: too many letters were asked for by this person, or to this address.
    """
    if not is_mail_on():
        raise MailIsOff
    user_id = preferences.user_id
    for who in (f"person {user_id}", f"address {email.casefold()}"):
        count_try("confirmation", who, now=now)
    arguments = {"user_id": user_id, "email": email, "issued_at": int(now.timestamp())}
    post(CONFIRMATION, key=_key(user_id), arguments=arguments, now=now)


def tell_former_address(person: User, email: str, *, now: datetime) -> None:
    """Whoever reads there may be the one whose account was taken over; nobody, where there was none."""
    if email and is_mail_on():
        post(EMAIL_CHANGED, key=_key(person.pk), arguments={"user_id": person.pk, "email": email}, now=now)


def _key(user_id: int) -> str:
    """Each time another: the same may be asked for twice."""
    return f"accounts:{user_id}:{secrets.token_hex(16)}"


def write_confirmation(*, now: datetime, user_id: int, email: str, issued_at: int) -> Message | None:
    """None, where he wants another address by now, or none."""
    preferences = preferences_of(user_id)
    if preferences.pending_email != email or not preferences.user.is_active:
        return None
    token = confirmation_token(WishedAddress(user_id, email, preferences.pending_key), issued_at=issued_at)
    link = f"{public_url()}{CONFIRMATION_PATH}?token={token}"
    return _message("letter.confirmation", preferences, email, link=link, closing="letter.confirmation.otherwise")


def write_email_changed(*, now: datetime, user_id: int, email: str) -> Message | None:
    """None, where he has come back to the address."""
    preferences = preferences_of(user_id)
    return None if preferences.user.email == email else _message("letter.email_changed", preferences, email)


def _message(kind: str, preferences: Preferences, email: str, *, link: str = "", closing: str = "") -> Message:
    """In the language of the person."""
    language = preferences.language or settings.CSPACE_LANGUAGE
    params: dict[str, Any] = {"username": preferences.user.username}
    opening = sentence(kind, params, language=language)
    end = sentence(closing, params, language=language) if closing else ""
    subject = sentence(f"{kind}.subject", params, language=language)
    anchor = format_html('<a href="{}">{}</a>', link, link) if link else ""
    head = f'<meta charset="utf-8"><title>{escape(subject)}</title>'
    paragraphs = "".join(f"<p>{part}</p>" for part in (escape(opening), anchor, escape(end)) if part)
    return Message(
        address=email,
        subject=subject,
        text="\n\n".join(part for part in (opening, link, end) if part) + "\n",
        html=f'<!doctype html><html lang="{language}">{head}{paragraphs}</html>',
        is_for_its_reader_alone=True,
    )


CONFIRMATION = LetterKind(name="accounts.confirmation", write=write_confirmation)
EMAIL_CHANGED = LetterKind(name="accounts.email_changed", write=write_email_changed)
