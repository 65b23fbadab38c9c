"""The database refuses by itself what the services never write: every constraint of every table, by raw insert.

A constraint without a violation here fails the first test; so does a violation without a constraint.
"""

import datetime as dt
import uuid
from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from accounts.models import AccessKey, LoginSession, Preferences, RefreshSession, SsoWhitelist
from allocations.models import EventWeight
from allocations.services.distributing import distribute
from calendars.models import CalendarFeed, CalendarOutbox, MailTemplate, PriorityToken
from classrooms.models import Classroom
from groups.models import Group
from jobs.models import DueTime
from kernel import clock
from kernel.campus_time import campus_date, campus_interval
from kernel.models import IdempotencyRecord
from mail.models import Invitation
from notifications.models import Notification
from outbox.models import Letter, LetterCopy
from policies.models import QuotaCharge
from registrations.models import EndingNotice, Registration, Reminder, Series
from tests.allocations.scenes import ended, make_entry, make_event
from tests.classrooms.divided import divide
from tests.factories import cspace_group, join, make_classroom, make_registration, make_user
from tests.factories.calendars import enter, make_calendar
from tests.factories.timetables import make_course, make_lecture, make_semester
from tests.once import built_once
from tests.policies.scenes import make_mark, make_rule
from tests.webhooks.scenes import make_delivery, make_webhook
from timetables.models import PlannedCourse, StudyPlan, Teacher, Unit

ROOT = Path(__file__).resolve().parent.parent
OWN_APPS = [config for config in apps.get_app_configs() if Path(config.path).parent == ROOT]

AN_OCCUPANCY_WITHOUT_A_COURSE = (
    "(SELECT id FROM classrooms_occupancy EXCEPT SELECT occupancy_id FROM timetables_coursebooking LIMIT 1)"
)
AN_OCCUPANCY_WITHOUT_A_BOOKING = (
    "(SELECT id FROM classrooms_occupancy EXCEPT SELECT occupancy_id FROM registrations_registration LIMIT 1)"
)
ANOTHER = "(SELECT max(id) FROM accounts_user)"
"""Who has no preferences yet."""
ANOTHER_KEY = {"digest": "'other'::bytea"}
A_PERSONS = {"scope": "'user'", "group_id": "NULL", "user_id": ANOTHER, "token_version": "0"}
A_SCRIPTS = A_PERSONS | {
    "scope": "'api'",
    "token_version": "NULL",
    "name": "'Door'",
    "permissions": "'{events}'",
}
ANOTHER_RULE = {"likeness": "'other'"}
A_WEEK = {"begins_on": "begins_on + 70"}
A_WEEKLY_REGISTRATION = "(SELECT max(registration_id) FROM registrations_seriesweek)"
A_REGISTRATION = "(SELECT max(occupancy_id) FROM registrations_registration)"
HELD = {
    "state": "'held'",
    "registration_id": A_WEEKLY_REGISTRATION,
    "date": "NULL",
    "why": "''",
    "blocked_by_id": "NULL",
}
SKIPPED = {
    "state": "'skipped'",
    "registration_id": "NULL",
    "date": "begins_on + 70",
    "why": "'dst'",
    "blocked_by_id": "NULL",
}
GIVEN_UP = {"state": "'given_up'", "registration_id": "NULL", "date": "NULL", "why": "''", "blocked_by_id": "NULL"}
VIOLATIONS = {
    # {constraint: (model, what a copy of its first row has instead, as SQL)}
    "user_has_a_username": ("accounts.User", {"username": "''"}),
    "accounts_user.username": ("accounts.User", {}),
    "preferences_known_language": ("accounts.Preferences", {"user_id": ANOTHER, "language": "'de'"}),
    "preferences_known_mail": ("accounts.Preferences", {"user_id": ANOTHER, "mail": "'weekly'"}),
    "preferences_daily_minute_of_a_day": ("accounts.Preferences", {"user_id": ANOTHER, "daily_minute": "1440"}),
    "preferences_reminder_within_a_week": ("accounts.Preferences", {"user_id": ANOTHER, "reminder_hours": "169"}),
    "refreshsession_expires_after_issue": (
        "accounts.RefreshSession",
        {"jti": "gen_random_uuid()", "successor_jti": "NULL", "expires_at": "issued_at"},
    ),
    "refreshsession_successor_means_used": (
        "accounts.RefreshSession",
        {"jti": "gen_random_uuid()", "successor_jti": "gen_random_uuid()", "used_at": "NULL"},
    ),
    "accounts_refreshsession.successor_jti": ("accounts.RefreshSession", {"jti": "gen_random_uuid()"}),
    "accounts_accesskey.digest": ("accounts.AccessKey", {"revoked_at": "now()"}),
    "accesskey_one_lives_per_group": ("accounts.AccessKey", ANOTHER_KEY),
    "accesskey_known_scope": ("accounts.AccessKey", ANOTHER_KEY | {"scope": "'room'"}),
    "accesskey_is_of_a_person_or_a_group": ("accounts.AccessKey", ANOTHER_KEY | {"scope": "'user'"}),
    "accesskey_of_a_script_has_a_name_and_permissions": (
        "accounts.AccessKey",
        ANOTHER_KEY | {"scope": "'join'", "name": "'Door'"},
    ),
    "accesskey_expires_after_issue": (
        "accounts.AccessKey",
        ANOTHER_KEY | {"scope": "'join'", "expires_at": "created_at"},
    ),
    "loginsession_known_status": ("accounts.LoginSession", ANOTHER_KEY | {"status": "'other'"}),
    "loginsession_of_whoever_is_logged_in": ("accounts.LoginSession", ANOTHER_KEY | {"user_id": "NULL"}),
    "loginsession_completed_once": ("accounts.LoginSession", ANOTHER_KEY | {"completed_at": "NULL"}),
    "ssowhitelist_once_each": ("accounts.SsoWhitelist", {"eppn": "upper(eppn)"}),
    "invitation_one_per_registration": ("mail.Invitation", {}),
    "invitation_known_method": ("mail.Invitation", {"user_id": ANOTHER, "method": "'PUBLISH'"}),
    "group_living_name_is_unique": ("groups.Group", {"is_system": "false"}),
    "group_living_code_is_unique": ("groups.Group", {"is_system": "false", "name_key": "'other'"}),
    "group_code_has_a_key": ("groups.Group", {"is_system": "false", "name_key": "'other'", "code_key": "''"}),
    "group_one_system_group": ("groups.Group", {"name": "'other'", "name_key": "'other'"}),
    "group_has_a_name": ("groups.Group", {"is_system": "false", "name": "''", "name_key": "'other'"}),
    "group_system_group_is_never_archived": ("groups.Group", {"archived_at": "now()"}),
    "group_tags_have_keys": ("groups.Group", {"is_system": "false", "name_key": "'other'", "tags": "'{gold}'"}),
    "usergroup_one_place_per_group": ("groups.UserGroup", {}),
    "usergroup_known_permissions": ("groups.UserGroup", {"permissions": "'owner'"}),
    "classroom_name_is_unique": ("classrooms.Classroom", {"name": "'ROOM A'"}),
    "classroom_exact_name_is_unique": ("classrooms.Classroom", {"name_key": "'other'"}),
    "classroom_has_a_name": (
        "classrooms.Classroom",
        {"name": "''", "name_key": "'other'", "code": "'other'", "code_key": "'other'"},
    ),
    "classroom_code_is_unique": (
        "classrooms.Classroom",
        {"name": "'other'", "name_key": "'other'", "code": "'other'", "code_key": "code_key"},
    ),
    "classroom_exact_code_is_unique": (
        "classrooms.Classroom",
        {"name": "'other'", "name_key": "'other'", "code": "code", "code_key": "'other'"},
    ),
    "classroom_has_a_code": (
        "classrooms.Classroom",
        {"name": "'other'", "name_key": "'other'", "code": "'other'", "code_key": "''"},
    ),
    "classroom_capacity_in_range": ("classrooms.Classroom", {"capacity": "0"}),
    "classroom_floor_in_range": ("classrooms.Classroom", {"floor": "201"}),
    "classroom_link_is_a_web_address": (
        "classrooms.Classroom",
        {"name": "'other'", "name_key": "'other'", "link": "'javascript:x'"},
    ),
    "classroom_latitude_in_range": (
        "classrooms.Classroom",
        {"name": "'other'", "name_key": "'other'", "latitude": "90.5", "longitude": "0"},
    ),
    "classroom_longitude_in_range": (
        "classrooms.Classroom",
        {"name": "'other'", "name_key": "'other'", "latitude": "0", "longitude": "'NaN'::float8"},
    ),
    "classroom_has_both_coordinates_or_none": (
        "classrooms.Classroom",
        {"name": "'other'", "name_key": "'other'", "latitude": "0"},
    ),
    "occupancy_starts_before_ends": ("classrooms.Occupancy", {"ends_at": "starts_at"}),
    "occupancy_known_kind": ("classrooms.Occupancy", {"kind": "'party'"}),
    "occupancy_part_and_buffer_have_a_main": ("classrooms.Occupancy", {"kind": "'part'"}),
    "occupancy_buffers_in_range": ("classrooms.Occupancy", {"before_minutes": "1441"}),
    "roompart_once_per_whole": ("classrooms.RoomPart", {}),
    "roompart_is_another_room": ("classrooms.RoomPart", {"part_id": "whole_id"}),
    "roomoverlap_once_per_pair": ("classrooms.RoomOverlap", {}),
    "roomoverlap_is_another_room": ("classrooms.RoomOverlap", {"other_id": "classroom_id"}),
    "occupancy_no_overlap": ("classrooms.Occupancy", {"starts_at": "starts_at + interval '1 minute'"}),
    "registration_known_origin": ("registrations.Registration", {"origin": "'fax'"}),
    "registrations_registration.uid": (
        "registrations.Registration",
        {"occupancy_id": AN_OCCUPANCY_WITHOUT_A_BOOKING, "uid": "uid"},
    ),
    "registration_known_status": ("registrations.Registration", {"status": "'maybe'"}),
    "registration_description_in_range": ("registrations.Registration", {"description": "repeat('x', 2001)"}),
    "registration_attendees_at_least_one": ("registrations.Registration", {"attendees": "0"}),
    "registration_closed_over_is_cancelled": ("registrations.Registration", {"is_closed_over": "true"}),
    "registration_still_charged_is_cancelled": ("registrations.Registration", {"is_still_charged": "true"}),
    "series_known_day_of_week": ("registrations.Series", {"day_of_week": "8"}),
    "series_start_minute_before_end_minute": ("registrations.Series", {"end_minute": "start_minute"}),
    "series_starts_on_before_ends_on": ("registrations.Series", {"ends_on": "starts_on - 1"}),
    "series_event_means_draw": ("registrations.Series", {"event_id": "NULL"}),
    "series_description_in_range": ("registrations.Series", {"description": "repeat('x', 2001)"}),
    "series_attendees_at_least_one": ("registrations.Series", {"attendees": "0"}),
    "bookingrule_no_two_alike": ("policies.BookingRule", {}),
    "bookingrule_has_a_name": ("policies.BookingRule", {"name": "''"} | ANOTHER_RULE),
    "bookingrule_known_effect": ("policies.BookingRule", {"effect": "'warn'"} | ANOTHER_RULE),
    "bookingrule_known_limit_type": ("policies.BookingRule", {"limit_type": "'colour'"} | ANOTHER_RULE),
    "bookingrule_says_who": ("policies.BookingRule", {"who_kind": "'tag'"} | ANOTHER_RULE),
    "bookingrule_says_where": ("policies.BookingRule", {"where_kind": "'building'"} | ANOTHER_RULE),
    "bookingrule_during_from_before_until": (
        "policies.BookingRule",
        {"during_from": "'2026-02-02'", "during_until": "'2026-02-01'"} | ANOTHER_RULE,
    ),
    "bookingrule_known_period": ("policies.BookingRule", {"during_period": "'lunch'"} | ANOTHER_RULE),
    "bookingrule_at_from_before_until": ("policies.BookingRule", {"at_until_minute": "at_from_minute"} | ANOTHER_RULE),
    "quotacharge_known_owner_kind": ("policies.QuotaCharge", {"owner_kind": "'floor'"}),
    "quotacharge_amount_above_zero": ("policies.QuotaCharge", {"amount": "0"}),
    "mark_is_of_a_group_or_a_person": ("policies.Mark", {"user_id": ANOTHER}),
    "mark_known_kind": ("policies.Mark", {"kind": "'smell'"}),
    "mark_points_in_range": ("policies.Mark", {"points": "0"}),
    "mark_note_in_range": ("policies.Mark", {"note": "repeat('x', 501)"}),
    "seriesweek_once_per_series": ("registrations.SeriesWeek", {"registration_id": "NULL"} | GIVEN_UP),
    "registrations_seriesweek.registration_id": ("registrations.SeriesWeek", A_WEEK | HELD),
    "seriesweek_begins_on_a_sunday": ("registrations.SeriesWeek", A_WEEK | GIVEN_UP | {"begins_on": "begins_on + 1"}),
    "seriesweek_known_state": ("registrations.SeriesWeek", A_WEEK | GIVEN_UP | {"state": "'lost'"}),
    "seriesweek_has_a_registration_or_is_without": (
        "registrations.SeriesWeek",
        A_WEEK | HELD | {"registration_id": "NULL"},
    ),
    "seriesweek_skipped_has_a_date_and_a_reason": ("registrations.SeriesWeek", A_WEEK | SKIPPED | {"why": "'mood'"}),
    "seriesweek_date_lies_in_the_week": ("registrations.SeriesWeek", A_WEEK | SKIPPED | {"date": "begins_on + 70 - 1"}),
    "seriesweek_blocked_means_booked": (
        "registrations.SeriesWeek",
        A_WEEK | SKIPPED | {"why": "'closed'", "blocked_by_id": A_REGISTRATION},
    ),
    "seriesweek_given_up_by_somebody": (
        "registrations.SeriesWeek",
        A_WEEK | SKIPPED | {"given_up_by_id": "(SELECT max(id) FROM accounts_user)"},
    ),
    "seriesweek_own_description_in_range": (
        "registrations.SeriesWeek",
        A_WEEK | GIVEN_UP | {"own_description": "repeat('x', 2001)"},
    ),
    "seriesweek_own_attendees_in_range": ("registrations.SeriesWeek", A_WEEK | GIVEN_UP | {"own_attendees": "-1"}),
    "bookinghold_starts_before_ends": ("classrooms.BookingHold", {"source": "'other'", "ends_at": "starts_at"}),
    "classrooms_bookinghold.source": ("classrooms.BookingHold", {}),
    "allocationevent_starts_before_ends": (
        "allocations.AllocationEvent",
        {"registration_end": "registration_start"},
    ),
    "allocationevent_target_in_order": ("allocations.AllocationEvent", {"target_ends_on": "target_starts_on - 1"}),
    "allocationevent_known_status": ("allocations.AllocationEvent", {"status": "'paused'"}),
    "allocationevent_known_balance": ("allocations.AllocationEvent", {"balance": "'seats'"}),
    "allocationevent_known_conflict": ("allocations.AllocationEvent", {"conflict": "'ignore'"}),
    "allocationevent_known_tie": ("allocations.AllocationEvent", {"tie": "'id'"}),
    "allocationevent_min_percent_in_range": ("allocations.AllocationEvent", {"min_percent": "0"}),
    "allocationevent_limits_in_range": ("allocations.AllocationEvent", {"max_wins_per_group": "0"}),
    "drawsecret_is_32_bytes": ("allocations.DrawSecret", {"seed": "'short'::bytea"}),
    "eventweight_in_range": ("allocations.EventWeight", {"weight": "9"}),
    "eventweight_one_per_group": ("allocations.EventWeight", {}),
    "allocationregistration_day_in_range": ("allocations.AllocationRegistration", {"day_of_week": "0"}),
    "allocationregistration_starts_before_ends": (
        "allocations.AllocationRegistration",
        {"end_minute": "start_minute"},
    ),
    "allocationregistration_rank_and_choice_in_range": ("allocations.AllocationRegistration", {"rank": "0"}),
    "allocationregistration_known_status": ("allocations.AllocationRegistration", {"status": "'maybe'"}),
    "allocationregistration_known_reason_and_grant": ("allocations.AllocationRegistration", {"reason": "'MOOD'"}),
    "allocationregistration_description_in_range": (
        "allocations.AllocationRegistration",
        {"description": "repeat('x', 2001)"},
    ),
    "allocationregistration_attendees_at_least_one": ("allocations.AllocationRegistration", {"attendees": "0"}),
    "allocationregistration_series_means_it_won": ("allocations.AllocationRegistration", {"grant": "''"}),
    "allocationregistration_wish_is_unique": ("allocations.AllocationRegistration", {"series_id": "NULL"}),
    "allocations_allocationregistration.series_id": (
        "allocations.AllocationRegistration",
        {"start_minute": "start_minute + 1"},
    ),
    "draw_counts_add_up": ("allocations.Draw", {"total": "total + 1"}),
    "allocations_draw.event_id": ("allocations.Draw", {}),
    "teacher_name_is_unique": ("timetables.Teacher", {}),
    "teacher_has_a_name": ("timetables.Teacher", {"name": "''"}),
    "teacher_people_url_is_a_web_address": (
        "timetables.Teacher",
        {"name": "'other'", "people_url": "'javascript:x'"},
    ),
    "course_code_is_unique": ("timetables.Course", {}),
    "course_has_an_address": ("timetables.Course", {"code": "'CS/101'"}),
    "course_has_a_name": ("timetables.Course", {"code": "'other'", "name": "''"}),
    "course_credits_in_range": ("timetables.Course", {"code": "'other'", "credits": "-1"}),
    "course_edu_url_is_a_web_address": ("timetables.Course", {"code": "'other'", "edu_url": "'HTTP://x'"}),
    "semester_name_is_unique": ("timetables.Semester", {}),
    "semester_has_a_name": ("timetables.Semester", {"name": "''"}),
    "semester_known_type": ("timetables.Semester", {"name": "'other'", "type": "'winter'"}),
    "semester_starts_before_it_ends": ("timetables.Semester", {"name": "'other'", "ends_on": "starts_on - 1"}),
    "semester_exam_dates_are_ranges": (
        "timetables.Semester",
        {"name": "'other'", "exam_dates": "ARRAY[ARRAY[starts_on]]"},
    ),
    "semester_has_its_exam_dates": (
        "timetables.Semester",
        {"name": "'other'", "exam_dates": "ARRAY[ARRAY[starts_on, ends_on + 1]]"},
    ),
    "unit_name_is_unique": ("timetables.Unit", {}),
    "unit_has_a_name": ("timetables.Unit", {"name": "''"}),
    "studyplan_one_per_unit_and_semester": ("timetables.StudyPlan", {}),
    "plannedcourse_once_per_plan": ("timetables.PlannedCourse", {}),
    "courseschedule_once_per_course": ("timetables.CourseSchedule", {}),
    "courseschedule_starts_before_ends": ("timetables.CourseSchedule", {"ends_at": "starts_at"}),
    "courseschedule_has_a_label": ("timetables.CourseSchedule", {"label": "''"}),
    "coursebooking_once_per_lecture": (
        "timetables.CourseBooking",
        {"occupancy_id": AN_OCCUPANCY_WITHOUT_A_COURSE},
    ),
    "reminder_once_per_registration_and_start": ("registrations.Reminder", {}),
    "reminder_known_kind": ("registrations.Reminder", {"kind": "'past'"}),
    "endingnotice_once_per_series_and_last_date": ("registrations.EndingNotice", {}),
    "jobs_duetime.name": ("jobs.DueTime", {}),
    "webhook_has_url_and_secret": ("webhooks.Webhook", {"url": "''"}),
    "webhook_has_events": ("webhooks.Webhook", {"events": "'{}'"}),
    "webhook_lease_has_an_end": ("webhooks.Webhook", {"lease": "gen_random_uuid()"}),
    "webhook_former_secret_has_an_end": ("webhooks.Webhook", {"former_secret": "'x'"}),
    "delivery_known_state": (
        "webhooks.Delivery",
        {"message_id": "'other'", "state": "'lost'", "finished_at": "now()"},
    ),
    "delivery_ends_once": ("webhooks.Delivery", {"message_id": "'other'", "finished_at": "now()"}),
    "webhooks_delivery.message_id": ("webhooks.Delivery", {}),
    "letter_known_state": ("outbox.Letter", {"key": "'other'", "state": "'lost'", "sent_at": "NULL"}),
    "letter_sent_at_means_sent": ("outbox.Letter", {"key": "'other'", "sent_at": "NULL"}),
    "outbox_letter.key": ("outbox.Letter", {}),
    "lettercopy_once_per_address": ("outbox.LetterCopy", {}),
    "lettercopy_known_state": ("outbox.LetterCopy", {"address": "'other'", "state": "'dropped'"}),
    "lettercopy_source_is_kept_until_sent": ("outbox.LetterCopy", {"address": "'other'", "source": "''"}),
    "mailtemplate_name_is_unique": ("calendars.MailTemplate", {}),
    "mailtemplate_has_words": ("calendars.MailTemplate", {"subject": "''"}),
    "calendar_slug_is_unique": ("calendars.Calendar", {}),
    "calendar_slug_is_an_address": ("calendars.Calendar", {"slug": "'-a'"}),
    "calendar_slug_is_not_reserved": ("calendars.Calendar", {"slug": "'clear-bookings'"}),
    "calendar_has_a_name": ("calendars.Calendar", {"name": "''"}),
    "calendar_known_source": ("calendars.Calendar", {"source": "'ftp'", "source_url": "'ftp://x'"}),
    "calendar_has_a_url_unless_local": ("calendars.Calendar", {"source": "'ics'"}),
    "calendar_known_on_overlap": ("calendars.Calendar", {"on_overlap": "'push'"}),
    "calendar_lease_has_an_end": ("calendars.Calendar", {"lease": "gen_random_uuid()"}),
    "calendar_priority_is_not_negative": ("calendars.Calendar", {"default_priority": "-1"}),
    "prioritytoken_token_is_unique": ("calendars.PriorityToken", {}),
    "prioritytoken_is_a_long_word": ("calendars.PriorityToken", {"token": "'1234567'"}),
    "prioritytoken_priority_is_positive": ("calendars.PriorityToken", {"priority": "0"}),
    "calendarevent_once_per_calendar": ("calendars.CalendarEvent", {"public_id": "gen_random_uuid()"}),
    "calendarevent_one_number_per_calendar": ("calendars.CalendarEvent", {"uid": "'other'"}),
    "calendarevent_has_uid_and_name": ("calendars.CalendarEvent", {"uid": "''"}),
    "calendarevent_ends_after_start": ("calendars.CalendarEvent", {"ends_at": "starts_at - interval '1 minute'"}),
    "calendarevent_known_status": ("calendars.CalendarEvent", {"status": "'maybe'"}),
    "calendarevent_series_has_its_text": ("calendars.CalendarEvent", {"is_repeated": "true"}),
    "calendaroccurrence_once_per_event": (
        "calendars.CalendarOccurrence",
        {"state": "'free'", "occupancy_id": "NULL"},
    ),
    "calendars_calendaroccurrence.occupancy_id": (
        "calendars.CalendarOccurrence",
        {"recurrence_id": "recurrence_id + interval '1 day'"},
    ),
    "calendaroccurrence_starts_before_ends": ("calendars.CalendarOccurrence", {"ends_at": "starts_at"}),
    "calendaroccurrence_known_state": (
        "calendars.CalendarOccurrence",
        {"state": "'lost'", "occupancy_id": "NULL"},
    ),
    "calendaroccurrence_claims_its_room": ("calendars.CalendarOccurrence", {"state": "'free'"}),
    "calendaroutbox_known_operation": ("calendars.CalendarOutbox", {"operation": "'get'"}),
    "feed_one_per_subject": ("calendars.CalendarFeed", {"token": "'other'"}),
    "feed_token_is_unique": ("calendars.CalendarFeed", {"subject": "'group:2'"}),
    "feed_known_subject": ("calendars.CalendarFeed", {"subject": "'room:2'", "token": "'other'"}),
    "notification_known_status": ("notifications.Notification", {"status": "'seen'"}),
    "idempotencyrecord_key_is_unique_per_user": ("cspace.IdempotencyRecord", {}),
}
FURTHER = [
    # (constraint, another way to break it): the other end of a range, the other half of a condition
    ("group_tags_have_keys", {"is_system": "false", "name_key": "'o'", "tags": "'{a}'", "tag_keys": "ARRAY['']"}),
    (
        "group_tags_have_keys",
        {"is_system": "false", "name_key": "'o'"}
        | dict.fromkeys(("tags", "tag_keys"), "array_fill('a'::varchar, ARRAY[21])"),
    ),
    ("group_code_has_a_key", {"is_system": "false", "name_key": "'other'", "code_key": "NULL"}),
    ("group_code_has_a_key", {"is_system": "false", "name_key": "'other'", "code": "NULL"}),
    ("accesskey_is_of_a_person_or_a_group", ANOTHER_KEY | A_PERSONS | {"token_version": "NULL"}),
    ("accesskey_is_of_a_person_or_a_group", ANOTHER_KEY | A_PERSONS | {"group_id": "group_id"}),
    ("accesskey_is_of_a_person_or_a_group", ANOTHER_KEY | A_PERSONS | {"scope": "'join'"}),
    ("accesskey_is_of_a_person_or_a_group", ANOTHER_KEY | {"scope": "'join'", "group_id": "NULL"}),
    ("accesskey_is_of_a_person_or_a_group", ANOTHER_KEY | A_SCRIPTS | {"token_version": "0"}),
    ("accesskey_is_of_a_person_or_a_group", ANOTHER_KEY | A_SCRIPTS | {"user_id": "NULL"}),
    ("accesskey_is_of_a_person_or_a_group", ANOTHER_KEY | A_SCRIPTS | {"group_id": "group_id"}),
    ("accesskey_of_a_script_has_a_name_and_permissions", ANOTHER_KEY | {"scope": "'join'", "prefix": "'abcdef'"}),
    (
        "accesskey_of_a_script_has_a_name_and_permissions",
        ANOTHER_KEY | {"scope": "'join'", "permissions": "'{events}'"},
    ),
    ("accesskey_of_a_script_has_a_name_and_permissions", ANOTHER_KEY | A_SCRIPTS | {"name": "''"}),
    ("accesskey_of_a_script_has_a_name_and_permissions", ANOTHER_KEY | A_SCRIPTS | {"permissions": "'{}'"}),
    ("accesskey_of_a_script_has_a_name_and_permissions", ANOTHER_KEY | A_SCRIPTS | {"permissions": "'{events,all}'"}),
    (
        "accesskey_of_a_script_has_a_name_and_permissions",
        ANOTHER_KEY | A_SCRIPTS | {"permissions": "ARRAY[NULL]::varchar[]"},
    ),
    ("semester_exam_dates_are_ranges", {"name": "'other'", "exam_dates": "ARRAY[starts_on, ends_on]"}),
    ("semester_has_its_exam_dates", {"name": "'other'", "exam_dates": "ARRAY[ARRAY[starts_on - 1, ends_on]]"}),
    ("classroom_capacity_in_range", {"capacity": "100001"}),
    ("classroom_floor_in_range", {"floor": "-21"}),
    ("classroom_latitude_in_range", {"name": "'o'", "name_key": "'o'", "latitude": "-90.5", "longitude": "0"}),
    ("classroom_longitude_in_range", {"name": "'o'", "name_key": "'o'", "latitude": "0", "longitude": "-180.5"}),
    ("classroom_has_both_coordinates_or_none", {"name": "'o'", "name_key": "'o'", "longitude": "0"}),
    ("occupancy_part_and_buffer_have_a_main", {"kind": "'buffer'"}),
    ("occupancy_buffers_in_range", {"after_minutes": "-1"}),
    ("webhook_has_url_and_secret", {"secret": "''"}),
    ("mailtemplate_has_words", {"name": "''"}),
    ("mailtemplate_has_words", {"text": "''"}),
    ("calendar_slug_is_an_address", {"slug": "'A'"}),
    ("calendar_slug_is_an_address", {"slug": "''"}),
    ("calendar_has_a_url_unless_local", {"source_url": "'https://x'"}),
    ("calendar_lease_has_an_end", {"leased_until": "now()"}),
    ("prioritytoken_is_a_long_word", {"token": "'two words'"}),
    ("calendarevent_has_uid_and_name", {"name": "''"}),
    ("calendaroccurrence_claims_its_room", {"occupancy_id": "NULL"}),
    ("calendaroccurrence_claims_its_room", {"has_room": "false"}),
    ("feed_known_subject", {"subject": "'user:0'", "token": "'other'"}),
    ("webhook_lease_has_an_end", {"leased_until": "now()"}),
    ("webhook_former_secret_has_an_end", {"former_secret_until": "now()"}),
    ("delivery_ends_once", {"message_id": "'other'", "state": "'done'"}),
    ("bookingrule_says_who", {"who_label": "'gold'"} | ANOTHER_RULE),
    ("bookingrule_says_who", {"user_id": ANOTHER} | ANOTHER_RULE),
    ("bookingrule_says_who", {"who_kind": "'planet'"} | ANOTHER_RULE),
    ("bookingrule_says_who", {"who_kind": "'group'"} | ANOTHER_RULE),
    ("bookingrule_says_who", {"who_kind": "'user'"} | ANOTHER_RULE),
    ("bookingrule_says_where", {"where_kind": "'floor'"} | ANOTHER_RULE),
    ("bookingrule_says_where", {"where_kind": "'classroom'"} | ANOTHER_RULE),
    ("bookingrule_says_where", {"where_kind": "'planet'"} | ANOTHER_RULE),
    ("bookingrule_says_where", {"floor": "2"} | ANOTHER_RULE),
    ("bookingrule_at_from_before_until", {"at_from_minute": "-1"} | ANOTHER_RULE),
    ("bookingrule_at_from_before_until", {"at_until_minute": "1441"} | ANOTHER_RULE),
    ("mark_is_of_a_group_or_a_person", {"group_id": "NULL"}),
    ("mark_points_in_range", {"points": "11"}),
    ("series_known_day_of_week", {"day_of_week": "0"}),
    ("seriesweek_has_a_registration_or_is_without", A_WEEK | GIVEN_UP | {"registration_id": A_REGISTRATION}),
    ("seriesweek_skipped_has_a_date_and_a_reason", A_WEEK | SKIPPED | {"date": "NULL"}),
    ("seriesweek_skipped_has_a_date_and_a_reason", A_WEEK | GIVEN_UP | {"date": "begins_on + 70"}),
    ("seriesweek_skipped_has_a_date_and_a_reason", A_WEEK | GIVEN_UP | {"why": "'dst'"}),
    ("seriesweek_date_lies_in_the_week", A_WEEK | SKIPPED | {"date": "begins_on + 70 + 7"}),
    ("series_start_minute_before_end_minute", {"start_minute": "-1"}),
    ("series_start_minute_before_end_minute", {"end_minute": "1441"}),
    ("series_event_means_draw", {"source": "'admin'"}),
    ("series_event_means_draw", {"source": "'chance'"}),
    ("series_event_means_draw", {"source": "'chance'", "event_id": "NULL"}),
    ("allocationevent_min_percent_in_range", {"min_percent": "101"}),
    ("allocationevent_limits_in_range", {"max_entries_per_group": "0"}),
    ("allocationevent_limits_in_range", {"max_minutes_per_entry": "0"}),
    ("allocationevent_limits_in_range", {"max_minutes_per_entry": "1441"}),
    ("eventweight_in_range", {"weight": "0"}),
    ("allocationregistration_day_in_range", {"day_of_week": "8"}),
    ("allocationregistration_starts_before_ends", {"start_minute": "-1"}),
    ("allocationregistration_starts_before_ends", {"end_minute": "1441"}),
    ("allocationregistration_rank_and_choice_in_range", {"choice": "-1"}),
    ("allocationregistration_known_reason_and_grant", {"grant": "'luck'"}),
    ("letter_sent_at_means_sent", {"key": "'other'", "state": "'failed'"}),
    ("lettercopy_source_is_kept_until_sent", {"address": "'other'", "state": "'sent'"}),
    ("lettercopy_source_is_kept_until_sent", {"address": "'other'", "state": "'sent'", "sent_at": "now()"}),
    ("lettercopy_source_is_kept_until_sent", {"address": "'other'", "sent_at": "now()"}),
]
WAYS = [(name, changes) for name, (_, changes) in VIOLATIONS.items()] + FURTHER


def declared():
    """The constraints of all models, by name; a unique field is `table.column`."""
    for config in OWN_APPS:
        for model in config.get_models():
            yield from (constraint.name for constraint in model._meta.constraints)
            for field in model._meta.local_fields:
                if field.unique and not field.primary_key:
                    yield f"{model._meta.db_table}.{field.column}"


def test_every_constraint_is_violated_here():
    assert sorted(declared()) == sorted(VIOLATIONS)


@pytest.fixture(scope="module")
def first_rows(django_db_setup, django_db_blocker):
    with built_once(django_db_blocker, make_first_rows):
        yield


@pytest.fixture
def one_row_each(first_rows, db):
    """There is a first row in every table, from which only one value has to differ."""


def make_first_rows():
    now = clock.now()
    user, group, room = make_user("person"), cspace_group(), make_classroom("Room A")
    join(user, group)
    Group.objects.filter(pk=group.pk).update(code="staff", code_key="staff")
    make_registration(by=user, group=group, classroom=room, day=campus_date(now) + dt.timedelta(days=3))
    a_drawn_event(user, group, room, now)
    Notification.objects.filter(user=user).delete()
    Notification.objects.create(user=user, description="Something happened.", created_at=now)
    make_classroom("Half A")
    divide(make_classroom("Hall"), Classroom.objects.get(name="Half A"))
    make_delivery(make_webhook("group.created"), 1)
    DueTime.objects.create(name="x", due_at=now, next_due_at=now)
    letter = Letter.objects.create(kind="x", key="x", arguments={}, state="sent", created_at=now, sent_at=now)
    LetterCopy.objects.create(letter=letter, address="archive@example.edu", source="x", state="waiting")
    IdempotencyRecord.objects.create(user=user, key="k", fingerprint="f", created_at=now)
    booking = make_lecture(room, make_course("CS-101"), day=campus_date(now) + dt.timedelta(days=4))
    booking.schedule.course.teachers.add(Teacher.objects.create(name="Ada L"))
    semester = make_semester()
    plan = StudyPlan.objects.create(unit=Unit.objects.create(name="IN-BA3"), semester=semester)
    PlannedCourse.objects.create(study_plan=plan, course=booking.schedule.course)
    Reminder.objects.create(registration=Registration.objects.earliest("pk"), kind="near", starts_at=now)
    EndingNotice.objects.create(series=Series.objects.earliest("pk"), last_on=campus_date(now))
    quota = {"type": "quota", "bookings": 9, "per": "week", "counts": "takes_place_in", "of": "group"}
    rule_id = make_rule(user, limit=quota)
    QuotaCharge.objects.create(
        rule_id=rule_id, owner_kind="group", owner_id=group.pk, registration_id=booking.pk, counts_at=now, amount=1
    )
    make_mark(user, group)
    # Room time that no lecture has yet.
    make_registration(by=user, group=group, classroom=room, day=campus_date(now) + dt.timedelta(days=5))
    Preferences.objects.create(user=user)
    registration = Registration.objects.order_by("pk")[0]
    Invitation.objects.create(user=user, registration=registration, sequence=1, method="REQUEST", ends_at=now)
    make_user("another")
    AccessKey.objects.create(digest=b"x", scope="society", group_id=group.pk, issued_by=user, created_at=now)
    LoginSession.objects.create(digest=b"x", status="logged_in", user=user, created_at=now, completed_at=now)
    make_calendar_rows(user, room, now)
    SsoWhitelist.objects.create(eppn="guest@example.edu", added_by=user, added_at=now)
    RefreshSession.objects.create(
        family=uuid.uuid4(),
        user=user,
        token_version=0,
        issued_at=now,
        expires_at=now + dt.timedelta(days=1),
        family_expires_at=now + dt.timedelta(days=1),
        used_at=now,
        successor_jti=uuid.uuid4(),
    )


def make_calendar_rows(user, room, now):
    """A date of an event that has its room, and what calendars have besides."""
    calendar = make_calendar("aula", users=(user,), classroom=room)
    enter(calendar, campus_interval(campus_date(now) + dt.timedelta(days=6), 600, 660), by=user)
    MailTemplate.objects.create(name="x", subject="x", text="x")
    PriorityToken.objects.create(token="a-long-word", priority=1)
    CalendarOutbox.objects.create(calendar=calendar, operation="delete", uid="x", next_try_at=now, created_at=now)
    CalendarFeed.objects.create(subject="group:1", token="x", created_at=now)


def a_drawn_event(user, group, room, now):
    """A winner that has skipped a booked date, a weight, and beside it an event that keeps its time from singles."""
    user.forget_access()
    event = make_event(user)
    make_entry(event, group, room, user)
    make_registration(by=user, group=group, classroom=room, day=event.target_starts_on + dt.timedelta(days=1))
    EventWeight.objects.create(event=event, group=group, weight=2)
    ended(event, user)
    distribute(event_id=event.pk, by=user, now=now)
    make_event(user, hold_singles=True)


def insert_copy(model, changes):
    """Insert a copy of the first row with some columns given as SQL; generated columns are the database's."""
    fields = [field for field in model._meta.local_fields if not field.generated]
    columns = [field.column for field in fields if not field.db_returning or field.column in changes]
    assert set(changes) <= set(columns)
    values = [changes.get(column, f'"{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {", ".join(values)}'
            f' FROM "{model._meta.db_table}" ORDER BY "{model._meta.pk.column}" LIMIT 1'
        )


@pytest.mark.parametrize(("name", "changes"), WAYS)
def test_the_database_refuses(one_row_each, name, changes):
    label, _ = VIOLATIONS[name]
    with pytest.raises(IntegrityError) as refusal:
        insert_copy(apps.get_model(label), changes)
    violated = refusal.value.__cause__.diag.constraint_name
    table, _, column = name.partition(".")
    assert violated == (f"{table}_{column}_key" if column else name)
