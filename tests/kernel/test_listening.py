"""Where a server cannot listen, it says why and what would do, in one sentence."""

import errno
import shlex
import socket

import pytest

from kernel.listening import Address, CannotListen
from tests.races.server import free_port

HOST_ADVICE = "leave HOST out, or say HOST=127.0.0.1 (reached from this machine) or HOST=0.0.0.0 (from everywhere)"


def refused(host, port):
    with pytest.raises(CannotListen) as error:
        Address.of(host, port).check_free()
    return str(error.value)


@pytest.mark.parametrize(
    "host",
    ["banana", "", "[::1]", "http://localhost", "127.0.0.1:8000", "127.0.0.1 ", "a..b", "a" * 70, "192.0.2.1", "bän"],
)
def test_a_host_that_is_none_of_this_machine_gets_advice_about_hosts(host):
    told = refused(host, 8123)
    assert told.startswith(f"HOST={host} is not an address of this machine (")
    assert told.endswith(f"): {HOST_ADVICE}")


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("::1", "[::1]")])
def test_a_port_that_is_taken_gets_advice_about_ports(host, shown):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as other:
        other.bind((host, 0))
        other.listen()
        port = other.getsockname()[1]
        assert refused(host, port) == (
            f"cannot listen on {shown}:{port} (Address already in use): "
            "stop what runs there, or choose another port: make run PORT=8001"
        )


def test_a_port_for_root_gets_advice_about_ports():
    assert Address.of("127.0.0.1", 80).advice(PermissionError(errno.EACCES, "Permission denied")) == (
        "cannot listen on 127.0.0.1:80 (Permission denied): "
        "ports below 1024 are for root; choose another port: make run PORT=8001"
    )


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:{}"),
        ("localhost", "http://localhost:{}"),
        ("0.0.0.0", "http://127.0.0.1:{}"),
        ("0", "http://127.0.0.1:{}"),
        ("::", "http://[::1]:{}"),
        ("::1", "http://[::1]:{}"),
    ],
)
def test_the_url_is_one_that_a_browser_here_can_open(host, url):
    port = free_port()
    address = Address.of(host, port)
    address.check_free()
    assert address.url == url.format(port)
    assert not address.answers()


@pytest.mark.parametrize(
    "host", ["$(id)", "a;b", "a b", "it's", '"', "`id`", "a\\b", "!1", "a&b", "fe80::1%lo", "bän", "*"]
)
def test_the_url_means_nothing_to_a_shell(host):
    """Whatever a resolver may know a machine by."""
    url = Address(host, "127.0.0.1", 8123, socket.AF_INET).url
    assert shlex.quote(url.replace("[", "").replace("]", "")) == url.replace("[", "").replace("]", "")


def test_whether_anything_listens_there_is_seen():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert [Address.of(host, port).is_taken() for host in ("127.0.0.1", "0.0.0.0")] == [True, True]
    assert not Address.of("127.0.0.1", port).is_taken()
