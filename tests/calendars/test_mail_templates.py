"""Mail templates are made and changed by cspace; none is kept that cannot be rendered."""

import pytest

from auditlog.models import LogEntry
from calendars.models import MailTemplate
from calendars.services.mail_templates import (
    MailTemplateIsUsed,
    MailTemplateNameIsTaken,
    MailTemplateNotFound,
    change_mail_template,
    create_mail_template,
    delete_mail_template,
)
from kernel import clock
from kernel.errors import Invalid, PermissionDenied
from tests.factories import make_user
from tests.factories.calendars import make_calendar

pytestmark = pytest.mark.django_db
GOOD = {"name": "Sorry", "subject": "{{ name }} has gone", "text": "By {{ overlap_events[0].name }}.", "html": ""}


def create(by, **more):
    return create_mail_template(by=by, now=clock.now(), **GOOD | more)


def change(template, by, **changes):
    return change_mail_template(template_id=template.pk, by=by, now=clock.now(), **changes)


def delete(template, by):
    delete_mail_template(template_id=template.pk, by=by, now=clock.now())


def entries():
    return list(LogEntry.objects.order_by("pk").values_list("action", "target", "details"))


def test_a_template_is_made_changed_and_deleted_with_a_row_of_the_log_each(cspace):
    template = create(cspace)
    change(template, cspace, name="Very sorry", html="<p>{{ name }}</p>")
    change(template, cspace, name="Very sorry", subject=GOOD["subject"])
    assert MailTemplate.objects.values("name", "subject", "text", "html").get() == GOOD | {
        "name": "Very sorry",
        "html": "<p>{{ name }}</p>",
    }
    delete(template, cspace)
    target = f"mail_template:{template.pk}"
    changes = {"name": ["Sorry", "Very sorry"], "html": ["", "changed"]}
    assert entries() == [
        ("mail_template.created", target, {"name": "Sorry"}),
        ("mail_template.changed", target, {"name": "Very sorry", "changes": changes}),
        ("mail_template.deleted", target, {"name": "Very sorry"}),
    ]


@pytest.mark.parametrize("name", [" Sorry", "Sorry\u00a0", "Sorry\ufe0f", " Sorry\n"])
def test_a_name_is_kept_trimmed(cspace, name):
    template = create(cspace, name=name)
    assert template.name == MailTemplate.objects.get().name == "Sorry"
    assert change(template, cspace, name=name).name == "Sorry"
    with pytest.raises(MailTemplateNameIsTaken):
        create(cspace, name=f"{name} ")
    assert [action for action, *_ in entries()] == ["mail_template.created"]


def test_a_name_of_full_length_may_have_blanks_around_it(cspace):
    assert create(cspace, name=f" {'x' * 255} ").name == "x" * 255


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Must not be empty"),
        ("name", "two\nlines", "Must not have control characters"),
        ("subject", " ", "Must not be empty"),
        ("text", "", "Must not be empty"),
        ("text", "one\n{{ name", "Line 2"),
        ("html", "<p>{{ nam }}</p>", "nam"),
        ("text", "{{ name.__class__ }}", "__class__"),
        ("text", "nul \x00", "Control characters"),
        ("subject", "x" * 501, "At most 500 characters"),
    ],
)
def test_what_cannot_be_sent_is_refused_where_it_stands(cspace, field, value, sentence):
    with pytest.raises(Invalid) as refusal:
        create(cspace, **{field: value})
    assert list(refusal.value.details) == [field]
    assert sentence in refusal.value.details[field][0]
    template = create(cspace)
    with pytest.raises(Invalid):
        change(template, cspace, **{field: value})
    template.refresh_from_db()
    assert {name: getattr(template, name) for name in GOOD} == GOOD
    assert len(entries()) == 1


def test_names_are_unique(cspace):
    create(cspace)
    other = create(cspace, name="Other")
    with pytest.raises(MailTemplateNameIsTaken):
        create(cspace)
    with pytest.raises(MailTemplateNameIsTaken):
        change(other, cspace, name="Sorry")


def test_what_a_calendar_uses_stays(cspace):
    template = create(cspace)
    calendar = make_calendar(mail_template=template)
    with pytest.raises(MailTemplateIsUsed):
        delete(template, cspace)
    assert MailTemplate.objects.exists()
    calendar.mail_template = None
    calendar.save()
    delete(template, cspace)
    with pytest.raises(MailTemplateNotFound):
        delete(template, cspace)
    with pytest.raises(MailTemplateNotFound):
        change(template, cspace, name="x")


def test_only_cspace_writes(cspace):
    template, stranger = create(cspace), make_user()
    for write in (
        lambda: create(stranger, name="Other"),
        lambda: change(template, stranger, name="Other"),
        lambda: delete(template, stranger),
    ):
        with pytest.raises(PermissionDenied):
            write()
