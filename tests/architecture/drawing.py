"""Draws docs/floors.svg from the contracts that lint holds: `python -m tests.architecture.drawing`."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

ROOT = Path(__file__).resolve().parent.parent.parent
DRAWING = ROOT / "docs" / "floors.svg"
ROOMS = {
    "cspace": "settings, urls, middleware, the engine of jobs",
    "demo": "a campus to try things on",
    "dialects": "other published APIs",
    "web": "pages",
    "sso": "identity providers",
    "serving": "how the server runs",
    "mail": "notices and invitations as letters",
    "webhooks": "what happened, told to other servers",
    "timetables": "courses, study plans, lectures; their import",
    "calendars": "events of departments; clearing, other servers, feeds",
    "allocations": "events, wishes, the draw",
    "registrations": "bookings and series",
    "policies": "booking rules, quotas, marks",
    "classrooms": "rooms and room time: the one table",
    "groups": "groups and places in them; who is asking",
    "accounts": "people and their sessions",
    "auditlog": "a log row for each fact",
    "notifications": "a notice for each person told",
    "jobs": "jobs that failed or are late",
    "outbox": "letters, each sent once",
    "kernel": "errors, clock, facts, campus time, db, api, admin",
    "bundled_postgres": "the server that comes along",
}
ROLES = {
    "apps": "what is connected at start-up",
    "api": "HTTP in, one call, HTTP out",
    "admin": "pages of the staff",
    "management": "commands",
    "streams": "what is told as it happens",
    "importing": "files in, set-based",
    "services": "the only code that writes",
    "queries": "reads that answer a question",
    "models": "tables and constraints",
    "querysets": "chainable reads of own tables",
    "rules": "pure decisions",
    "draw": "the lottery, one published file",
    "facts": "what has happened",
    "enums": "choices",
}
HOUSE_WIDTH, APP_WIDTH, GAP, MARGIN = 600, 420, 60, 24
HEIGHT, STEP, HEAD = 44, 56, 64
PAPER, TEXT, QUIET = "#ffffff", "#111827", "#4b5563"
FILLS = ("#f3e8ff", "#e0f2fe")


def contracts() -> Mapping[str, Any]:
    """{name: contract} of pyproject.toml."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {contract["name"]: contract for contract in linter["contracts"]}


def floors(name: str) -> list[list[str]]:
    """The layers of a contract, top to bottom; names of one layer do not know each other."""
    return [[room.strip(" ()") for room in layer.split("|")] for layer in contracts()[name]["layers"]]


def draw() -> str:
    """SVG: the floors of the house, and beside them the layers inside every app."""
    house, app = floors("The house is layered"), floors("Inside every app")
    width = 2 * MARGIN + HOUSE_WIDTH + GAP + APP_WIDTH
    height = HEAD + STEP * max(len(house), len(app)) + MARGIN
    picture = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
            "aria-labelledby": "floors-title",
            "font-family": "sans-serif",
        },
    )
    SubElement(picture, "title", {"id": "floors-title"}).text = "Whoever stands higher may import what stands lower."
    SubElement(picture, "rect", {"width": str(width), "height": str(height), "fill": PAPER})
    _column(picture, MARGIN, HOUSE_WIDTH, "The house: imports only lead down", house, ROOMS, FILLS[0])
    _column(picture, MARGIN + HOUSE_WIDTH + GAP, APP_WIDTH, "Inside every app", app, ROLES, FILLS[1])
    indent(picture)
    return tostring(picture, encoding="unicode") + "\n"


def _column(
    picture: Element,
    left: int,
    width: int,
    title: str,
    rows: Sequence[Sequence[str]],
    words: Mapping[str, str],
    fill: str,
) -> None:
    _write(picture, left, HEAD - 26, title, size=17)
    if unknown := [room for rooms in rows for room in rooms if room not in words]:
        raise SystemExit(f"Write in ROOMS or ROLES of {Path(__file__).name} what is inside of {', '.join(unknown)}.")
    for number, rooms in enumerate(rows):
        top, share = HEAD + STEP * number, (width - 8 * (len(rooms) - 1)) / len(rooms)
        for place, room in enumerate(rooms):
            corner = left + place * (share + 8)
            box = {"x": f"{corner:.0f}", "y": str(top), "width": f"{share:.0f}", "height": str(HEIGHT), "rx": "6"}
            SubElement(picture, "rect", box | {"fill": fill, "stroke": QUIET})
            _write(picture, corner + 10, top + 18, room, size=14)
            _write(picture, corner + 10, top + 35, words[room], size=11 if len(rooms) < 3 else 9, colour=QUIET)


def _write(picture: Element, x: float, y: float, text: str, *, size: int, colour: str = TEXT) -> None:
    SubElement(picture, "text", {"x": f"{x:.0f}", "y": f"{y:.0f}", "font-size": str(size), "fill": colour}).text = text


if __name__ == "__main__":
    DRAWING.write_text(draw(), encoding="utf-8")
