"""Django's PostgreSQL backend on the embedded server, which starts with the first connection.

DATABASES entry: `NAME` (created if missing), `DATA_DIR`, and `FAST` for throwaway data.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base, client
from psycopg import Connection, OperationalError

import bundled_postgres as embedded
from bundled_postgres.installation import program

_servers: dict[Path, embedded.ConnectionParameters] = {}
"""The servers this process has seen running; it keeps them running."""


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell` with the psql that came with the server."""

    def runshell(self, parameters: Iterable[str]) -> None:
        """Start the server if needed, then psql."""
        self.connection.ensure_connection()
        self.executable_name = str(program("psql"))
        super().runshell(list(parameters))


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded server."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        """Django's parameters for the server, which is started if this process has not seen it yet."""
        server = _servers.get(self._data_dir) or self._ensure_server()
        self.settings_dict.update(HOST=server.host, PORT=server.port, USER=server.user, PASSWORD=server.password)
        return super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """Connect; if that fails, bring the server back or create the database, and try once more."""
        try:
            connection: Connection[Any] = super().get_new_connection(conn_params)
        except OperationalError:
            server = self._ensure_server()
            if name := self.settings_dict["NAME"]:
                embedded.create_database(server, name)
            connection = super().get_new_connection(self.get_connection_params())
        return connection

    def _ensure_server(self) -> embedded.ConnectionParameters:
        try:
            server = embedded.ensure(self._data_dir, fast=bool(self.settings_dict.get("FAST")))
        except embedded.EmbeddedPostgresError as error:
            raise OperationalError(str(error)) from error
        _servers[self._data_dir] = server
        return server

    @property
    def _data_dir(self) -> Path:
        try:
            return Path(self.settings_dict["DATA_DIR"])
        except KeyError:
            raise ImproperlyConfigured("The embedded database needs DATA_DIR in settings.DATABASES.") from None
