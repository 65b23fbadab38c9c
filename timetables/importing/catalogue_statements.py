"""What `catalogue` says in SQL: texts only."""

from collections.abc import Mapping
from dataclasses import dataclass

from timetables.importing.nouns import COURSES, SEMESTERS, TEACHERS, UNITS, Noun


@dataclass(frozen=True)
class Entity:
    """A noun whose rows stand for themselves, and the table of the database that has them."""

    noun: Noun
    table: str
    key: str
    defaults: Mapping[str, str]
    """{column: what a new row has where the file says nothing, as SQL}; NULL = the file has to say it."""

    @property
    def needed(self) -> list[str]:
        return [column for column, default in self.defaults.items() if default == "NULL"]


ENTITIES = (
    Entity(
        SEMESTERS,
        "timetables_semester",
        "name",
        {
            "type": "NULL",
            "starts_on": "NULL",
            "ends_on": "NULL",
            "skip_dates": "'{}'",
            "exam_dates": "'{}'",
            "is_available": "true",
        },
    ),
    Entity(
        UNITS,
        "timetables_unit",
        "name",
        {"code": "''", "section": "''", "promo": "''", "is_available": "true"},
    ),
    Entity(TEACHERS, "timetables_teacher", "name", {"people_url": "''", "is_available": "true"}),
    Entity(
        COURSES,
        "timetables_course",
        "code",
        {"name": "NULL", "credits": "0", "edu_url": "''", "language": "''", "is_available": "true"},
    ),
)


def lacks(entity: Entity, column: str) -> str:
    """Condition on a staged row: a new one, of which the file does not say what only the file can."""
    table, staged, key = entity.table, entity.noun.table, entity.key
    return f"{column} IS NULL AND NOT EXISTS (SELECT FROM {table} WHERE {table}.{key} = {staged}.{key})"


def change_rows(entity: Entity) -> str:
    """Rows that are there and differ from what the file says of them. Courses return their ids."""
    table = entity.table
    merged = {column: f"COALESCE(file.{column}, {table}.{column})" for column in entity.defaults}
    assignments = ", ".join(f"{column} = {value}" for column, value in merged.items())
    return f"""
        UPDATE {table} SET {assignments}
        FROM {entity.noun.table} file WHERE {_is_same(entity)}
        AND ({", ".join(f"{table}.{column}" for column in merged)}) IS DISTINCT FROM ({", ".join(merged.values())})
        {_returning(entity)}"""


HAS_EXAMS_OUTSIDE = """
    EXISTS (SELECT FROM timetables_semester semester,
    unnest(COALESCE(staged_semesters.exam_dates, semester.exam_dates)) AS exam (day)
    WHERE semester.name = staged_semesters.name
    AND exam.day NOT BETWEEN COALESCE(staged_semesters.starts_on, semester.starts_on)
    AND COALESCE(staged_semesters.ends_on, semester.ends_on))"""
"""Condition on a staged semester: of what the file says and what is there, exams and days do not go together."""

NEW_COURSES = """
    SELECT code, name FROM staged_courses file
    WHERE NOT EXISTS (SELECT FROM timetables_course course WHERE course.code = file.code)
    ORDER BY item LIMIT %s"""
"""Parameters: how many."""


def create_rows(entity: Entity) -> str:
    """Rows that are not there yet. Courses return their ids."""
    columns = ", ".join(entity.defaults)
    values = ", ".join(f"COALESCE(file.{column}, {default})" for column, default in entity.defaults.items())
    return f"""
        INSERT INTO {entity.table} ({entity.key}, {columns})
        SELECT file.{entity.key}, {values} FROM {entity.noun.table} file
        WHERE NOT EXISTS (SELECT FROM {entity.table} WHERE {_is_same(entity)})
        ORDER BY file.item
        {_returning(entity)}"""


def _is_same(entity: Entity) -> str:
    return f"{entity.table}.{entity.key} = file.{entity.key}"


def _returning(entity: Entity) -> str:
    return f"RETURNING {entity.table}.id AS course_id" if entity.noun is COURSES else ""


CREATE_TEACHERS_OF_COURSES = """
    INSERT INTO timetables_teacher (name, people_url, is_available)
    SELECT DISTINCT mention.name, '', true FROM staged_courses file, unnest(file.teachers) AS mention (name)
    ORDER BY 1 ON CONFLICT DO NOTHING"""
"""Who is only named by a course is a teacher too."""

TEACHINGS_IN_FILE = """
    SELECT course.id AS course_id, teacher.id AS teacher_id
    FROM staged_courses file JOIN timetables_course course USING (code),
    unnest(file.teachers) AS mention (name) JOIN timetables_teacher teacher ON teacher.name = mention.name"""

CREATE_TEACHINGS = """
    INSERT INTO timetables_course_teachers (course_id, teacher_id)
    SELECT course_id, teacher_id FROM teachings_in_file ON CONFLICT DO NOTHING
    RETURNING course_id"""

WITHDRAW_TEACHINGS = """
    DELETE FROM timetables_course_teachers teaching USING staged_courses file, timetables_course course
    WHERE course.code = file.code AND file.teachers IS NOT NULL AND teaching.course_id = course.id
    AND NOT EXISTS (SELECT FROM teachings_in_file same
    WHERE (same.course_id, same.teacher_id) = (teaching.course_id, teaching.teacher_id))
    RETURNING teaching.course_id"""
"""A course that names its teachers names all of them."""


def is_unknown(column: str) -> str:
    """Condition on a staged study plan: nothing is called what it says in its column `unit` or `semester`."""
    return f"NOT EXISTS (SELECT FROM timetables_{column} t WHERE t.name = staged_study_plans.{column})"


STUDY_PLANS_IN_FILE = """
    SELECT file.line, file.item, file.courses, file.is_available, unit.id AS unit_id, semester.id AS semester_id
    FROM staged_study_plans file
    JOIN timetables_unit unit ON unit.name = file.unit
    JOIN timetables_semester semester ON semester.name = file.semester"""

CHANGE_STUDY_PLANS = """
    UPDATE timetables_studyplan plan SET is_available = file.is_available FROM study_plans_in_file file
    WHERE (plan.unit_id, plan.semester_id) = (file.unit_id, file.semester_id)
    AND plan.is_available <> file.is_available"""

CREATE_STUDY_PLANS = """
    INSERT INTO timetables_studyplan (unit_id, semester_id, is_available)
    SELECT unit_id, semester_id, COALESCE(is_available, true) FROM study_plans_in_file
    ORDER BY item ON CONFLICT DO NOTHING"""

COURSE_IS_UNKNOWN = "NOT EXISTS (SELECT FROM timetables_course course WHERE course.code = mention.code)"

UNKNOWN_COURSES_OF_PLANS = f"""
    SELECT file.line, file.item, mention.code
    FROM study_plans_in_file file, unnest(file.courses) AS mention (code)
    WHERE {COURSE_IS_UNKNOWN} ORDER BY file.item, mention.code"""

PLANNINGS_IN_FILE = """
    SELECT plan.id AS study_plan_id, course.id AS course_id
    FROM study_plans_in_file file
    JOIN timetables_studyplan plan ON (plan.unit_id, plan.semester_id) = (file.unit_id, file.semester_id),
    unnest(file.courses) AS mention (code) JOIN timetables_course course ON course.code = mention.code"""

SAME_PLANNING = "(same.study_plan_id, same.course_id) = (planning.study_plan_id, planning.course_id)"

RESTORE_PLANNINGS = f"""
    UPDATE timetables_plannedcourse planning SET is_available = true FROM plannings_in_file same
    WHERE {SAME_PLANNING} AND NOT planning.is_available
    RETURNING planning.course_id"""

WITHDRAW_PLANNINGS = f"""
    UPDATE timetables_plannedcourse planning SET is_available = false
    FROM study_plans_in_file file
    JOIN timetables_studyplan plan ON (plan.unit_id, plan.semester_id) = (file.unit_id, file.semester_id)
    WHERE planning.study_plan_id = plan.id AND file.courses IS NOT NULL AND planning.is_available
    AND NOT EXISTS (SELECT FROM unnest(file.courses) AS mention (code) WHERE {COURSE_IS_UNKNOWN})
    AND NOT EXISTS (SELECT FROM plannings_in_file same WHERE {SAME_PLANNING})
    RETURNING planning.course_id"""
"""A plan that lists its courses lists all of them; one that lists an unknown course loses none."""

CREATE_PLANNINGS = """
    INSERT INTO timetables_plannedcourse (study_plan_id, course_id, is_available)
    SELECT study_plan_id, course_id, true FROM plannings_in_file ON CONFLICT DO NOTHING
    RETURNING course_id"""
