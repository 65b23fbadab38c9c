"""Where `make run` and `make draw-demo` listen: whether they can, and what to do about it if not."""

import errno
import http.client
import socket
from dataclasses import dataclass
from urllib.parse import quote

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to


CONNECT_SECONDS = 5


class CannotListen(Exception):
    """One sentence that says why, and what to say instead."""


@dataclass(frozen=True)
class Address:
    """A host as it was given, the address that it is, and a port."""

    host: str
    number: str
    port: int
    family: socket.AddressFamily

    @classmethod
    def of(cls, host: str, port: int) -> "Address":
        """Raises: CannotListen."""
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "no host name"
            raise CannotListen(_about_host(host, reason)) from error
        return cls(host, str(address[0]), port, family)

    @property
    def url(self) -> str:
        """What a browser on this machine reaches it by. A shell sees no sign of its own in it, but for `[`."""
        host = ANYWHERE.get(self.number, self.host)
        return f"http://{_in_url(host)}:{self.port}"

    def check_free(self) -> None:
        """Raises: CannotListen, if nobody can listen there."""
        try:
            with socket.socket(self.family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((self.number, self.port))
        except OSError as error:
            raise CannotListen(self.advice(error)) from error

    def is_taken(self) -> bool:
        """Whether anything listens there."""
        try:
            with socket.create_connection((self._reached_by, self.port), timeout=CONNECT_SECONDS):
                return True
        except OSError:
            return False

    @property
    def _reached_by(self) -> str:
        return ANYWHERE.get(self.number, self.number)

    def answers(self) -> bool:
        """Whether a worker answers requests by now."""
        client = http.client.HTTPConnection(self._reached_by, self.port, timeout=1)
        try:
            client.request("GET", "/healthz")
            client.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            client.close()
        return True

    def advice(self, error: OSError) -> str:
        """What the system's refusal means, and what to say instead."""
        if error.errno == errno.EADDRNOTAVAIL:
            return _about_host(self.host, error.strerror or str(error))
        remedy = "stop what runs there, or choose another port: make run PORT=8001"
        if error.errno == errno.EACCES:
            remedy = "ports below 1024 are for root; choose another port: make run PORT=8001"
        return f"cannot listen on {_in_url(self.host)}:{self.port} ({error.strerror}): {remedy}"


def _about_host(host: str, reason: str) -> str:
    return (
        f"HOST={host} is not an address of this machine ({reason}): leave HOST out, or say HOST=127.0.0.1 (reached "
        "from this machine) or HOST=0.0.0.0 (from everywhere)"
    )


def _in_url(host: str) -> str:
    name = quote(host, safe=":")
    return f"[{name}]" if ":" in host else name
