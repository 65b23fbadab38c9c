"""A house with two societies, its rules, and a client of it that sends what the document shows."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.test import Client

from accounts.models import User
from classrooms.models import Classroom
from dialects.roomie.house_rules import house_rules
from groups.models import Group
from groups.rules import name_key
from kernel import clock
from kernel.campus_time import campus_date
from policies.services.house_rules import write_house_rules
from tests.factories import PASSWORD, cspace_group, join, make_classroom, make_user

FORM = "application/x-www-form-urlencoded"
MOUNTS = ("/api/v1/", "/")


class Roomie:
    """A client with a key, or with none; what it is asked comes back as JSON."""

    def __init__(self, token: str | None = None, mount: str = "/api/v1/") -> None:
        self.token, self.mount = token, mount
        self.client = Client(raise_request_exception=False)

    def send(self, method: str, call: str, body: bytes = b"", content_type: str = FORM, **headers: str) -> Any:
        """The whole answer."""
        if self.token is not None:
            headers.setdefault("Authorization", f"Token {self.token}")
        return self.client.generic(method, self.mount + call, body, content_type=content_type, headers=headers)

    def get(self, call: str, **query: str) -> Any:
        headers = {} if self.token is None else {"Authorization": f"Token {self.token}"}
        return self.client.get(self.mount + call, query, headers=headers)

    def post(self, call: str, form: str = "", **fields: str) -> Any:
        """A form as `curl --data` sends it, or its fields as multipart."""
        if form:
            return self.send("POST", call, form.encode())
        headers = {} if self.token is None else {"Authorization": f"Token {self.token}"}
        return self.client.post(self.mount + call, fields, headers=headers)


def logged_in(user: User, mount: str = "/api/v1/") -> Roomie:
    answer = Roomie(mount=mount).post("user.login/", f"username={user.username}&password={PASSWORD.replace(' ', '+')}")
    assert answer.status_code == 200, answer.content
    return Roomie(answer.json()["token"], mount)


def make_society(name: str = "UCLU Technology Society", code: str = "SOTECHSOC") -> Group:
    return Group.objects.create(name=name, name_key=name_key(name), kind="society", code=code, code_key=name_key(code))


@dataclass(frozen=True)
class House:
    """`student` is in no society, `wil` leads one, `rema` belongs to it, `keeper` runs the campus."""

    room: Classroom
    society_room: Classroom
    society: Group
    student: User
    wil: User
    rema: User
    keeper: User


def make_house() -> House:
    """With the rules of the wire, and one more: the second room is for societies."""
    society = make_society()
    people = [make_user(name, email=f"{name}@wil.com") for name in ("student", "wil", "rema", "keeper")]
    student, wil, rema, keeper = people
    join(wil, society, "admin")
    join(rema, society)
    join(keeper, cspace_group(), "admin")
    rooms = make_classroom("RO-POO", equipment={"printers": 1}), make_classroom("RO-PIZZA", capacity=10)
    closed = {
        "name": "For societies",
        "who": {"kind": "individual"},
        "where": {"kind": "classroom", "classroom": "RO-PIZZA"},
        "limit": {"type": "individual", "allowed": False},
    }
    write_house_rules([*house_rules(), closed], by=keeper, now=clock.now())
    return House(*rooms, society, student, wil, rema, keeper)


def ymd(day: date) -> str:
    return day.strftime("%Y%m%d")


def ahead(days: int) -> str:
    """So many campus days from now."""
    return ymd(campus_date(clock.now()) + timedelta(days=days))


def refused(answer: Any, code: str, status: int = 200) -> None:
    assert (answer.status_code, sorted(answer.json())) == (status, ["code", "error"]), answer.content
    assert answer.json()["code"] == code
    assert answer.json()["error"]
    assert answer["Content-Type"] == "application/json"
    assert answer["Access-Control-Allow-Origin"] == "*"
