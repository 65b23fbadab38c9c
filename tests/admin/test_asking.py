"""The page that asks: what it says, what it does when the world has changed meanwhile, and forms that reach further."""

import datetime as dt
import threading

import pytest
from django.contrib.messages import get_messages
from django.db import connection

from accounts.models import User
from allocations.enums import EventStatus
from allocations.models import AllocationEvent, AllocationRegistration, Draw
from auditlog.models import LogEntry
from groups.models import UserGroup
from kernel import clock
from kernel.admin import asking, prospects
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site
from kernel.campus_time import campus_date, campus_minute, format_minute
from registrations.models import Registration
from registrations.services.cancelling import cancel_registration
from registrations.services.series_cancelling import cancel_series
from tests.admin.pages import act, actions, answer, ask, is_asking, said, save, sections
from tests.allocations.scenes import ended, make_entry, make_event
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_series, make_user

LIST = "registrations/registration"
SERIES, EVENTS, GROUPS = "registrations/series", "allocations/allocationevent", "groups/group"


@pytest.fixture
def soon():
    return campus_date(clock.now()) + dt.timedelta(days=7)


@pytest.fixture
def series(cspace, team, room, soon):
    return make_series(by=cspace, group=team, classroom=room, starts_on=soon, weeks=3)


def states(rows):
    return sorted(rows.values_list("status", flat=True))


def test_an_action_that_would_act_at_once_is_refused():
    class AtOnce(ServiceAdmin):
        actions = ("at_once",)

        def at_once(self, request, chosen):
            chosen.delete()

    page = AtOnce(Registration, site)
    with pytest.raises(asking.NoCommand):
        page.get_actions(type("Request", (), {"GET": {}, "user": None})())


def test_cancelling_a_series_says_first_what_lies_ahead(admin, series, soon):
    page = ask(admin, SERIES, "cancel", series)
    (lines,) = sections(page).values()
    cancelled = [line for line in lines if line.startswith("Registration cancelled: ")]
    assert [str(soon + dt.timedelta(weeks=week)) in line for week, line in enumerate(cancelled)] == [True] * 3
    html = page.content.decode()
    assert "<strong>3</strong> × Registration cancelled" in html
    assert "<strong>1</strong> × Series cancelled" in html
    assert "Asia/Taipei" in html
    assert states(Registration.objects) == ["approved"] * 3
    assert said(answer(admin, page)) == ["1 cancelled."]
    assert states(Registration.objects) == ["cancelled"] * 3


def test_what_has_changed_meanwhile_is_shown_again_before_anything_is_done(admin, cspace, series):
    page = ask(admin, SERIES, "cancel", series)
    first = series.occurrences.order_by("pk").first()
    cancel_registration(registration_id=first.pk, by=cspace, now=clock.now())
    before = actions()

    again = answer(admin, page)

    assert is_asking(again)
    assert said(again) == [prospects.HAS_CHANGED]
    assert "<strong>2</strong> × Registration cancelled" in again.content.decode()
    assert actions() == before
    assert said(answer(admin, again)) == ["1 cancelled."]
    assert actions()[len(before) :] == ["registration.cancelled"] * 2 + ["series.cancelled"]


def test_what_has_become_needless_meanwhile_is_said(admin, cspace, series):
    page = ask(admin, SERIES, "cancel", series)
    cancel_series(series_id=series.pk, by=cspace, now=clock.now())
    before = actions()
    again = answer(admin, page)
    assert said(again)[0] == prospects.HAS_CHANGED
    assert "Nothing of it lies ahead" in said(again)[1]
    assert actions() == before


def test_only_what_was_chosen_is_done_though_more_matches_by_now(admin, member, team, room, soon):
    make_registration(by=member, group=team, classroom=room, day=soon)
    chosen = {"action": "reject", "_selected_action": [Registration.objects.get().pk], "select_across": "1"}
    page = admin.post(f"/admin/{LIST}/?status__exact=pending", chosen)
    make_registration(by=member, group=team, classroom=room, day=soon, start=800, end=860)
    assert said(answer(admin, page)) == ["1 rejected."]
    assert states(Registration.objects) == ["pending", "rejected"]


def test_another_reason_than_the_one_shown_is_shown_first(admin, member, team, room, soon):
    held = make_registration(by=member, group=team, classroom=room, day=soon)
    page = ask(admin, LIST, "reject", held, reason="Exam week")
    assert "reason Exam week" in page.content.decode()
    page.context["fields"][:] = [(name, "No" if name == "reason" else value) for name, value in page.context["fields"]]
    assert is_asking(answer(admin, page))
    assert states(Registration.objects) == ["pending"]


def test_each_of_several_is_done_or_shown_again_by_itself(admin, member, team, room, soon):
    """Both were rejected and want the same time back: alone, each could have it."""
    rows = []
    for _ in range(2):
        rows.append(make_registration(by=member, group=team, classroom=room, day=soon))
        act(admin, LIST, "reject", rows[-1])
    page = ask(admin, LIST, "approve", *rows)
    assert len(sections(page)) == 2
    again = said(answer(admin, page))
    assert again[:2] == ["1 approved.", prospects.HAS_CHANGED]
    assert "Room is already booked" in again[2]
    assert states(Registration.objects) == ["approved", "rejected"]


@pytest.mark.parametrize(
    "forged",
    [
        {"once": "x"},
        {"once": ""},
        {"once": "\x00" * 32},
        {"plan": ""},
        {"plan": "x"},
        {"plan": "1:"},
        {"plan": "\x00"},
        {"_selected_action": "9" * 30},
        {"_selected_action": []},
    ],
)
def test_a_forged_answer_does_nothing(admin, member, team, room, soon, forged):
    held = make_registration(by=member, group=team, classroom=room, day=soon)
    form = dict(ask(admin, LIST, "cancel", held).context["fields"])
    assert admin.post(f"/admin/{LIST}/", form | forged).status_code in {200, 302, 400}
    assert states(Registration.objects) == ["pending"]


def test_a_page_of_somebody_else_or_for_something_else_does_nothing_unseen(admin, member, team, room, soon, browser):
    held = make_registration(by=member, group=team, classroom=room, day=soon)
    other = make_registration(by=member, group=team, classroom=room, day=soon, start=800, end=860)
    form = dict(ask(admin, LIST, "cancel", held).context["fields"])
    assert is_asking(admin.post(f"/admin/{LIST}/", form | {"action": "reject"}))
    admin.post(f"/admin/{LIST}/", form | {"_selected_action": other.pk})
    assert browser(member).post(f"/admin/{LIST}/", form).status_code == 302
    assert states(Registration.objects) == ["pending"] * 2


def test_too_many_at_once_are_refused_with_the_bound(admin, monkeypatch, settings, member, team, room, soon):
    assert 2 * asking.MAX_CHOSEN + 50 < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    monkeypatch.setattr(asking, "MAX_CHOSEN", 1)
    rows = [
        make_registration(by=member, group=team, classroom=room, day=soon, start=start, end=start + 60)
        for start in (600, 700)
    ]
    assert said(ask(admin, LIST, "cancel", *rows)) == ["2 are chosen: choose at most 1."]


def test_a_long_plan_is_listed_up_to_a_bound_and_counted_whole(admin, cspace, team, room, soon, monkeypatch):
    monkeypatch.setattr(prospects, "MAX_LINES", 2)
    make_series(by=cspace, group=team, classroom=room, starts_on=soon, weeks=5)
    html = ask(admin, GROUPS, "archive", team).content.decode()
    assert "<strong>5</strong> × Registration cancelled" in html
    assert html.count("<li>Registration cancelled") == 2
    assert "The first 2 of 7" in html


# --- the draw ------------------------------------------------------------------------------------


def test_distributing_a_distributed_event_says_so(admin, cspace, team, member, room):
    event = make_event(cspace)
    make_entry(event, team, room, member)
    ended(event, cspace)
    page = ask(admin, EVENTS, "distribute", event)
    assert said(answer(admin, page)) == ["1 distributed."]
    before = LogEntry.objects.count()
    (sentence,) = said(ask(admin, EVENTS, "distribute", event))
    assert sentence.startswith(f"Allocation event {event.pk}: It has been distributed already")
    assert LogEntry.objects.count() == before
    assert Draw.objects.count() == 1


def test_what_is_shown_before_a_draw_tells_nothing_of_its_outcome(admin, cspace, member, room):
    """Else one could look, and think again. Two rivals, so that somebody loses; the numbers of both stay out."""
    event = make_event(cspace, weeks=2)
    for name in ("Choir", "Chess"):
        make_entry(event, make_group(name), room, member)
    ended(event, cspace)
    page = ask(admin, EVENTS, "distribute", event)
    assert sections(page) == {f"Allocation event {event.pk}": ["Allocation event distributed: total registrations 2"]}
    assert not AllocationRegistration.objects.exclude(position=None).exists()
    assert AllocationEvent.objects.get().status == EventStatus.CLOSED
    assert said(answer(admin, page)) == ["1 distributed."]
    assert Draw.objects.get().seed != bytes(32)


def test_cancelling_an_event_reveals_no_seed_before_the_answer(admin, cspace):
    event = make_event(cspace)
    seed = bytes(AllocationEvent.objects.get().secret.seed).hex()
    page = ask(admin, EVENTS, "cancel", event)
    assert list(sections(page)) == [f"Allocation event {event.pk}"]
    assert seed not in page.content.decode()
    assert AllocationEvent.objects.get().status == EventStatus.OPEN


# --- forms that reach further than their own row -----------------------------------------------------


def test_a_closure_that_cancels_bookings_asks_first(admin, room, member, team, soon):
    make_registration(by=member, group=team, classroom=room, day=soon)
    url = "/admin/classrooms/closure/add/"
    form = {"classrooms": [room.pk], "starts_on": str(soon), "start_time": "0:00", "ends_on": str(soon)}
    form |= {"end_time": "24:00", "reason": "Paint\r\nand more", "on_conflict": "cancel"}
    before = actions()
    page = admin.post(url, form)
    assert is_asking(page)
    assert "<strong>1</strong> × Registration cancelled" in page.content.decode()
    assert (actions(), said(page)) == (before, [])
    assert said(answer(admin, page)) == ["1 closed."]
    assert states(Registration.objects) == ["cancelled"]
    assert "already" in said(answer(admin, page))[0]
    assert actions().count("closure.created") == 1


def test_what_a_form_would_do_by_now_is_shown_again(admin, room, member, team, soon):
    make_registration(by=member, group=team, classroom=room, day=soon)
    form = {"classrooms": [room.pk], "starts_on": str(soon), "start_time": "0:00", "ends_on": str(soon)}
    form |= {"end_time": "24:00", "reason": "", "on_conflict": "cancel"}
    page = admin.post("/admin/classrooms/closure/add/", form)
    make_registration(by=member, group=team, classroom=room, day=soon, start=900, end=960)
    again = answer(admin, page)
    assert is_asking(again)
    assert "<strong>2</strong> × Registration cancelled" in again.content.decode()
    assert states(Registration.objects) == ["pending"] * 2


def test_taking_somebodys_access_in_his_form_asks_and_other_changes_do_not(browser, member):
    root = browser(make_user("root", is_superuser=True))
    url = f"/admin/accounts/user/{member.pk}/change/"
    name = {"display_name": "Ada"}
    assert not is_asking(root.post(url, name | {"is_active": "on"}, follow=True))
    page = root.post(url, name)
    assert "is active yes → no" in page.content.decode()
    assert User.objects.get(pk=member.pk).is_active
    save(root, url, name)
    assert not User.objects.get(pk=member.pk).is_active


def test_ending_an_event_by_a_new_window_asks_first(admin, cspace, team, member, room):
    event = make_event(cspace, opens_in=dt.timedelta(hours=-2))
    make_entry(event, team, room, member)
    url = f"/admin/{EVENTS}/{event.pk}/change/"
    shown = admin.get(url).context["adminform"].form
    form = {name: shown[name].value() for name in shown.fields if shown[name].value() is not None}
    over = clock.now() - dt.timedelta(minutes=30)
    closes_at = format_minute(campus_minute(over))
    page = admin.post(url, form | {"closes_on": str(campus_date(over)), "closes_at": closes_at})
    assert is_asking(page)
    assert AllocationEvent.objects.get().status == EventStatus.OPEN
    answer(admin, page)
    assert AllocationEvent.objects.get().status == EventStatus.CLOSED


# --- twice at once --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_double_click_does_it_once(browser, transactional_db, soon):
    """Two answers of one page at the same moment: one does it, the other says that it is done."""
    by = make_user("by")
    join(by, cspace_group())
    series = make_series(by=by, group=make_group("522"), classroom=make_classroom("Room A"), starts_on=soon)
    clients = [browser(by), browser(by)]
    page = ask(clients[0], SERIES, "cancel", series)
    barrier, answers = threading.Barrier(2), []

    def press(client):
        try:
            barrier.wait(timeout=10)
            response = client.post(f"/admin/{SERIES}/", dict(page.context["fields"]))
            answers.append([str(message) for message in get_messages(response.wsgi_request)])
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(answers) == [["1 cancelled already: the page was sent twice."], ["1 cancelled."]]
    assert actions().count("series.cancelled") == 1
    assert UserGroup.objects.count() == 1
