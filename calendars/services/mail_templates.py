"""Making, changing and deleting what organizers are written. Nothing is kept that cannot be rendered."""

from datetime import datetime
from typing import Any

from django.db.models import ProtectedError

from accounts.models import User
from accounts.rules import check_cspace
from calendars.facts import MailTemplateChanged, MailTemplateCreated, MailTemplateDeleted
from calendars.models import MailTemplate
from calendars.rules.templates import faults as template_faults
from calendars.rules.wishes import name_faults
from kernel.changes import changes_between
from kernel.db.constraints import naming
from kernel.db.transactions import transactional
from kernel.errors import AlreadyExists, Invalid, InvalidState, NotFound
from kernel.facts import publish
from kernel.names import one_line

TEXTS = ("subject", "text", "html")
IS_EMPTY = "Must not be empty"


class MailTemplateNotFound(NotFound):
    resource = "Mail template"


class MailTemplateNameIsTaken(AlreadyExists):
    message = "A mail template with this name already exists"
    field = "name"


class MailTemplateIsUsed(InvalidState):
    message = "Calendars use this mail template: give them another one first"


@transactional
def create_mail_template(
    *, by: User, now: datetime, name: str, subject: str, text: str, html: str = ""
) -> MailTemplate:
    """Publishes `MailTemplateCreated`. Raises: PermissionDenied, Invalid, MailTemplateNameIsTaken."""
    check_cspace(by.access)
    template = MailTemplate(name=one_line(name), subject=subject, text=text, html=html)
    _check(template)
    with naming({"mailtemplate_name_is_unique": MailTemplateNameIsTaken()}):
        template.save(force_insert=True)
    publish(MailTemplateCreated(actor_id=by.pk, occurred_at=now, template_id=template.pk, name=template.name))
    return template


@transactional
def change_mail_template(
    *,
    template_id: int,
    by: User,
    now: datetime,
    name: str | None = None,
    subject: str | None = None,
    text: str | None = None,
    html: str | None = None,
) -> MailTemplate:
    """Change what is not None. Letters that wait are written by it as it is then. Publishes `MailTemplateChanged`,
    nothing for a no-op.

    Raises: PermissionDenied, MailTemplateNotFound, Invalid, MailTemplateNameIsTaken.
    """
    check_cspace(by.access)
    template = _hold(template_id)
    before = _values(template)
    kept_name = None if name is None else one_line(name)
    for field, value in {"name": kept_name, "subject": subject, "text": text, "html": html}.items():
        if value is not None:
            setattr(template, field, value)
    _check(template)
    changes: dict[str, list[Any]] = changes_between(before, _values(template))
    if not changes:
        return template
    with naming({"mailtemplate_name_is_unique": MailTemplateNameIsTaken()}):
        template.save()
    entries = {field: ["", "changed"] if field in TEXTS else pair for field, pair in changes.items()}
    publish(
        MailTemplateChanged(
            actor_id=by.pk, occurred_at=now, template_id=template.pk, name=template.name, changes=entries
        )
    )
    return template


@transactional
def delete_mail_template(*, template_id: int, by: User, now: datetime) -> None:
    """Delete what no calendar uses; letters that wait by it are not sent. Publishes `MailTemplateDeleted`.

    Raises: PermissionDenied, MailTemplateNotFound, MailTemplateIsUsed.
    """
    check_cspace(by.access)
    template = _hold(template_id)
    try:
        template.delete()
    except ProtectedError as error:
        raise MailTemplateIsUsed from error
    publish(MailTemplateDeleted(actor_id=by.pk, occurred_at=now, template_id=template_id, name=template.name))


def _hold(template_id: int) -> MailTemplate:
    template = MailTemplate.objects.select_for_update().filter(pk=template_id).first()
    if template is None:
        raise MailTemplateNotFound
    return template


def _check(template: MailTemplate) -> None:
    """Raises: Invalid."""
    faults = dict(template_faults(template.subject, template.text, template.html))
    faults |= {field: [IS_EMPTY] for field in ("subject", "text") if not getattr(template, field).strip()}
    if sentences := name_faults(template.name):
        faults["name"] = sentences
    if faults:
        raise Invalid(faults)


def _values(template: MailTemplate) -> dict[str, str]:
    return {field: getattr(template, field) for field in ("name", *TEXTS)}
