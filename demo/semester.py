"""The demo's semester as an import file: 72 courses in 12 study plans, over 6,000 dated lectures, exams at the end.

Every hour has its room for itself, but for six joint lectures of two courses each; one course is withdrawn.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from demo.campus import CLOSED, rooms
from timetables.importing.nouns import WEEKDAYS

SEED = 20260914
WEEKS_GONE = 5
TEACHING_WEEKS = 14
EXAM_WEEKS = 2
HOLIDAYS = (7 * 5 + 4, 7 * 8)
"""Days after the first Monday: a Friday and a Monday."""
HOURS = (8, 9, 10, 11, 13, 14, 15, 16, 17, 18)
KINDS = ("cours", "cours", "exercice", "exercice", "exercice", "projet", "projet")
"""The hours of a course in a week."""
WITHOUT_LECTURES = {CLOSED, "101", "102", "Room A", "自習室", "Sky Lounge", "Café Nord"}
"""Rooms that are only booked."""
SECOND_BUILDING = {
    f"BC{number:02}": {
        "capacity": 20 + number * 7 % 90,
        "floor": 1 + number % 3,
        "type": ("auditorium", "seminar", "lab")[number % 3],
        "building": "BC",
        "link": f"https://rooms.example.edu/bc{number:02}",
        "latitude": round(25.0191 + number // 6 * 0.0001, 4),
        "longitude": round(121.5412 + number % 6 * 0.0001, 4),
    }
    for number in range(18)
}
ALIAS = {"alias": "BC07-08", "rooms": ["BC07", "BC08"]}
SECTIONS = {"CS": "Computer Science", "MATH": "Mathematics", "PHYS": "Physics", "EE": "Electrical Engineering"}
YEARS = {"BA1": 1, "BA3": 3, "MA1": 5}
SUBJECTS = {
    "CS": ("Algorithms", "Operating systems", "Databases", "Computer networks", "Compilers"),
    "MATH": ("Linear algebra", "Topology", "Probability", "Number theory", "Optimization"),
    "PHYS": ("Mechanics", "Optics", "Thermodynamics", "Quantum physics", "Astrophysics"),
    "EE": ("Circuits", "Signals and systems", "Electronics", "Control", "Power systems"),
}
DEGREES = {"BA1": "", "BA3": " II", "MA1": ", advanced topics"}
WITHDRAWN = "EE-505"
FIRST_NAMES = ("Grace", "Yu-Ting", "Omar", "Ingrid", "Kenji", "Chloé", "Wei", "Fatima", "Lukas", "Priya")
FAMILY_NAMES = ("Huang", "Lindqvist", "Haddad", "Tanaka", "Moreau", "Chen")


def semester(today: date) -> dict[str, list[dict[str, Any]]]:
    """The file, around today: taught for some weeks, with more to come. The same on every day of a week."""
    chance = random.Random(SEED)  # noqa: S311
    first = today - timedelta(days=today.weekday() + 7 * WEEKS_GONE)
    last = first + timedelta(days=7 * (TEACHING_WEEKS + EXAM_WEEKS) - 3)
    is_fall = first.month >= 7
    name = f"{first.year}-{first.year + 1} fall" if is_fall else f"{first.year - 1}-{first.year} spring"
    teachers = [f"{first_name} {family}" for family in FAMILY_NAMES for first_name in FIRST_NAMES]
    courses = list(_courses(chance, teachers))
    plans = [[course["code"] for course in courses if course["plan"] == place] for place in range(len(_units()))]
    return {
        "semesters": [
            {
                "name": name,
                "type": "fall" if is_fall else "spring",
                "starts_on": str(first),
                "ends_on": str(last),
                "skip_dates": [str(first + timedelta(days=day)) for day in HOLIDAYS],
                "exam_dates": [[str(first + timedelta(days=7 * TEACHING_WEEKS)), str(last)]],
            }
        ],
        "units": _units(),
        "teachers": [{"name": name, "people_url": _page("people", name)} for name in teachers],
        "courses": [{key: value for key, value in course.items() if key != "plan"} for course in courses],
        "study_plans": [
            {"unit": unit["name"], "semester": name, "courses": codes}
            for unit, codes in zip(_units(), plans, strict=True)
        ],
        "rooms": [{"name": room, **described} for room, described in SECOND_BUILDING.items()],
        "room_aliases": [ALIAS],
        "weekly": list(_weekly(chance, name, plans, first + timedelta(days=7 * TEACHING_WEEKS - 3))),
        "lectures": list(_exams(chance, plans, first + timedelta(days=7 * TEACHING_WEEKS))),
    }


def _units() -> list[dict[str, Any]]:
    return [
        {"name": f"{code}-{promo}", "code": code, "section": section, "promo": promo}
        for code, section in SECTIONS.items()
        for promo in YEARS
    ]


def _courses(chance: random.Random, teachers: list[str]) -> Iterator[dict[str, Any]]:
    """Five of each plan's own, and one that it hears together with a neighbouring plan, under a code of its own."""
    for place, unit in enumerate(_units()):
        code, promo = unit["code"], unit["promo"]
        names = [f"{subject}{DEGREES[promo]}" for subject in SUBJECTS[code]] + [f"Project seminar {place // 2 + 1}"]
        for number, name in enumerate(names, start=1):
            full = f"{code}-{YEARS[promo]}0{number}"
            course = {
                "code": full,
                "name": name,
                "credits": chance.choice((3, 4, 5, 6)),
                "edu_url": _page("courses", full),
                "language": chance.choice(("en", "en", "zh", "fr")),
                "teachers": chance.sample(teachers, chance.choice((1, 1, 2))),
                "plan": place,
            }
            yield course | ({"available": False} if full == WITHDRAWN else {})


def _weekly(chance: random.Random, semester: str, plans: list[list[str]], until: date) -> Iterator[dict[str, Any]]:
    """Nobody is in two places at once, and no room has two lectures but the joint ones."""
    hours = [(day, hour) for day in WEEKDAYS[:5] for hour in HOURS]
    free = {slot: _lecture_rooms(chance) for slot in hours}
    for one, other in zip(plans[::2], plans[1::2], strict=True):
        shared, left = _split(chance.sample(hours, len(hours)), len(KINDS))
        for slot, label in zip(shared, KINDS, strict=True):
            room = free[slot].pop()
            for code in (one[-1], other[-1]):
                yield _pattern(code, semester, slot, label, room, until)
        for plan in (one, other):
            own = iter(chance.sample(left, len(left)))
            for code in plan[:-1]:
                for label in KINDS:
                    slot = next(own)
                    yield _pattern(code, semester, slot, label, free[slot].pop(), until)


def _pattern(code: str, semester: str, slot: tuple[str, int], label: str, room: str, until: date) -> dict[str, Any]:
    day, hour = slot
    return {
        "course": code,
        "semester": semester,
        "weekday": day,
        "start": f"{hour:02}:15",
        "duration": 45,
        "label": label,
        "rooms": [room],
        "until": str(until),
    }


def _exams(chance: random.Random, plans: list[list[str]], first: date) -> Iterator[dict[str, Any]]:
    """One a day for each plan; those of the first plan sit in two rooms known by one name."""
    days = [first + timedelta(days=7 * week + day) for week in range(EXAM_WEEKS) for day in range(5)]
    free = {day: _lecture_rooms(chance) for day in days}
    for place, plan in enumerate(plans):
        for code, day in zip(plan, chance.sample(days, len(plan)), strict=True):
            room = ALIAS["alias"] if place == 0 else free[day].pop()
            yield {
                "course": code,
                "date": str(day),
                "start": "09:15",
                "end": "12:00",
                "label": "exam",
                "rooms": [room],
            }


def _lecture_rooms(chance: random.Random) -> list[str]:
    """In any order; the rooms of the alias are kept for the exams."""
    names = [room["name"] for room in rooms() if room["name"] not in WITHOUT_LECTURES]
    names += [name for name in SECOND_BUILDING if name not in ALIAS["rooms"]]
    return chance.sample(names, len(names))


def _split(slots: list[Any], at: int) -> tuple[list[Any], list[Any]]:
    return slots[:at], slots[at:]


def _page(kind: str, name: str) -> str:
    return f"https://{kind}.example.edu/{name.lower().replace(' ', '-')}"
