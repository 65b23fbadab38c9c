"""Mail servers, settings that name them, and workers that send."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kernel.letters import register, unregister
from tests.outbox.made_up import HELLO
from tests.outbox.sinks import PASSWORD, USER, Sink, make_certificate, sink

ORIGIN = "https://rooms.example.edu"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def hello() -> Iterator[None]:
    register(HELLO)
    yield
    unregister(HELLO)


def environment_of(
    port: int, certificate: Path, *, starttls: bool = False, wants_login: bool = False
) -> dict[str, str]:
    """What makes a process send to a mail server of the tests."""
    environment = {
        "SMTP_SERVER": "127.0.0.1",
        "SMTP_PORT": str(port),
        "SMTP_EMAIL": "rooms@example.edu",
        "SMTP_SENDER_NAME": "Räume, 教室",
        "SMTP_STARTTLS": "on" if starttls else "off",
        "SMTP_CA_FILE": str(certificate),
        "CSPACE_PUBLIC_URL": ORIGIN,
    }
    login = {"SMTP_USER_NAME": USER, "SMTP_PASSWORD": PASSWORD}
    return environment | login if wants_login else environment


def apply_to(settings: Any, environment: Mapping[str, str]) -> None:
    """The same in this process."""
    words: dict[str, Any] = {"SMTP_PASSWORD": "", "SMTP_BCC": [], **environment}
    words |= {"SMTP_PORT": int(environment["SMTP_PORT"]), "SMTP_STARTTLS": environment["SMTP_STARTTLS"] == "on"}
    words["SMTP_USER_NAME"] = environment.get("SMTP_USER_NAME", environment["SMTP_EMAIL"])
    for name, value in words.items():
        setattr(settings, name, value)
    settings.CSPACE_MAIL_LEAVES = "by_smtp"


@pytest.fixture
def sending_to(settings: Any, certificate: Path) -> Callable[..., None]:
    """Makes this process send to a port."""

    def sending_to(port: int, **options: bool) -> None:
        apply_to(settings, environment_of(port, certificate, **options))

    return sending_to


@pytest.fixture
def post_office(certificate: Path, sending_to: Callable[..., None], hello: None) -> Iterator[Sink]:
    """A mail server that takes everything, and this process sends to it."""
    with sink(certificate) as told:
        sending_to(told.port)
        yield told
