"""`manage.py draw_demo`, smaller: a real server, real downloads, the downloaded verifier; and again."""

import io
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from allocations.models import AllocationEvent, Draw
from allocations.queries.verifying import verify_draw
from classrooms.models import Classroom
from demo import lottery
from demo.loading import PASSWORD
from demo.management.commands.draw_demo import command_to_run
from demo.outside import Outsider, ServerFailed
from groups.models import Group
from kernel.listening import Address
from tests.factories import cspace_group, make_classroom
from tests.races.server import free_port, serving


@pytest.fixture
def small(monkeypatch, server_environment, settings):
    # The server that checks the demo's passwords is another process.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    cspace_group()
    monkeypatch.setattr(lottery, "CLUBS", 6)
    monkeypatch.setattr(lottery, "WISHES", 25)
    settings.PORT = free_port()
    for name, value in server_environment.items():
        monkeypatch.setenv(name, value)


def drawn():
    """What the command says."""
    out = io.StringIO()
    call_command("draw_demo", stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(240)
def test_the_draw_demo_verifies_itself_from_the_outside_and_can_be_repeated(small, settings):
    settings.DEBUG = True
    for number in (1, 2):
        said = drawn()
        event = AllocationEvent.objects.order_by("-id").first()
        stored = Draw.objects.get(event=event)
        counts = f"wishes    25: {stored.successful} won, {stored.failed} did not"
        assert counts in said
        assert f"The draw is as published: {stored.successful} won, {stored.failed} did not." in said
        url = f"http://127.0.0.1:{settings.PORT}"
        assert f"\nStarting a server at {url} ...\n" in said
        assert f"Where to look (start the server with: make run HOST=127.0.0.1 PORT={settings.PORT}):\n" in said
        assert f"{url}/admin/allocations/allocationevent/{event.pk}/change/" in said
        assert f"{url}/api/v1/allocation-events/{event.pk}/draw/" in said
        assert verify_draw(event).wins == stored.successful
        assert Draw.objects.count() == number
    assert Group.objects.filter(name__startswith="Club ").count() == 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(240)
def test_the_draw_demo_uses_the_server_that_runs(small, settings, server_environment):
    settings.DEBUG = True
    call_command("load_demo", stdout=io.StringIO())
    with serving(server_environment, workers=1) as server:
        settings.PORT = int(server.base_url.rpartition(":")[2])
        said = drawn()
        assert httpx.get(f"{server.base_url}/healthz").json() == {"status": "ok"}  # it was not ended
    assert f"\nUsing the server that runs at {server.base_url} ...\n" in said
    assert "\nWhere to look:\n" in said
    assert f"{server.base_url}/admin/" in said
    assert "The draw is as published" in said


@pytest.mark.django_db(transaction=True)
def test_a_server_over_another_database_is_refused_before_anything_is_filed(small, settings, server_environment):
    """A CSpace, with the same accounts even, but not this campus: its sessions are not ours."""
    settings.DEBUG = True
    User.objects.create_user("admin", PASSWORD, is_superuser=True)
    with copied_database() as name:
        other = f"{server_environment['DATABASE_URL'].rpartition('/')[0]}/{name}"
        with serving(server_environment | {"DATABASE_URL": other}, workers=1) as server:
            settings.PORT = int(server.base_url.rpartition(":")[2])
            with pytest.raises(CommandError) as refusal:
                drawn()
    assert str(refusal.value) == (
        f"what runs at {server.base_url} does not serve this demo campus (it keeps its sessions in another database): "
        "stop it, or choose another port: make draw-demo PORT=8001"
    )
    assert not AllocationEvent.objects.exists()


@contextmanager
def copied_database() -> Iterator[str]:
    """A second database with the same rows; its name."""
    database = connection.settings_dict
    place = {key: database[name] for key, name in (("user", "USER"), ("password", "PASSWORD"), ("host", "HOST"))}
    copy = f"{database['NAME']}_copy"
    connection.close()  # nobody may be connected to what is copied
    with psycopg.connect(**place, port=database["PORT"], dbname="postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{database["NAME"]}"')
        try:
            yield copy
        finally:
            admin.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A port on which something says the same to everybody."""

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client, suppress(OSError):  # whoever only looks whether somebody listens is gone by now
                client.settimeout(10)
                client.recv(65536)
                client.sendall(answer)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):  # closed over a request of which a part is unread, it would be reset
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n<h1>It works!</h1>", "answered with something else than a token of ours"),
        (b'HTTP/1.0 200 OK\r\n\r\n{"access": "x.y.z"}', "answered with something else than a token of ours"),
        (b"HTTP/1.0 404 Not\r\n\r\n<h1>No\nwhere</h1>", "answered 404: <h1>No where</h1>"),
        (b"220 mail.example.edu ESMTP\r\n", "could not be reached: 220 mail.example.edu ESMTP"),
    ],
)
def test_another_program_on_the_port_is_one_sentence(small, settings, answer, reason):
    settings.DEBUG = True
    with answering(answer) as settings.PORT, pytest.raises(CommandError) as refusal:
        drawn()
    url = f"http://127.0.0.1:{settings.PORT}"
    assert str(refusal.value) == (
        f"what runs at {url} does not serve this demo campus ({url}/api/v1/auth/token/ {reason}): "
        "stop it, or choose another port: make draw-demo PORT=8001"
    )
    assert not AllocationEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("host", ["banana", "192.0.2.1", "$(id)"])
def test_a_wrong_address_is_told_before_a_campus_is_loaded(small, settings, host):
    settings.DEBUG, settings.HOST = True, host
    with pytest.raises(CommandError) as refusal:
        drawn()
    assert str(refusal.value).startswith(f"HOST={host} is not an address of this machine (")
    assert not Classroom.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_port_that_is_taken_on_another_address_is_told_before_a_campus_is_loaded(small, settings):
    """Nothing answers where we would, but nobody can listen everywhere either."""
    settings.DEBUG, settings.HOST = True, "0.0.0.0"
    with socket.create_server(("127.0.0.2", 0)) as other:
        settings.PORT = other.getsockname()[1]
        with pytest.raises(CommandError) as refusal:
            drawn()
    assert str(refusal.value).startswith(f"cannot listen on 0.0.0.0:{settings.PORT} (Address already in use): ")
    assert not Classroom.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_server_that_refuses_to_start_is_told_in_its_own_words(small, settings, monkeypatch):
    settings.DEBUG = True
    make_classroom()  # not empty, so that nothing is loaded
    monkeypatch.setenv("WORKERS", "none")
    with pytest.raises(CommandError) as refusal:
        drawn()
    assert str(refusal.value) == (
        "the server did not start: CSpace cannot start: WORKERS=none is not a number between 1 and 64"
    )
    assert not AllocationEvent.objects.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "it's", "$(id)", "a;b", "a b"])
def test_the_command_that_starts_the_server_is_one_for_a_shell(tmp_path, host):
    (tmp_path / "Makefile").write_text('run:\n\t@printf \'%s\\n\' "$$HOST" "$$PORT"\n')
    command = command_to_run(Address(host, "127.0.0.1", 8123, socket.AF_INET))
    run = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout == f"{host}\n8123\n"


def test_the_draw_demo_is_refused_in_production(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG=1"):
        call_command("draw_demo")


def test_a_server_that_is_not_there_is_one_sentence():
    with pytest.raises(ServerFailed, match="could not be reached"):
        Outsider.logged_in("http://127.0.0.1:9", "admin", "x")
