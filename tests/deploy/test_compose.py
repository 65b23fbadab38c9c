"""The composed production, as its files say it: nothing is run here, for there is no container engine."""

import fnmatch
import json
import re
import subprocess
import sys

import pytest
import yaml

from cspace import settings
from cspace.jobs import DRAIN_SECONDS, MARGIN_SECONDS
from dialects.proxy import stream_paths
from kernel.live.streams import HEARTBEAT_SECONDS
from serving.server import CONNECTIONS_PER_WORKER, STOP_SECONDS
from tests.deploy.proxies import CONFIGURATION, MAIN_CONFIGURATION
from tests.races.server import ROOT
from tests.test_settings import starting_with

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
CONFIGURATION_PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
OURS = ["app", "streams", "worker", "migrate"]
(STREAMS,) = re.findall(r"    location [^{}]*\{[^}]*proxy_pass http://streams;[^}]*\}\n", CONFIGURATION)
REQUESTS = CONFIGURATION.replace(STREAMS, "")
"""What the proxy is told of everything else."""


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


def default_of(text):
    """ "${NAME:-value}" → "value"."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def test_only_the_proxy_is_published_and_only_to_this_machine():
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "proxy": ["${PROXY_PUBLISH:-127.0.0.1:8080}:8080"]
    }


def test_the_proxy_believes_the_gateway_that_compose_makes_and_the_app_believes_the_proxy():
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert f"set_real_ip_from {network['gateway']};" in CONFIGURATION
    assert SERVICES["app"]["environment"]["CSPACE_TRUSTED_PROXIES"] == "1"
    assert CONFIGURATION.count("proxy_set_header X-Forwarded-For $remote_addr;") == CONFIGURATION.count("proxy_pass ")


def test_the_owner_is_known_to_the_migration_alone():
    with_owner = [name for name, service in SERVICES.items() if "database_owner_url" in service.get("secrets", [])]
    assert with_owner == ["database", "migrate"]
    assert [name for name in SERVICES if "DATABASE_OWNER_URL_FILE" in SERVICES[name].get("environment", {})] == [
        "migrate"
    ]
    assert SERVICES["migrate"]["command"][1:] == ["manage.py", "migrate", "--noinput", "--database", "owner"]
    with_superuser = [name for name, service in SERVICES.items() if "superuser_password" in service.get("secrets", [])]
    assert with_superuser == ["database"]


def test_every_secret_is_a_file_that_somebody_reads():
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    assert {entry["file"] for entry in COMPOSE["secrets"].values()} == {f"deploy/secrets/{name}" for name in used}


@pytest.mark.parametrize("name", ["app", "streams", "worker"])
def test_what_serves_waits_for_the_migration(name):
    assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["restart"] == "no"


@pytest.mark.parametrize("name", ["app", "streams"])
def test_the_proxy_waits_until_the_app_is_ready_not_just_alive(name):
    assert SERVICES["proxy"]["depends_on"][name] == {"condition": "service_healthy"}
    assert "healthcheck" not in SERVICES[name]  # it is the image's
    assert re.search(r"^HEALTHCHECK .*127\.0\.0\.1:8000/readyz", DOCKERFILE, re.MULTILINE)


def test_everything_has_limits_and_time_to_end():
    for name, service in SERVICES.items():
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} == set(limits), name
        assert seconds(service["stop_grace_period"]) > 0, name
        assert "no-new-privileges:true" in service["security_opt"], name
    # First it says that it ends, then what is being answered is answered.
    for name in ("app", "streams"):
        assert seconds(SERVICES[name]["stop_grace_period"]) > production_drain_seconds() + STOP_SECONDS["production"]
    assert seconds(SERVICES["worker"]["stop_grace_period"]) > DRAIN_SECONDS["production"] + MARGIN_SECONDS
    read = max(map(int, re.findall(r"proxy_read_timeout (\d+)s;", REQUESTS)))
    cut = int(re.search(r"^worker_shutdown_timeout (\d+)s;", MAIN_CONFIGURATION, re.MULTILINE)[1])
    assert seconds(SERVICES["proxy"]["stop_grace_period"]) > cut >= read


def production_drain_seconds():
    """The default, as it is documented and as a production reads it."""
    documented = int(re.search(r"`CSPACE_DRAIN_SECONDS` \| production: (\d+) \|", CONFIGURATION_PAGE)[1])
    command = [sys.executable, "-c", "from cspace import settings; print(settings.CSPACE_DRAIN_SECONDS)"]
    printed = subprocess.run(
        command, cwd=ROOT, env=starting_with({}), capture_output=True, text=True, check=True
    ).stdout
    assert int(printed) == documented
    return documented


def test_a_request_in_flight_is_given_as_long_as_the_proxy_would_wait_for_it():
    read = int(re.search(r"location / \{.*?proxy_read_timeout (\d+)s;", CONFIGURATION, re.DOTALL)[1])
    assert production_drain_seconds() + STOP_SECONDS["production"] >= read


def test_streams_are_served_by_the_same_image_with_a_process_of_their_own():
    streams, app = SERVICES["streams"], SERVICES["app"]
    (command,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    serve, workers = json.loads(command), streams["command"].index("--workers")
    assert streams["command"][:workers] == [*serve[:3], "--streams", *serve[3 : serve.index("--workers")]]
    own = {"command", "ulimits"}
    assert {key: value for key, value in streams.items() if key not in own} == app


def test_everything_on_the_way_of_a_stream_has_room_for_as_many_as_may_be_open_and_for_more_to_refuse():
    cap = settings.CSPACE_STREAM_CAP
    most = int(re.search(r"server streams:8000 max_conns=(\d+);", CONFIGURATION)[1])
    connections = int(re.search(r"worker_connections (\d+);", MAIN_CONFIGURATION)[1])
    files = int(re.search(r"worker_rlimit_nofile (\d+);", MAIN_CONFIGURATION)[1])
    workers = int(re.search(r"worker_processes (\d+);", MAIN_CONFIGURATION)[1])
    assert cap + 100 <= most <= cap + CONNECTIONS_PER_WORKER
    assert 2 * most + 1000 <= connections * workers
    assert connections < files <= SERVICES["proxy"]["ulimits"]["nofile"]
    assert cap + 2 * CONNECTIONS_PER_WORKER <= SERVICES["streams"]["ulimits"]["nofile"]


def test_the_proxy_passes_a_stream_on_as_it_comes_and_waits_longer_than_it_is_ever_silent():
    assert "proxy_buffering off;" in STREAMS
    assert "proxy_buffering off;" not in REQUESTS
    assert "proxy_http_version 1.1;" in STREAMS
    assert int(re.search(r"proxy_read_timeout (\d+)s;", STREAMS)[1]) > 2 * HEARTBEAT_SECONDS
    own = ["api/v1/classrooms/stream", "api/v1/notifications/stream"]
    channels = ["push.subscribe", "push.subscribe_longpoll", "stream.sub", "stream.sub_lp"]
    of_roomie = [f"{mount}{channel}/<str:sid>" for mount in ("api/v1/", "") for channel in channels]
    assert stream_paths() == sorted(own + of_roomie)


def test_the_image_starts_the_server_by_the_one_command_that_knows_its_bounds():
    (command,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert json.loads(command)[:3] == ["python", "manage.py", "serve"]


def test_every_image_is_of_an_exact_version_pinned_by_digest_and_another_can_be_given():
    (python,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)
    froms = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    images = [service["image"] for service in SERVICES.values() if "image" in service]
    arguments = [SERVICES[name]["build"]["args"]["PYTHON_IMAGE"] for name in OURS]

    assert froms == ["${PYTHON_IMAGE}"] * 2
    assert {default_of(argument) for argument in arguments} == {python}
    assert all(re.fullmatch(r"\$\{[A-Z]+_IMAGE:-.+\}", image) for image in images + arguments)
    for image in [*images, python]:
        assert re.search(r":\d+\.\d+(\.\d+)?-[a-z-]+@sha256:[0-9a-f]{64}$", default_of(image)), image


@pytest.mark.parametrize(
    "path",
    [".env", ".env.production", "deploy/.env", "deploy/secrets/jwt_key", ".git/config", "var/pg/password", ".venv/x"],
)
def test_what_is_secret_or_of_this_machine_is_not_in_the_image(path):
    parts = path.split("/")
    beginnings = ["/".join(parts[: length + 1]) for length in range(len(parts))]
    patterns = [pattern.removeprefix("**/") for pattern in IGNORED] + IGNORED
    assert any(fnmatch.fnmatch(beginning, pattern) for beginning in beginnings for pattern in patterns)


def test_the_roles_are_made_before_anybody_can_connect():
    database = SERVICES["database"]
    assert "./deploy/make-roles.sh:/docker-entrypoint-initdb.d/make-roles.sh:ro" in database["volumes"]
    assert (
        ROOT / "deploy" / "make-roles.sh"
    ).stat().st_mode & 0o111  # else its lines are run by the image's own script
    assert "-h 127.0.0.1" in database["healthcheck"]["test"][1]
