"""The imported semesters, units, teachers, courses and study plans: staged rows become rows, by their unique keys."""

from timetables import rules
from timetables.importing import catalogue_statements as sql
from timetables.importing.catalogue_statements import ENTITIES, Entity
from timetables.importing.nouns import COURSES, SEMESTERS, STUDY_PLANS
from timetables.importing.records import Fault, Position
from timetables.importing.report import MAX_COURSES_LISTED, Counts, ImportReport
from timetables.importing.statements import count, drop_repeated, drop_staged, rows_of, run, run_noting
from timetables.importing.tables import fill, make_affected_courses


def upsert_catalogue(report: ImportReport) -> None:
    """Everything but the lectures. Absent values stay as they are; nothing is deleted.

    Makes `affected_courses`: whatever of a course is written is noted there, also its place in a plan.
    """
    make_affected_courses()
    for entity in ENTITIES:
        drop_repeated(entity.noun, [entity.key], report)
        report.counts[entity.noun.name] = _upsert(entity, report)
    report.counts["teachers"].created += run(sql.CREATE_TEACHERS_OF_COURSES)
    report.counts["teachings"] = _teachings()
    drop_repeated(STUDY_PLANS, ["unit", "semester"], report)
    report.counts["study_plans"] = _study_plans(report)
    report.counts["planned_courses"] = _planned_courses(report)


def _upsert(entity: Entity, report: ImportReport) -> Counts:
    write = run_noting if entity.noun is COURSES else run
    for column in entity.needed:
        sentence = f"'{column} is missing, and ' || {entity.key} || ' is not known yet'"
        drop_staged(entity.noun, sql.lacks(entity, column), sentence, report)
    if entity.noun is SEMESTERS:
        drop_staged(entity.noun, sql.HAS_EXAMS_OUTSIDE, f"'{rules.EXAMS_OUTSIDE} ' || name", report)
    if entity.noun is COURSES:
        new = rows_of(sql.NEW_COURSES, [MAX_COURSES_LISTED])
        report.new_courses = [code if code == name else f"{code} {name}" for code, name in new]
    changed = write(sql.change_rows(entity))
    created = write(sql.create_rows(entity))
    return Counts(created=created, changed=changed, kept=count(entity.noun.table) - created - changed)


def _teachings() -> Counts:
    fill("teachings_in_file", sql.TEACHINGS_IN_FILE)
    created = run_noting(sql.CREATE_TEACHINGS)
    withdrawn = run_noting(sql.WITHDRAW_TEACHINGS)
    return Counts(created=created, kept=count("teachings_in_file") - created, withdrawn=withdrawn)


def _study_plans(report: ImportReport) -> Counts:
    for column in ("unit", "semester"):
        drop_staged(STUDY_PLANS, sql.is_unknown(column), f"'{column} ' || {column} || ' is not known'", report)
    fill("study_plans_in_file", sql.STUDY_PLANS_IN_FILE)
    changed = run(sql.CHANGE_STUDY_PLANS)
    created = run(sql.CREATE_STUDY_PLANS)
    return Counts(created=created, changed=changed, kept=count("study_plans_in_file") - created - changed)


def _planned_courses(report: ImportReport) -> Counts:
    for line, item, code in rows_of(sql.UNKNOWN_COURSES_OF_PLANS):
        report.complain(Fault(Position(line, STUDY_PLANS.name, item), f"course {code} is not known", name=code))
    fill("plannings_in_file", sql.PLANNINGS_IN_FILE)
    restored = run_noting(sql.RESTORE_PLANNINGS)
    withdrawn = run_noting(sql.WITHDRAW_PLANNINGS)
    created = run_noting(sql.CREATE_PLANNINGS)
    return Counts(
        created=created,
        kept=count("plannings_in_file") - created - restored,
        withdrawn=withdrawn,
        restored=restored,
    )
