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
        {"type": "NULL", "starts_on": "NULL", "ends_on": "NULL", "skip_dates": "'{}'", "is_available": "true"},
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
    merged = {column: f"COALESCE(s.{column}, {table}.{column})" for column in entity.defaults}
    assignments = ", ".join(f"{column} = {value}" for column, value in merged.items())
    return f"""
        UPDATE {table} SET {assignments}
        FROM {entity.noun.table} s WHERE {_is_same(entity)}
        AND ({", ".join(f"{table}.{column}" for column in merged)}) IS DISTINCT FROM ({", ".join(merged.values())})
        {_returning(entity)}"""


def create_rows(entity: Entity) -> str:
    """Rows that are not there yet. Courses return their ids."""
    columns = ", ".join(entity.defaults)
    values = ", ".join(f"COALESCE(s.{column}, {default})" for column, default in entity.defaults.items())
    return f"""
        INSERT INTO {entity.table} ({entity.key}, {columns})
        SELECT s.{entity.key}, {values} FROM {entity.noun.table} s
        WHERE NOT EXISTS (SELECT FROM {entity.table} WHERE {_is_same(entity)})
        ORDER BY s.item
        {_returning(entity)}"""


def _is_same(entity: Entity) -> str:
    return f"{entity.table}.{entity.key} = s.{entity.key}"


def _returning(entity: Entity) -> str:
    return f"RETURNING {entity.table}.id AS course_id" if entity.noun is COURSES else ""


CREATE_TEACHERS_OF_COURSES = """
    INSERT INTO timetables_teacher (name, people_url, is_available)
    SELECT DISTINCT taught.name, '', true FROM staged_courses s, unnest(s.teachers) AS taught (name)
    ORDER BY 1 ON CONFLICT DO NOTHING"""
"""Who is only named by a course is a teacher too."""

TEACHINGS = """
    SELECT c.id AS course_id, t.id AS teacher_id
    FROM staged_courses s JOIN timetables_course c USING (code),
    unnest(s.teachers) AS taught (name) JOIN timetables_teacher t ON t.name = taught.name"""
"""Who teaches what, of the courses that name their teachers."""

CREATE_TEACHINGS = """
    INSERT INTO timetables_course_teachers (course_id, teacher_id)
    SELECT course_id, teacher_id FROM wanted_teachings ON CONFLICT DO NOTHING
    RETURNING course_id"""

WITHDRAW_TEACHINGS = """
    DELETE FROM timetables_course_teachers ct USING staged_courses s, timetables_course c
    WHERE c.code = s.code AND s.teachers IS NOT NULL AND ct.course_id = c.id
    AND NOT EXISTS (SELECT FROM wanted_teachings w WHERE (w.course_id, w.teacher_id) = (ct.course_id, ct.teacher_id))
    RETURNING ct.course_id"""
"""A course that names its teachers names all of them."""

STUDY_PLANS_IN_FILE = """
    SELECT s.line, s.item, s.courses, s.is_available, u.id AS unit_id, m.id AS semester_id
    FROM staged_study_plans s
    JOIN timetables_unit u ON u.name = s.unit
    JOIN timetables_semester m ON m.name = s.semester"""

CHANGE_STUDY_PLANS = """
    UPDATE timetables_studyplan p SET is_available = w.is_available FROM wanted_study_plans w
    WHERE (p.unit_id, p.semester_id) = (w.unit_id, w.semester_id) AND p.is_available <> w.is_available"""

CREATE_STUDY_PLANS = """
    INSERT INTO timetables_studyplan (unit_id, semester_id, is_available)
    SELECT unit_id, semester_id, COALESCE(is_available, true) FROM wanted_study_plans
    ORDER BY item ON CONFLICT DO NOTHING"""

COURSE_IS_UNKNOWN = "NOT EXISTS (SELECT FROM timetables_course c WHERE c.code = named.code)"

UNKNOWN_COURSES_OF_PLANS = f"""
    SELECT w.line, w.item, named.code FROM wanted_study_plans w, unnest(w.courses) AS named (code)
    WHERE {COURSE_IS_UNKNOWN} ORDER BY w.item, named.code"""

PLANNINGS_IN_FILE = """
    SELECT p.id AS study_plan_id, c.id AS course_id
    FROM wanted_study_plans w
    JOIN timetables_studyplan p ON (p.unit_id, p.semester_id) = (w.unit_id, w.semester_id),
    unnest(w.courses) AS named (code) JOIN timetables_course c ON c.code = named.code"""

SAME_PLANNING = "(w.study_plan_id, w.course_id) = (p.study_plan_id, p.course_id)"

RESTORE_PLANNINGS = f"""
    UPDATE timetables_plannedcourse p SET is_available = true FROM wanted_plannings w
    WHERE {SAME_PLANNING} AND NOT p.is_available
    RETURNING p.course_id"""

WITHDRAW_PLANNINGS = f"""
    UPDATE timetables_plannedcourse p SET is_available = false
    FROM wanted_study_plans f
    JOIN timetables_studyplan s ON (s.unit_id, s.semester_id) = (f.unit_id, f.semester_id)
    WHERE p.study_plan_id = s.id AND f.courses IS NOT NULL AND p.is_available
    AND NOT EXISTS (SELECT FROM unnest(f.courses) AS named (code) WHERE {COURSE_IS_UNKNOWN})
    AND NOT EXISTS (SELECT FROM wanted_plannings w WHERE {SAME_PLANNING})
    RETURNING p.course_id"""
"""A plan that lists its courses lists all of them; one that lists an unknown course loses none."""

CREATE_PLANNINGS = """
    INSERT INTO timetables_plannedcourse (study_plan_id, course_id, is_available)
    SELECT study_plan_id, course_id, true FROM wanted_plannings ON CONFLICT DO NOTHING
    RETURNING course_id"""
