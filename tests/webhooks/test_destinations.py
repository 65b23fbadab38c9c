"""Where a webhook may lead: the corpus of T38, by the API's own answer and once more when it is called."""

import socket

import pytest

from kernel.calling.addresses import is_public_address
from tests.webhooks.scenes import make_webhook
from webhooks.queries.destinations import destination_of, url_faults
from webhooks.services.calling import call

INSIDE = [
    "https://127.0.0.1/",
    "https://127.8.9.1:8443/hook",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://192.0.0.192/opc/v2/",
    "https://198.18.0.1/",
    "https://203.0.113.5/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/latest/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://router.home.arpa/",
]
NO_URLS = {
    "": "Must be a URL such as https://hooks.example.org/cspace",
    "hooks.example.org": "Must begin with https://",
    "//hooks.example.org/": "Must begin with https://",
    "ftp://hooks.example.org/": "Must begin with https://",
    "file:///etc/passwd": "Must begin with https://",
    "gopher://127.0.0.1:6379/_": "Must begin with https://",
    "javascript:alert(1)": "Must begin with https://",
    "https://": "Must be a URL such as https://hooks.example.org/cspace",
    "https:///path": "Must be a URL such as https://hooks.example.org/cspace",
    "https://user@hooks.example.org/": "Must not hold a username or a password",
    "https://user:word@hooks.example.org/": "Must not hold a username or a password",
    "https://hooks.example.org@127.0.0.1/": "Must not hold a username or a password",
    "https://@hooks.example.org/": "Must not hold a username or a password",
    "https://hooks.example.org/#here": "Must not hold a fragment",
    "https://hooks.example.org/#": "Must not hold a fragment",
    "https://hooks.example.org:0/": "The port must be 1 to 65535",
    "https://hooks.example.org:65536/": "The port must be 1 to 65535",
    "https://hooks.example.org:99999999999999999999/": "The port must be 1 to 65535",
    "https://hooks.example.org:-1/": "The port must be 1 to 65535",
    "https://hooks.example.org:http/": "The port must be 1 to 65535",
    "https://127.1/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://2130706433/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://0x7f000001/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://0x7f.0.0.0x1/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://0177.0.0.1/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://127.0.0.1.:443/": "Must not lead to a private address",
    "https://hooks.example.org\\@127.0.0.1/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://127.0.0.1\t/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://hooks.example.org/a b": "Must be a URL such as https://hooks.example.org/cspace",
    "https://hooks.example.org/\r\nHost: other": "Must be a URL such as https://hooks.example.org/cspace",
    "https://①②⑦.⓪.⓪.①/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://hooks。example.org/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://[fe80::1%25eth0]/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://[::1/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://[not-an-address]/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://[v1.x]/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://%31%32%37.0.0.1/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://hooks..example.org/": "Must be a URL such as https://hooks.example.org/cspace",
    "https://-hooks.example.org/": "Must be a URL such as https://hooks.example.org/cspace",
}
OUTSIDE = {
    "https://hooks.example.org": ("hooks.example.org", 443, "/"),
    "https://Hooks.Example.ORG./a?b=c": ("hooks.example.org", 443, "/a?b=c"),
    "https://hooks.example.org:8443?b": ("hooks.example.org", 8443, "/?b"),
    "https://93.184.216.34/": ("93.184.216.34", 443, "/"),
    "https://[2606:2800:220:1:248:1893:25c8:1946]/": ("2606:2800:220:1:248:1893:25c8:1946", 443, "/"),
    "https://xn--bcher-kva.example/": ("xn--bcher-kva.example", 443, "/"),
    "http://hooks.example.org/": ("hooks.example.org", 80, "/"),
}


@pytest.mark.parametrize("url", INSIDE)
def test_what_leads_inside_is_refused_when_it_is_said_and_when_it_is_called(url):
    assert url_faults(url) == ["Must not lead to a private address"]

    host = destination_of(url).host
    address = "127.0.0.1" if host[0].isalpha() and ":" not in host else host
    answer = [(socket.AF_UNSPEC, socket.SOCK_STREAM, 6, "", (address, 443))]
    assert (
        call(url, headers={}, body=b"", resolve=lambda *_, **__: answer).error == "Must not lead to a private address"
    )


@pytest.mark.parametrize(("url", "sentence"), NO_URLS.items())
def test_what_is_no_url_of_a_webhook_is_refused(url, sentence):
    assert url_faults(url) == [sentence]


@pytest.mark.parametrize(("url", "parts"), OUTSIDE.items())
def test_what_leads_outside_is_taken(url, parts, settings):
    settings.DEBUG = True
    assert url_faults(url) == []
    destination = destination_of(url)
    assert (destination.host, destination.port, destination.path) == parts


def test_plain_http_is_for_development(settings):
    settings.DEBUG = False
    assert url_faults("http://hooks.example.org/") == ["Must begin with https://"]
    assert url_faults("http://10.0.0.1/") == ["Must begin with https://", "Must not lead to a private address"]


def test_the_operator_names_the_hosts_that_may_be_inside(settings):
    settings.WEBHOOK_ALLOW_PRIVATE_HOSTS = ["10.0.0.1", "door.local", "::1"]
    for url in ("https://10.0.0.1/", "https://door.local/", "https://[::1]/"):
        assert url_faults(url) == []
    for url in ("https://10.0.0.2/", "https://x.door.local/", "https://127.0.0.1/"):
        assert url_faults(url) == ["Must not lead to a private address"]
    settings.WEBHOOK_ALLOW_PRIVATE_HOSTS = ["*"]
    assert url_faults("https://127.0.0.1/") == []


def test_the_api_refuses_the_whole_corpus(api, cspace):
    client, webhook = api(cspace), make_webhook("*")
    for url in [*INSIDE, *NO_URLS]:
        response = client.put(f"webhooks/{webhook.pk}/", {"url": url})
        assert (response.status_code, list(response.json()["details"])) == (400, ["url"]), url


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "::ffff:8.8.8.8%1", "127.0.0.1"])
def test_what_is_no_address_is_not_public(text):
    assert not is_public_address(text)


@pytest.mark.parametrize("text", ["8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"])
def test_a_public_address_stays_one_whatever_it_is_wrapped_into(text):
    assert is_public_address(text)
