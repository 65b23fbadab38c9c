"""A production refuses to start on what would make it unsafe: one line, exit 78."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from accounts.enums import MailChoice
from kernel.languages import LANGUAGES
from tests.test_docs import DOCUMENTED

ROOT = Path(__file__).resolve().parent.parent
KEY = "k3Y-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2
SAFE = {
    "CSPACE_ENV": "production",
    "SECRET_KEY": KEY,
    "CSPACE_JWT_KEY": KEY[::-1],
    "ALLOWED_HOSTS": "rooms.example.edu",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
}


def starting_with(changes):
    ours = ("CSPACE_", "DEBUG", "DATABASE", "SMTP_", "OIDC_", "SAML_", "SSO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {"CSPACE_ENV_FILE": ""}
    return {name: value for name, value in (kept | SAFE | changes).items() if value is not None}


def check(**changes):
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=starting_with(changes),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_safe_production_passes_the_deployment_check():
    result = check()
    assert (result.returncode, result.stderr) == (0, "")
    assert "no issues" in result.stdout


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY (or SECRET_KEY_FILE) is not set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is weak"),
        ({"CSPACE_JWT_KEY": None}, "CSPACE_JWT_KEY (or CSPACE_JWT_KEY_FILE) is not set"),
        ({"CSPACE_JWT_KEY": "a" * 60}, "CSPACE_JWT_KEY is weak"),
        ({"CSPACE_JWT_KEY": KEY}, "must differ"),
        ({"CSPACE_JWT_KEY_FALLBACKS": f"{KEY[::-1]},short"}, "CSPACE_JWT_KEY_FALLBACKS is weak"),
        ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nowhere"}, "cannot be read"),
        ({"DEBUG": "1"}, "DEBUG must not be on"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must list"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS must list"),
        ({"CSPACE_LANGUAGE": "de"}, f"CSPACE_LANGUAGE=de is none of {', '.join(LANGUAGES)}"),
        ({"CSPACE_MAIL_DEFAULT": "weekly"}, f"CSPACE_MAIL_DEFAULT=weekly is none of {', '.join(MailChoice.values)}"),
        ({"WEBHOOK_ALLOW_PRIVATE_HOSTS": "10.0.0.7,https://a.example"}, "'https://a.example' is no host such as"),
        ({"CALENDAR_ALLOW_PRIVATE_HOSTS": "[::1]"}, "CALENDAR_ALLOW_PRIVATE_HOSTS: '[::1]' is no host such as"),
        ({"CSPACE_CORS_ORIGINS": "*"}, "CSPACE_CORS_ORIGINS: '*' is not an exact origin"),
        ({"OCCUPANCY_CORS_ORIGINS": "https://a.example,b.example"}, "'b.example' is neither * nor an exact origin"),
        ({"OCCUPANCY_CORS_ORIGINS": "https://a.example/"}, "'https://a.example/' is neither * nor an exact origin"),
        ({"CSPACE_THROTTLE": "off"}, "CSPACE_THROTTLE=off is for development only"),
        ({"CSPACE_TEST_FAULTS": "skip-lock"}, "CSPACE_TEST_FAULTS is for tests only"),
        ({"CSPACE_TIME_ZONE": "Mars/Base"}, "is not an IANA time zone"),
        ({"CSPACE_HSTS_PRELOAD": "on"}, "CSPACE_HSTS_PRELOAD needs CSPACE_HSTS_SUBDOMAINS=on"),
        (
            {"CSPACE_HSTS_PRELOAD": "on", "CSPACE_HSTS_SUBDOMAINS": "on", "CSPACE_HSTS_SECONDS": "3600"},
            "and CSPACE_HSTS_SECONDS=31536000 or more",
        ),
        ({"DATABASE_OWNER_URL": "postgres://nobody@127.0.0.1:1/none"}, "must name two roles"),
        ({"DATABASE_OWNER_URL": "postgres://owner@127.0.0.1:1/other"}, "must name the same database"),
        (
            {"DATABASE_OWNER_URL": "postgres://owner@127.0.0.1:1/none", "DATABASE_URL": None},
            "DATABASE_OWNER_URL needs a DATABASE_URL",
        ),
        ({"DATABASE_OWNER_URL": "mysql://x"}, "DATABASE_OWNER_URL is not the URL of a PostgreSQL database"),
    ],
)
def test_an_unsafe_production_does_not_start(changes, sentence):
    result = check(**changes)
    assert result.returncode == 78
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.fixture
def read(monkeypatch):
    """The settings as they would be with such an environment, read in this process: nothing of Django is set up."""

    def read(**changes):
        environment = starting_with(changes)
        for name in set(os.environ) - set(environment):
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "cspace" / "settings.py"))

    return read


def between(least, most):
    return f"Must be greater than or equal to {least} and less than or equal to {most}."


SENDING = {
    "SMTP_SERVER": "mail.example.edu",
    "SMTP_EMAIL": "rooms@example.edu",
    "CSPACE_PUBLIC_URL": "https://rooms.example.edu",
}
"""What sends mail."""
NO_PORT = "is not a number between 1 and 65535"
CONTROL = "holds a line break or another control character"
NOT_AN_ADDRESS = "is not an e-mail address such as rooms@example.edu"
BAD_MAIL = [
    *(("SMTP_PORT", port, f"SMTP_PORT={port} {NO_PORT}") for port in ("0", "65536", "smtp", "-1", "")),
    *(
        (name, text, f"{name} {CONTROL}")
        for name in ("SMTP_SERVER", "SMTP_EMAIL", "SMTP_PASSWORD", "SMTP_USER_NAME", "SMTP_SENDER_NAME")
        for text in ("a\r\nBcc: eve@example.edu", "a\nb", "a\x1bb", "a\x85b", "a\u2028b")
    ),
    ("SMTP_EMAIL", None, "SMTP_SERVER needs an SMTP_EMAIL: the address that letters come from"),
    *(
        ("SMTP_EMAIL", text, f"SMTP_EMAIL: {text!r} {NOT_AN_ADDRESS}")
        for text in (
            "rooms",
            "rooms@",
            "@example.edu",
            "Rooms <rooms@example.edu>",
            "räume@example.edu",
            "a@b@c.de",
            "rooms@bücher.example",
        )
    ),
    ("SMTP_BCC", "a@example.edu, nobody", f"SMTP_BCC: 'nobody' {NOT_AN_ADDRESS}"),
    ("SMTP_BCC", "a@example.edu\nb@example.edu", f"SMTP_BCC: 'a@example.edu\\nb@example.edu' {NOT_AN_ADDRESS}"),
    *(
        ("SMTP_SERVER", text, f"SMTP_SERVER: {text!r} is not the name of a host; its port is SMTP_PORT")
        for text in ("smtp://mail.example.edu", "me@mail.example.edu", "mail example", "mail.example.edu:587", "..mail")
    ),
    *(
        ("SMTP_CA_FILE", path, f"SMTP_CA_FILE names {path}, which is no file that can be read")
        for path in ("/nowhere", "/dev/zero")
    ),
    ("SMTP_PASSWORD", "päss", "SMTP_PASSWORD holds other letters than ASCII, which no login to a mail server takes"),
    ("SMTP_USER_NAME", "robot", "SMTP_USER_NAME needs an SMTP_PASSWORD: without one nobody logs in"),
    ("SMTP_PORT", "587", "SMTP_PORT=587 needs SMTP_STARTTLS=on: TLS does not begin at once there"),
    (
        "SMTP_PORT",
        "465",
        "SMTP_STARTTLS=on does not go with SMTP_PORT=465, where TLS begins at once",
        {"SMTP_STARTTLS": "on"},
    ),
    (
        "SMTP_CA_FILE",
        str(ROOT / "Makefile"),
        f"SMTP_CA_FILE names {ROOT}/Makefile, which holds no certificates in PEM",
    ),
    (
        "CSPACE_PUBLIC_URL",
        None,
        "SMTP_SERVER needs a CSPACE_PUBLIC_URL: the origin that links in letters lead to",
    ),
    *(
        (
            "CSPACE_PUBLIC_URL",
            url,
            f"CSPACE_PUBLIC_URL: {url!r} is not an exact origin such as https://rooms.example.edu",
        )
        for url in ("https://rooms.example.edu/", "rooms.example.edu", "ftp://a.example", "*", "https://a\r\n.example")
    ),
    *(
        ("SMTP_SERVER", None, f"{name} needs an SMTP_SERVER", {name: text})
        for name, text in (
            ("SMTP_PASSWORD", "s3cret"),
            ("SMTP_BCC", "a@example.edu"),
            ("SMTP_CA_FILE", str(ROOT / "Makefile")),
        )
    ),
]
NOT_EXACT = "is not an exact origin such as https://rooms.example.edu"
NOT_A_DATABASE = "DATABASE_URL is not the URL of a PostgreSQL database: postgres://user:password@host/name"
RATES = ["LOGIN_NAME", "LOGIN_ADDRESS", "LOGIN_GLOBAL", "REFRESH", "WRITE", "API_KEY", "READ"]
BAD = [
    *(
        ("CSPACE_CORS_ORIGINS", f"https://a.example, {origin}", f"CSPACE_CORS_ORIGINS: {origin!r} {NOT_EXACT}")
        for origin in (
            *("*", "null", "foo", "rooms.example.edu", "https://", "ftp://a.example", "https://*.b.c", "https://*"),
            *("https://a.example/", "https://a.example/x", "https://a.example?x", "https://u@a.example", "https://a b"),
            *("https://a.example:0", "https://a.example:65536", "https://a.example:x", "https://A.example"),
            *("https://a..example", "https://ä.example"),
        )
    ),
    *(
        (
            "OCCUPANCY_CORS_ORIGINS",
            origin,
            f"OCCUPANCY_CORS_ORIGINS: {origin!r} is neither * nor an exact origin such as https://rooms.example.edu",
        )
        for origin in ("null", "foo", "https://*.b.c", "https://a.example/", "**")
    ),
    *(
        (name, text, f"{name}\" invalid: ['{between(least, most)}']")
        for name, least, most, beyond in (
            ("CSPACE_TRUSTED_PROXIES", 0, 10, ["-1", "11"]),
            ("CSPACE_HSTS_SECONDS", 0, 315_360_000, ["-1", "315360001"]),
            ("CSPACE_BOOKING_HORIZON_DAYS", 0, 3650, ["-1", "3651", "9999999"]),
            ("CSPACE_ACCESS_MINUTES", 1, 1440, ["0", "-5", "1441", "99999999999999"]),
            ("CSPACE_REFRESH_IDLE_DAYS", 1, 366, ["0", "-1", "367", "9999999999"]),
            ("CSPACE_REFRESH_FAMILY_DAYS", 1, 3650, ["0", "-1", "3651"]),
            ("CSPACE_STEP_SECONDS", 1, 60, ["0", "61"]),
            ("CSPACE_ADMIN_IDLE_MINUTES", 1, 1440, ["0", "1441"]),
        )
        for text in beyond
    ),
    ("CSPACE_BOOKING_HORIZON_DAYS", "many", 'CSPACE_BOOKING_HORIZON_DAYS" invalid: Not a valid integer.'),
    *(
        (
            f"CSPACE_RATE_{scope}",
            rate,
            f"CSPACE_RATE_{scope}: {rate!r} is not a rate such as 5/min "
            "(at least 1; periods: s, sec, min, h, hour, day)",
        )
        for scope in RATES
        for rate in ("0/min", "often", "-5/min", "5", "5/year", "5/0")
    ),
    *(
        (
            "CSPACE_STATEMENT_TIMEOUT",
            timeout,
            f"CSPACE_STATEMENT_TIMEOUT: {timeout!r} is not a duration such as 5s (units: ms, s, min, h)",
        )
        for timeout in ("abc", "", "-1", "5 s", "5s -c x=y", "1.5s", "9999999999s", "5d")
    ),
    *(
        ("CSPACE_STATEMENT_TIMEOUT", timeout, f"CSPACE_STATEMENT_TIMEOUT: {timeout!r} is not between 100ms and 24h")
        for timeout in ("0", "0s", "5", "25h")
    ),
    *(
        ("DATABASE_URL", url, NOT_A_DATABASE)
        for url in (
            *("foo", "mysql://x", "mysql://x/y", "sqlite://:memory:", "postgres://host", "postgres://h:port/x"),
            *("postgres://[/x", "postgis://host/x", "//host/x"),
        )
    ),
]


@pytest.mark.parametrize(("name", "text", "sentence"), BAD, ids=[f"{name}={text}" for name, text, _ in BAD])
def test_a_setting_that_cannot_be_meant_is_refused_at_the_start(read, capsys, name, text, sentence):
    with pytest.raises(SystemExit) as end:
        read(**{name: text})
    said = capsys.readouterr().err
    assert (end.value.code, said.count("\n")) == (78, 1)
    assert said.startswith("CSpace cannot start: ")
    assert said.endswith(f"{sentence}\n")


@pytest.mark.parametrize(("name", "text", "sentence", "more"), [(*row, {})[:4] for row in BAD_MAIL])
def test_mail_that_cannot_be_meant_is_refused_at_the_start(read, capsys, name, text, sentence, more):
    with pytest.raises(SystemExit) as end:
        read(**SENDING | {name: text} | more)
    assert (end.value.code, capsys.readouterr().err) == (78, f"CSpace cannot start: {sentence}\n")


def test_a_refused_password_is_not_shown(read, capsys):
    with pytest.raises(SystemExit):
        read(SMTP_PASSWORD="s3cret\nof mine")
    assert "s3cret" not in capsys.readouterr().err


def test_what_is_said_of_mail_and_what_is_not(read, tmp_path):
    (tmp_path / "password").write_text("s3cret\n")
    changes = {"SMTP_BCC": " a@example.edu, b@example.edu,", "SMTP_PASSWORD_FILE": str(tmp_path / "password")}
    settings = read(**SENDING | changes)
    expected = {
        "CSPACE_MAIL_LEAVES": "by_smtp",
        "SMTP_PORT": 465,
        "SMTP_STARTTLS": False,
        "SMTP_USER_NAME": "rooms@example.edu",
        "SMTP_PASSWORD": "s3cret",
        "SMTP_BCC": ["a@example.edu", "b@example.edu"],
        "CSPACE_PUBLIC_URL": "https://rooms.example.edu",
    }
    assert {name: settings[name] for name in expected} == expected
    settings = read(**SENDING | {"SMTP_STARTTLS": "true", "SMTP_USER_NAME": "robot", "SMTP_PASSWORD": "x"})
    assert (settings["SMTP_PORT"], settings["SMTP_USER_NAME"]) == (587, "robot")
    assert read(**SENDING | {"SMTP_PORT": "2525"})["SMTP_PORT"] == 2525


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({}, "not_at_all"),
        ({"CSPACE_MAIL_DIR": "/tmp/mail"}, "not_at_all"),
        ({"CSPACE_ENV": None, "DEBUG": "1"}, "as_files"),
        ({"CSPACE_ENV": None, "DEBUG": "1", "CSPACE_MAIL_DIR": ""}, "not_at_all"),
        ({"CSPACE_ENV": None, "DEBUG": "1", **SENDING}, "by_smtp"),
    ],
)
def test_how_mail_leaves(read, changes, how):
    assert read(**changes)["CSPACE_MAIL_LEAVES"] == how


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:8001"), ("0.0.0.0", "http://127.0.0.1:8001"), ("::1", "http://[::1]:8001")],
)
def test_a_development_server_links_to_itself(read, host, url):
    assert read(CSPACE_ENV=None, DEBUG="1", HOST=host, PORT="8001")["CSPACE_PUBLIC_URL"] == url


def test_the_bounds_themselves_are_allowed(read):
    least = {
        "CSPACE_TRUSTED_PROXIES": 0,
        "CSPACE_HSTS_SECONDS": 0,
        "CSPACE_BOOKING_HORIZON_DAYS": 0,
        "CSPACE_ACCESS_MINUTES": 1,
        "CSPACE_REFRESH_IDLE_DAYS": 1,
        "CSPACE_REFRESH_FAMILY_DAYS": 1,
        "CSPACE_STEP_SECONDS": 1,
    }
    most = {
        "CSPACE_TRUSTED_PROXIES": 10,
        "CSPACE_HSTS_SECONDS": 315_360_000,
        "CSPACE_BOOKING_HORIZON_DAYS": 3650,
        "CSPACE_ACCESS_MINUTES": 1440,
        "CSPACE_REFRESH_IDLE_DAYS": 366,
        "CSPACE_REFRESH_FAMILY_DAYS": 3650,
        "CSPACE_STEP_SECONDS": 60,
    }
    for bounds in (least, most):
        found = read(**{name: str(value) for name, value in bounds.items()})
        assert {name: found[name] for name in bounds} == bounds


@pytest.mark.parametrize("timeout", ["5s", "100ms", "100", "30min", "24h"])
def test_a_statement_timeout_is_written_as_for_postgresql(read, timeout):
    options = read(CSPACE_STATEMENT_TIMEOUT=timeout)["DATABASES"]["default"]["OPTIONS"]["options"]
    assert options.startswith(f"-c statement_timeout={timeout} -c lock_timeout=1s ")


def test_a_database_that_says_nothing_is_noticed(read):
    options = read()["DATABASES"]["default"]["OPTIONS"]
    bounds = {name: options[name] for name in options if name.startswith(("connect", "tcp", "keepalives"))}
    assert bounds == {
        "connect_timeout": 2,
        "tcp_user_timeout": 10_000,
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
    }


def test_lists_are_trimmed(read):
    found = read(
        ALLOWED_HOSTS=" a.example , b.example,",
        CSPACE_CORS_ORIGINS="https://a.example, http://localhost:5173 ,http://[::1]:8000",
        OCCUPANCY_CORS_ORIGINS=" * ",
        SECRET_KEY_FALLBACKS=f" {KEY[1:]}1 , ",
        CSPACE_JWT_KEY_FALLBACKS=f"{KEY[2:]}12 ,",
    )
    assert found["ALLOWED_HOSTS"] == ["a.example", "b.example"]
    assert found["CORS_ALLOWED_ORIGINS"] == ["https://a.example", "http://localhost:5173", "http://[::1]:8000"]
    assert found["OCCUPANCY_CORS_ORIGINS"] == ["*"]
    assert (found["SECRET_KEY_FALLBACKS"], found["CSPACE_JWT_KEY_FALLBACKS"]) == ([f"{KEY[1:]}1"], [f"{KEY[2:]}12"])


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_database_elsewhere(read, scheme):
    found = read(DATABASE_URL=f"{scheme}://ada:s%2Fecret@db.example:5433/rooms")["DATABASES"]["default"]
    assert {name: found[name] for name in ("ENGINE", "USER", "PASSWORD", "HOST", "PORT", "NAME")} == {
        "ENGINE": "django.db.backends.postgresql",
        "USER": "ada",
        "PASSWORD": "s/ecret",
        "HOST": "db.example",
        "PORT": 5433,
        "NAME": "rooms",
    }


def test_a_refused_database_url_does_not_show_its_password(read, capsys):
    with pytest.raises(SystemExit):
        read(DATABASE_URL="mysql://ada:s3cret@db.example/rooms")
    assert "s3cret" not in capsys.readouterr().err


# --- .env, and names that are no settings ---------------------------------------------------------------


@pytest.fixture
def read_with_file(read, monkeypatch, tmp_path):
    """The settings as they would be beside such a `.env`; `changes` are the process environment."""

    def read_with_file(content, **changes):
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".env").write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(**{"CSPACE_ENV_FILE": None} | changes)

    return read_with_file


NO_LINE = "this is neither NAME=value nor a comment (#)"
BAD_FILES = {
    "garbage": ("# campus\n\n\nsee the wiki\n", f".env, line 4: {NO_LINE}"),
    "a page": ('<html lang="en"><head>\n', f".env, line 1: {NO_LINE}"),
    "windows lines": ("PORT=8123\r\n\r\nsee the wiki\r\n", f".env, line 3: {NO_LINE}"),
    "yaml": ("CSPACE_TIME_ZONE: Europe/Berlin\n", f".env, line 1: {NO_LINE}"),
    "a shell of Windows": ("set PORT=8123\n", f".env, line 1: {NO_LINE}"),
    "no name of a variable": ("a.b=c\n", f".env, line 1: {NO_LINE}"),
    "an open quote": (f'PORT=8123\nSECRET_KEY="{KEY}\n', f".env, line 2: {NO_LINE}"),
    "a name alone": ("PORT=8123\n\nDEBUG\n", ".env, line 3: DEBUG is given no value: write DEBUG=..."),
    "latin-1": ("# Gebäude\n".encode("latin-1"), ".env is not a text in UTF-8: save it as one, or remove it"),
    "utf-16": ("PORT=8123\n".encode("utf-16"), ".env is not a text in UTF-8: save it as one, or remove it"),
    "utf-16 without its mark": (
        "PORT=8123\n".encode("utf-16-le"),
        ".env is not a text: it holds NUL characters; save it as UTF-8, or remove it",
    ),
    "binary": (bytes(range(256)), ".env is not a text in UTF-8: save it as one, or remove it"),
    "a typo": ("CSPACE_TIMEZONE=Europe/Berlin\n", "CSPACE_TIMEZONE is not a setting: did you mean CSPACE_TIME_ZONE?"),
    "a typo of a name without our prefix": (
        "ALLOWED_HOST=rooms.example.edu\n",
        "ALLOWED_HOST in .env is not a setting: did you mean ALLOWED_HOSTS?",
    ),
    "small letters": ("debug=1\n", "debug in .env is not a setting: did you mean DEBUG?"),
    "a bad value": ("PORT=banana\n", "PORT=banana is not a number between 1 and 65535"),
    "a bad value behind a byte order mark": (b"\xef\xbb\xbfWORKERS=0\n", "WORKERS=0 is not a number between 1 and 64"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_cannot_be_meant_is_refused_at_the_start(read_with_file, capsys, content, sentence):
    with pytest.raises(SystemExit) as end:
        read_with_file(content)
    told = capsys.readouterr().err
    assert (end.value.code, told) == (78, f"CSpace cannot start: {sentence}\n")


def test_a_secret_in_a_file_that_is_no_text_is_refused(read, tmp_path, capsys):
    (tmp_path / "key").write_bytes(bytes(range(128, 256)))
    with pytest.raises(SystemExit):
        read(SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "key"))
    assert capsys.readouterr().err == (
        f"CSpace cannot start: SECRET_KEY_FILE names {tmp_path}/key, which is not a text in UTF-8\n"
    )


def test_a_folder_in_its_place_is_refused(read, monkeypatch, tmp_path, capsys):
    """Docker makes one where a file that is to be mounted is missing."""
    (tmp_path / ".env").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        read(CSPACE_ENV_FILE=None)
    assert capsys.readouterr().err == "CSpace cannot start: .env cannot be read (Is a directory)\n"


def test_what_the_file_says_counts_unless_the_environment_says_otherwise(read_with_file):
    content = """# the campus
        export CSPACE_TIME_ZONE = "Europe/Berlin"  # with quotes
        HOST=0.0.0.0
        PORT=8123
        WORKERS='3'
        DEBUG=1
        CSPACE_STEP_SECONDS=5
        COMPOSE_PROJECT_NAME=rooms
        POSTGRES_PASSWORD=another program's
        """
    found = read_with_file(content, CSPACE_ENV=None, CSPACE_STEP_SECONDS="7", ALLOWED_HOSTS=None)
    expected = {
        "CSPACE_TIME_ZONE": "Europe/Berlin",
        "HOST": "0.0.0.0",
        "PORT": 8123,
        "WORKERS": 3,
        "DEBUG": True,
        "ALLOWED_HOSTS": ["*"],
        "CSPACE_STEP_SECONDS": 7,
    }
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("environment", "content", "is_development"),
    [
        ({}, "", False),
        ({"CSPACE_ENV_DEFAULT": "development"}, "", True),
        ({"CSPACE_ENV_DEFAULT": "development"}, "DEBUG=0", False),
        ({"CSPACE_ENV_DEFAULT": "development"}, "CSPACE_ENV=production", False),
        ({"CSPACE_ENV_DEFAULT": "development", "DEBUG": "1"}, "DEBUG=0", True),
        ({"CSPACE_ENV_DEFAULT": "production"}, "CSPACE_ENV=development", True),
    ],
)
def test_a_default_deployment_counts_where_nobody_says_which_it_is(
    read_with_file, environment, content, is_development
):
    assert read_with_file(content, CSPACE_ENV=None, **environment)["DEBUG"] is is_development


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("CSPACE_TIMEZONE", "did you mean CSPACE_TIME_ZONE?"),
        ("cspace_time_zone", "did you mean CSPACE_TIME_ZONE?"),
        ("CSPACE_TIME_ZONE_FILE", "did you mean CSPACE_TIME_ZONE?"),
        ("CSPACE_PORT", "did you mean PORT?"),
        ("CSPACE_SECRET_KEY", "did you mean SECRET_KEY?"),
        ("OCCUPANCY_PUBLIC_READS", "did you mean CSPACE_PUBLIC_READS?"),
        ("CSPACE_XYLOPHONE", "see docs/configuration.md"),
    ],
)
def test_an_unknown_name_with_our_prefix_is_refused_with_the_nearest(read, capsys, name, advice):
    with pytest.raises(SystemExit) as end:
        read(**{name: "s3cret"})
    told = capsys.readouterr().err
    assert (end.value.code, told) == (78, f"CSpace cannot start: {name} is not a setting: {advice}\n")


@pytest.mark.parametrize("changes", [{}, {"CSPACE_ENV": None, "DEBUG": "1", "DATABASE_URL": None}])
def test_no_documented_setting_is_unknown_in_any_deployment(read, changes):
    """Each is read whatever the others say; one that is read only sometimes would be refused the other times."""
    documented = set(DOCUMENTED.findall((ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")))
    assert documented <= set(read(**changes)["env"].dump())


def test_many_unknown_names_are_one_line(read, capsys):
    with pytest.raises(SystemExit):
        read(**{f"CSPACE_XYLOPHONE_{number}": "1" for number in range(9)})
    told = capsys.readouterr().err
    assert (told.count("\n"), told.count("is not a setting"), told[-13:]) == (1, 5, "; and 4 more\n")


def test_what_kubernetes_says_of_a_service_called_cspace_is_no_mistake(read):
    read(
        CSPACE_SERVICE_HOST="10.0.0.1",
        CSPACE_SERVICE_PORT="80",
        CSPACE_SERVICE_PORT_HTTP="80",
        CSPACE_PORT="tcp://10.0.0.1:80",
        CSPACE_PORT_80_TCP="tcp://10.0.0.1:80",
        CSPACE_PORT_80_TCP_PROTO="tcp",
        CSPACE_PORT_80_TCP_ADDR="10.0.0.1",
    )


def test_the_kind_of_deployment_is_one_of_two(read, capsys):
    with pytest.raises(SystemExit):
        read(CSPACE_ENV="prod")
    assert capsys.readouterr().err == "CSpace cannot start: CSPACE_ENV=prod is neither production nor development\n"


@pytest.mark.parametrize("asked", [False, True])
def test_subdomains_and_preload_are_promised_only_when_asked_for(read, asked):
    asking = {"CSPACE_HSTS_SUBDOMAINS": "on", "CSPACE_HSTS_PRELOAD": "on"} if asked else {}
    settings = read(**asking)
    assert settings["SECURE_HSTS_SECONDS"] == 31_536_000
    assert settings["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is settings["SECURE_HSTS_PRELOAD"] is asked


def test_the_owner_is_a_second_way_to_the_same_database(read):
    alone = read()
    assert (set(alone["DATABASES"]), alone["CSPACE_MIGRATED_AS"]) == ({"default"}, "default")
    both = read(DATABASE_OWNER_URL="postgres://owner:x@127.0.0.1:1/none")
    assert (set(both["DATABASES"]), both["CSPACE_MIGRATED_AS"]) == ({"default", "owner"}, "owner")
    assert both["DATABASES"]["owner"]["USER"] == "owner"
    assert both["DATABASES"]["owner"]["OPTIONS"] == both["DATABASES"]["default"]["OPTIONS"]


DEVELOPERS = "PORT=banana\nCSPACE_TIMEZONE=Mars\n"


def test_another_file_may_stand_in_its_place_and_none(read_with_file, tmp_path, capsys):
    (tmp_path / "campus.env").write_text("PORT=8124\n")
    assert read_with_file(DEVELOPERS, CSPACE_ENV_FILE="campus.env")["PORT"] == 8124
    assert read_with_file(DEVELOPERS, CSPACE_ENV_FILE="")["PORT"] == 8000
    with pytest.raises(SystemExit):
        read_with_file(DEVELOPERS, CSPACE_ENV_FILE="campus.txt")
    assert capsys.readouterr().err == "CSpace cannot start: campus.txt cannot be read (there is no such file)\n"


def without_what_the_tests_say(tmp_path):
    """An environment as a developer's shell has it, in a folder with his `.env`."""
    (tmp_path / ".env").write_text(DEVELOPERS)
    names = ("CSPACE_", "DEBUG", "DATABASE")
    return {name: value for name, value in os.environ.items() if not name.startswith(names)}


@pytest.mark.parametrize(
    "starting",
    ["import cspace.settings", "import os; os.execv(sys.executable, [sys.executable, '-c', 'import cspace.settings'])"],
)
def test_the_tests_read_no_file_of_a_developer_nor_does_what_they_start(tmp_path, starting):
    environment = without_what_the_tests_say(tmp_path) | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", f"import sys, tests.environment; {starting}"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("target", ["test", "lint", "bench"])
def test_what_checks_the_code_reads_no_file_of_a_developer(tmp_path, target):
    """Each program that make would start reads the settings instead."""
    (tmp_path / "Makefile").symlink_to(ROOT / "Makefile")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\nDEBUG=1 exec '{sys.executable}' -c 'import cspace.settings'\n")
    python.chmod(0o755)
    (python.parent / "lint-imports").symlink_to(python)
    command = ["make", "--old-file=environment", target]
    environment = without_what_the_tests_say(tmp_path) | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
