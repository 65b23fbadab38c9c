"""`manage.py run`: the database, its migrations, the demo campus, the web server and a worker, in one process tree."""

import sys
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, connections

import bundled_postgres as embedded
from cspace.management.commands.serve import add_listening_options, whole_number
from kernel.listening import Address, CannotListen
from serving import lifeline
from serving.companion import Companion
from serving.server import serve

DATABASE_START_SECONDS = 300
"""Recovery after a crash may have much to read again."""
SERVER_START_SECONDS = 300
"""After so long nobody is waiting to be told where it is."""


class Command(BaseCommand):
    """Serve CSpace from nothing but this checkout."""

    help = "Start the database, migrate it, load the demo campus if it is empty (DEBUG only), and serve."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_listening_options(parser)
        parser.add_argument("--end-with-parent", action="store_true", help="stop when the parent process dies")

    def handle(self, *, host: str, port: str, workers: str, end_with_parent: bool, **_options: Any) -> None:
        """Everything in order; each thing that can be wrong on a user's machine is one line."""
        if end_with_parent:
            lifeline.end_with_parent()
        port_number, worker_count = whole_number("--port", port, 65535), whole_number("--workers", workers, 64)
        try:
            address = Address.of(host, port_number)
            address.check_free()
            self.prepare_database()
            prepare_static_files()
            address.check_free()
            threading.Thread(target=self.announce, args=(address,), daemon=True).start()
            with Companion(lifeline.command(sys.argv[0], "worker")) as worker:
                serve(address, worker_count, has_streams=True, when_ending=worker.end)
        except CannotListen as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise SystemExit(130) from None

    def prepare_database(self) -> None:
        """Have the database up, current, and not empty."""
        database = settings.DATABASES["default"]
        try:
            if "DATA_DIR" in database:
                embedded.ensure(
                    Path(str(database["DATA_DIR"])), fast=bool(database["FAST"]), timeout=DATABASE_START_SECONDS
                )
            call_command("migrate", interactive=False, verbosity=0, database=settings.CSPACE_MIGRATED_AS)
            if settings.DEBUG and not apps.get_model("classrooms", "Classroom").objects.exists():
                self.load_demo()
        except (embedded.EmbeddedPostgresError, OperationalError) as error:
            raise CommandError(" ".join(str(error).split())) from error
        finally:
            connections.close_all()

    def load_demo(self) -> None:
        """Fill an empty campus; one that is not quite empty is served as it is."""
        self.stdout.write("Loading the demo campus ...")
        self.stdout.flush()
        try:
            call_command("load_demo")
        except CommandError as refusal:
            self.stderr.write(f"Going on without it: {refusal}")

    def announce(self, address: Address) -> None:
        """Print where everything is and how to book a room, once the server answers; one line if it does not."""
        deadline = time.monotonic() + SERVER_START_SECONDS
        while not address.answers():
            if time.monotonic() >= deadline:
                self.stderr.write(f"{address.url} does not answer after {SERVER_START_SECONDS} s; it goes on starting")
                return
            time.sleep(0.1)
        try:
            call_command("invitation", address.url, stdout=self.stdout)
        except DatabaseError:
            pass  # where everything is has been said
        finally:
            connection.close()


def prepare_static_files() -> None:
    """Collect the admin's files for production; in development they are served from where they lie."""
    if settings.DEBUG:
        return
    try:
        call_command("collectstatic", interactive=False, verbosity=0)
    except OSError as error:
        raise CommandError(f"cannot write {settings.STATIC_ROOT} ({error.strerror}): make it writable") from error
