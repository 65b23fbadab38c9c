"""The imported semesters, units, teachers, courses and study plans: staged rows become rows, by their unique keys."""

from collections.abc import Mapping
from dataclasses import dataclass

from timetables.importing.records import Fault, Position
from timetables.importing.report import Counts, ImportReport
from timetables.importing.statements import (
    count,
    drop_repeated,
    drop_staged,
    fill,
    note_courses_anew,
    rows_of,
    run,
    run_noting,
)


@dataclass(frozen=True)
class Entity:
    """A noun whose rows stand for themselves."""

    noun: str
    table: str
    key: str
    defaults: Mapping[str, str]
    """{column: what a new row has where the file says nothing, as SQL}; NULL = the file has to say it."""

    @property
    def needed(self) -> list[str]:
        return [column for column, default in self.defaults.items() if default == "NULL"]


ENTITIES = (
    Entity(
        "semesters",
        "timetables_semester",
        "name",
        {"type": "NULL", "starts_on": "NULL", "ends_on": "NULL", "skip_dates": "'{}'", "is_available": "true"},
    ),
    Entity(
        "units",
        "timetables_unit",
        "name",
        {"code": "''", "section": "''", "promo": "''", "is_available": "true"},
    ),
    Entity("teachers", "timetables_teacher", "name", {"people_url": "''", "is_available": "true"}),
    Entity(
        "courses",
        "timetables_course",
        "code",
        {"name": "NULL", "credits": "0", "edu_url": "''", "language": "''", "is_available": "true"},
    ),
)


def upsert_catalogue(report: ImportReport) -> None:
    """Everything but the lectures. Absent values stay as they are; nothing is deleted.

    Makes `affected_courses`: whatever of a course is written is noted there, also its place in a plan.
    """
    note_courses_anew()
    for entity in ENTITIES:
        drop_repeated(entity.noun, [entity.key], report)
        report.counts[entity.noun] = _upsert(entity, report)
    report.counts["teachers"].created += _teachers_named_by_courses()
    report.counts["teachings"] = _teachings()
    drop_repeated("study_plans", ["unit", "semester"], report)
    report.counts["study_plans"] = _study_plans(report)
    report.counts["planned_courses"] = _planned_courses(report)


def _upsert(entity: Entity, report: ImportReport) -> Counts:
    noun, table, key = entity.noun, entity.table, entity.key
    write, returning = (run_noting, f" RETURNING {table}.id AS course_id") if noun == "courses" else (run, "")
    same = f"{table}.{key} = s.{key}"
    for column in entity.needed:
        drop_staged(
            noun,
            f"{column} IS NULL AND NOT EXISTS (SELECT FROM {table} WHERE {table}.{key} = staged_{noun}.{key})",
            f"'{column} is missing, and ' || {key} || ' is not known yet'",
            report,
        )
    columns = list(entity.defaults)
    merged = {column: f"COALESCE(s.{column}, {table}.{column})" for column in columns}
    changed = write(
        f"UPDATE {table} SET {', '.join(f'{column} = {value}' for column, value in merged.items())}"
        f" FROM staged_{noun} s WHERE {same} AND ({', '.join(f'{table}.{column}' for column in columns)})"
        f" IS DISTINCT FROM ({', '.join(merged.values())}){returning}"
    )
    fresh = ", ".join(f"COALESCE(s.{column}, {default})" for column, default in entity.defaults.items())
    created = write(
        f"INSERT INTO {table} ({key}, {', '.join(columns)}) SELECT s.{key}, {fresh} FROM staged_{noun} s"
        f" WHERE NOT EXISTS (SELECT FROM {table} WHERE {same}) ORDER BY s.item{returning}"
    )
    return Counts(created=created, changed=changed, kept=count(f"staged_{noun}") - created - changed)


def _teachers_named_by_courses() -> int:
    """Who is only named by a course is a teacher too."""
    return run(
        "INSERT INTO timetables_teacher (name, people_url, is_available) SELECT DISTINCT taught.name,"
        " '', true FROM staged_courses s, unnest(s.teachers) AS taught (name) ORDER BY 1 ON CONFLICT DO NOTHING"
    )


def _teachings() -> Counts:
    """Who teaches what: a course that names its teachers names all of them."""
    fill(
        "wanted_teachings",
        "SELECT c.id AS course_id, t.id AS teacher_id FROM staged_courses s JOIN timetables_course c USING (code),"
        " unnest(s.teachers) AS taught (name) JOIN timetables_teacher t ON t.name = taught.name",
    )
    created = run_noting(
        "INSERT INTO timetables_course_teachers (course_id, teacher_id) SELECT course_id, teacher_id FROM"
        " wanted_teachings ON CONFLICT DO NOTHING RETURNING course_id"
    )
    withdrawn = run_noting(
        "DELETE FROM timetables_course_teachers ct USING staged_courses s, timetables_course c"
        " WHERE c.code = s.code AND s.teachers IS NOT NULL AND ct.course_id = c.id AND NOT EXISTS"
        " (SELECT FROM wanted_teachings w WHERE (w.course_id, w.teacher_id) = (ct.course_id, ct.teacher_id))"
        " RETURNING ct.course_id"
    )
    return Counts(created=created, kept=count("wanted_teachings") - created, withdrawn=withdrawn)


def _study_plans(report: ImportReport) -> Counts:
    for column in ("unit", "semester"):
        drop_staged(
            "study_plans",
            f"NOT EXISTS (SELECT FROM timetables_{column} t WHERE t.name = staged_study_plans.{column})",
            f"'{column} ' || {column} || ' is not known'",
            report,
        )
    fill(
        "wanted_study_plans",
        "SELECT s.line, s.item, s.courses, s.is_available, u.id AS unit_id, m.id AS semester_id"
        " FROM staged_study_plans s JOIN timetables_unit u ON u.name = s.unit"
        " JOIN timetables_semester m ON m.name = s.semester",
    )
    changed = run(
        "UPDATE timetables_studyplan p SET is_available = w.is_available FROM wanted_study_plans w"
        " WHERE (p.unit_id, p.semester_id) = (w.unit_id, w.semester_id) AND p.is_available <> w.is_available"
    )
    created = run(
        "INSERT INTO timetables_studyplan (unit_id, semester_id, is_available) SELECT unit_id, semester_id,"
        " COALESCE(is_available, true) FROM wanted_study_plans ORDER BY item ON CONFLICT DO NOTHING"
    )
    return Counts(created=created, changed=changed, kept=count("wanted_study_plans") - created - changed)


def _planned_courses(report: ImportReport) -> Counts:
    """A plan that lists its courses lists all of them: the others are withdrawn from it, unless one is not known."""
    unknown = "NOT EXISTS (SELECT FROM timetables_course c WHERE c.code = named.code)"
    for line, item, code in rows_of(
        "SELECT w.line, w.item, named.code FROM wanted_study_plans w, unnest(w.courses) AS named (code)"
        f" WHERE {unknown} ORDER BY w.item, named.code"
    ):
        report.complain(Fault(Position(line, "study_plans", item), f"course {code} is not known"))
    fill(
        "wanted_plannings",
        "SELECT p.id AS study_plan_id, c.id AS course_id FROM wanted_study_plans w JOIN timetables_studyplan p"
        " ON (p.unit_id, p.semester_id) = (w.unit_id, w.semester_id), unnest(w.courses) AS named (code)"
        " JOIN timetables_course c ON c.code = named.code",
    )
    same = "(w.study_plan_id, w.course_id) = (p.study_plan_id, p.course_id)"
    restored = run_noting(
        f"UPDATE timetables_plannedcourse p SET is_available = true FROM wanted_plannings w WHERE {same}"
        " AND NOT p.is_available RETURNING p.course_id"
    )
    withdrawn = run_noting(
        "UPDATE timetables_plannedcourse p SET is_available = false FROM wanted_study_plans f"
        " JOIN timetables_studyplan s ON (s.unit_id, s.semester_id) = (f.unit_id, f.semester_id)"
        " WHERE p.study_plan_id = s.id"
        " AND f.courses IS NOT NULL AND p.is_available"
        f" AND NOT EXISTS (SELECT FROM unnest(f.courses) AS named (code) WHERE {unknown})"
        f" AND NOT EXISTS (SELECT FROM wanted_plannings w WHERE {same}) RETURNING p.course_id"
    )
    created = run_noting(
        "INSERT INTO timetables_plannedcourse (study_plan_id, course_id, is_available) SELECT study_plan_id, course_id,"
        " true FROM wanted_plannings ON CONFLICT DO NOTHING RETURNING course_id"
    )
    kept = count("wanted_plannings") - created - restored
    return Counts(created=created, kept=kept, withdrawn=withdrawn, restored=restored)
