"""Settings, read top to bottom as a request goes.

Every difference between deployments is an environment variable, listed in docs/configuration.md.
Importing this module never starts PostgreSQL.
"""

import logging
from datetime import timedelta
from pathlib import Path

from environs import EnvError, validate

from cspace.env import (
    DEFAULT_FILE,
    Environment,
    development_hosts,
    development_url,
    problems,
    refuse,
    split_words,
)
from kernel.languages import ENGLISH, NAMES_OF_LANGUAGES
from kernel.logs import logging_of
from kernel.smtp import IMPLICIT_TLS_PORT, STARTTLS_PORT
from sso import configuration as sign_on

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

try:
    # Before everything else: what the process environment does not say stands there.
    env.read_file(env.str("CSPACE_ENV_FILE", DEFAULT_FILE))

    # --- Which deployment ------------------------------------------------------------------------
    ENVIRONMENT, CSPACE_ENV_DEFAULT = env.deployment("CSPACE_ENV"), env.deployment("CSPACE_ENV_DEFAULT")
    DEBUG = env.bool("DEBUG", (ENVIRONMENT or CSPACE_ENV_DEFAULT) == "development")
    IS_PRODUCTION = not DEBUG
    SECRET_KEY = env.secret("SECRET_KEY", "" if IS_PRODUCTION else "insecure-development-secret-key")
    CSPACE_JWT_KEY = env.secret("CSPACE_JWT_KEY", "" if IS_PRODUCTION else "insecure-development-token-key-0123456789")
    CSPACE_JWT_KEY_FALLBACKS = split_words(env.secret("CSPACE_JWT_KEY_FALLBACKS"))
    SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
    HOST = env.str("HOST", "127.0.0.1")
    PORT = env.whole_number("PORT", 8000, largest=65535)
    WORKERS = env.whole_number("WORKERS", 2, largest=64)
    CSPACE_DRAIN_SECONDS = env.int("CSPACE_DRAIN_SECONDS", 5 if IS_PRODUCTION else 0, validate=validate.Range(0, 60))
    ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", () if IS_PRODUCTION else development_hosts(HOST))
    CSPACE_CORS_ORIGINS = env.origins("CSPACE_CORS_ORIGINS")
    CSPACE_TRUSTED_PROXIES = env.int("CSPACE_TRUSTED_PROXIES", 0, validate=validate.Range(0, 10))
    CSPACE_HSTS_SECONDS = env.int("CSPACE_HSTS_SECONDS", 31_536_000, validate=validate.Range(0, 315_360_000))
    CSPACE_HSTS_SUBDOMAINS = env.bool("CSPACE_HSTS_SUBDOMAINS", False)
    CSPACE_HSTS_PRELOAD = env.bool("CSPACE_HSTS_PRELOAD", False)
    CSPACE_SSL_REDIRECT = env.bool("CSPACE_SSL_REDIRECT", IS_PRODUCTION)

    # --- The campus --------------------------------------------------------------------------------
    CSPACE_TIME_ZONE = env.str("CSPACE_TIME_ZONE", "Asia/Taipei")
    CSPACE_BOOKING_HORIZON_DAYS = env.int("CSPACE_BOOKING_HORIZON_DAYS", 730, validate=validate.Range(0, 3650))
    CSPACE_PUBLIC_READS = env.bool("CSPACE_PUBLIC_READS", False)
    CSPACE_LANGUAGE = env.word("CSPACE_LANGUAGE", ENGLISH, list(NAMES_OF_LANGUAGES))
    CSPACE_MAIL_DEFAULT = env.word("CSPACE_MAIL_DEFAULT", "each", ("off", "each", "daily"))

    # --- Other servers that are called -------------------------------------------------------------
    WEBHOOK_ALLOW_PRIVATE_HOSTS = [host.lower() for host in env.words("WEBHOOK_ALLOW_PRIVATE_HOSTS")]
    CALENDAR_ALLOW_PRIVATE_HOSTS = [host.lower() for host in env.words("CALENDAR_ALLOW_PRIVATE_HOSTS")]

    # --- The Occupancy dialect ---------------------------------------------------------------------
    OCCUPANCY_CORS_ORIGINS = env.origins("OCCUPANCY_CORS_ORIGINS", ["*"], or_any=True)
    OCCUPANCY_PUBLIC_NAMES = env.bool("OCCUPANCY_PUBLIC_NAMES", False)
    OCCUPANCY_REQUIRE_LOGIN = env.bool("OCCUPANCY_REQUIRE_LOGIN", False)

    # --- Single sign-on ----------------------------------------------------------------------------
    SSO_PROXY_SECRET = env.secret("SSO_PROXY_SECRET")
    SSO_PROXY_ADDRESSES = env.networks("SSO_PROXY_ADDRESSES")
    SSO_GROUPS = env.texts("SSO_GROUPS")
    SSO_ALLOWED_GROUPS = env.words("SSO_ALLOWED_GROUPS")
    OIDC_ISSUER = env.str("OIDC_ISSUER", "").strip()
    OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", "").strip()
    OIDC_CLIENT_SECRET = env.secret("OIDC_CLIENT_SECRET")
    OIDC_CLIENT_AUTH = env.word("OIDC_CLIENT_AUTH", "", sign_on.CLIENT_AUTHENTICATIONS)
    OIDC_NAME = env.str("OIDC_NAME", "").strip()
    OIDC_SCOPES = env.words("OIDC_SCOPES", ["openid", "profile", "email"])
    OIDC_USERNAME_CLAIM = env.str("OIDC_USERNAME_CLAIM", "preferred_username")
    OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", "groups")
    SAML_METADATA_URL = env.str("SAML_METADATA_URL", "").strip()
    SAML_ENTITY_ID = env.str("SAML_ENTITY_ID", "").strip()
    SAML_NAME = env.str("SAML_NAME", "").strip()
    SAML_TRUST_EMAIL = env.bool("SAML_TRUST_EMAIL", False)
    SAML_ATTRIBUTES = env.texts("SAML_ATTRIBUTES")

    # --- Calendars ---------------------------------------------------------------------------------
    CALENDAR_SYNC_MINUTES = env.int("CALENDAR_SYNC_MINUTES", 15, validate=validate.Range(1, 1440))
    CALENDAR_CLEAR_HORIZON_DAYS = env.int("CALENDAR_CLEAR_HORIZON_DAYS", 365, validate=validate.Range(1, 3650))

    # --- The Roomie dialect ------------------------------------------------------------------------
    ROOMIE_ALLOWED_SSO_GROUPS = env.words("ROOMIE_ALLOWED_SSO_GROUPS", ["engscifac-ug"])
    CHANNEL_MAX_WAITERS = env.int("CHANNEL_MAX_WAITERS", 1000, validate=validate.Range(1, 20_000))
    ROOMIE_REFUND_NOTICE_HOURS = env.int("ROOMIE_REFUND_NOTICE_HOURS", 0, validate=validate.Range(0, 8760))

    # --- Mail --------------------------------------------------------------------------------------
    SMTP_SERVER = env.str("SMTP_SERVER", "").strip()
    SMTP_STARTTLS = env.bool("SMTP_STARTTLS", False)
    SMTP_PORT = env.whole_number("SMTP_PORT", STARTTLS_PORT if SMTP_STARTTLS else IMPLICIT_TLS_PORT, largest=65535)
    SMTP_EMAIL = env.str("SMTP_EMAIL", "")
    SMTP_PASSWORD = env.secret("SMTP_PASSWORD")
    SMTP_USER_NAME = env.str("SMTP_USER_NAME", "") or SMTP_EMAIL
    SMTP_SENDER_NAME = env.str("SMTP_SENDER_NAME", "")
    SMTP_BCC = env.words("SMTP_BCC")
    SMTP_CA_FILE = env.str("SMTP_CA_FILE", "")
    CSPACE_PUBLIC_URL = env.str("CSPACE_PUBLIC_URL", "" if IS_PRODUCTION else development_url(HOST, PORT))
    CSPACE_MAIL_DIR = env.str("CSPACE_MAIL_DIR", str(BASE_DIR / "var" / "mail"))

    # --- Sessions and limits -----------------------------------------------------------------------
    CSPACE_ROTATE_REFRESH = env.bool("CSPACE_ROTATE_REFRESH", IS_PRODUCTION)
    CSPACE_STREAM_CAP = env.int("CSPACE_STREAM_CAP", 2000, validate=validate.Range(1, 20_000))
    CSPACE_ACCESS_MINUTES = env.int("CSPACE_ACCESS_MINUTES", 10, validate=validate.Range(1, 1440))
    CSPACE_REFRESH_IDLE_DAYS = env.int("CSPACE_REFRESH_IDLE_DAYS", 7, validate=validate.Range(1, 366))
    CSPACE_REFRESH_FAMILY_DAYS = env.int("CSPACE_REFRESH_FAMILY_DAYS", 30, validate=validate.Range(1, 3650))
    CSPACE_ADMIN_IDLE_MINUTES = env.int("CSPACE_ADMIN_IDLE_MINUTES", 60, validate=validate.Range(1, 1440))
    CSPACE_THROTTLE = env.bool("CSPACE_THROTTLE", True)
    CSPACE_THROTTLE_RATES = {
        "login_name": env.rate("CSPACE_RATE_LOGIN_NAME", "5/min"),
        "login_name_everywhere": env.rate("CSPACE_RATE_LOGIN_NAME_EVERYWHERE", "20/min"),
        "login_address": env.rate("CSPACE_RATE_LOGIN_ADDRESS", "20/min"),
        "login_failures": env.rate("CSPACE_RATE_LOGIN_GLOBAL", "600/min"),
        "refresh": env.rate("CSPACE_RATE_REFRESH", "30/min"),
        "write": env.rate("CSPACE_RATE_WRITE", "60/min"),
        "anonymous_write": env.rate("CSPACE_RATE_ANONYMOUS_WRITE", "60/min"),
        "login_begun": env.rate("CSPACE_RATE_LOGIN_BEGUN", "300/min"),
        "confirmation": env.rate("CSPACE_RATE_CONFIRMATION", "5/h"),
        "api_key": env.rate("CSPACE_RATE_API_KEY", "120/min"),
        "read": env.rate("CSPACE_RATE_READ", "600/min"),
    }
    CSPACE_STEP_SECONDS = env.int("CSPACE_STEP_SECONDS", 20, validate=validate.Range(1, 60))
    CSPACE_TEST_FAULTS: frozenset[str] = frozenset(env.words("CSPACE_TEST_FAULTS"))

    # --- The database ------------------------------------------------------------------------------
    CSPACE_DATA_DIR = env.path("CSPACE_DATA_DIR", BASE_DIR / "var" / "pg")
    CSPACE_EMBEDDED_FAST = env.bool("CSPACE_EMBEDDED_FAST", False)
    CSPACE_PREPARE = env.bool("CSPACE_PREPARE", True)
    CSPACE_STATEMENT_TIMEOUT = env.statement_timeout("CSPACE_STATEMENT_TIMEOUT", "5s")
    CSPACE_LOCK_TIMEOUT = env.statement_timeout("CSPACE_LOCK_TIMEOUT", "1s")
    DATABASE_OPTIONS = {
        # A database that is gone or silent is noticed by these, not after the two hours of TCP's own.
        "connect_timeout": 2,
        "tcp_user_timeout": 10_000,
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        # Statements are planned once per connection, not once per request (docs/decisions/0012). Behind a pooler that
        # gives each transaction another connection, set CSPACE_PREPARE=off.
        "server_side_binding": CSPACE_PREPARE,
        "prepare_threshold": 2 if CSPACE_PREPARE else None,
        "options": f"-c statement_timeout={CSPACE_STATEMENT_TIMEOUT} -c lock_timeout={CSPACE_LOCK_TIMEOUT}"
        " -c idle_in_transaction_session_timeout=10s -c timezone=UTC",
    }
    DATABASE = env.postgres("DATABASE_URL") or {
        "ENGINE": "bundled_postgres.backend",
        "NAME": "cspace",
        "DATA_DIR": CSPACE_DATA_DIR,
        "FAST": CSPACE_EMBEDDED_FAST,
    }
    # Who owns the tables and migrates them, where the application's role may do less (deploy/roles.sql).
    OWNER_DATABASE = env.postgres("DATABASE_OWNER_URL")
    CSPACE_LOG_LEVEL = env.log_level("CSPACE_LOG_LEVEL", logging.INFO)
    CSPACE_ACCESS_LOG = env.bool("CSPACE_ACCESS_LOG", IS_PRODUCTION)
    env.refuse_unknown_names()
except EnvError as error:
    refuse(str(error))

for problem in problems(locals()):
    refuse(problem)
# How mail leaves, for `kernel.letters`. In development it can be read in files; no folder for them: none is written.
CSPACE_MAIL_LEAVES = "by_smtp" if SMTP_SERVER else "as_files" if DEBUG and CSPACE_MAIL_DIR else "not_at_all"
SSO_PROVIDERS, SSO_BUTTONS = sign_on.keys_of(locals()), sign_on.buttons_of(locals())

# --- Applications: the domain from the lowest layer up, then the two that listen to its facts, log before notices ---
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "procrastinate.contrib.django",
    "kernel.apps.KernelConfig",
    "accounts.apps.AccountsConfig",
    "groups.apps.GroupsConfig",
    "classrooms.apps.ClassroomsConfig",
    "policies.apps.PoliciesConfig",
    "registrations.apps.RegistrationsConfig",
    "allocations.apps.AllocationsConfig",
    "timetables.apps.TimetablesConfig",
    "calendars.apps.CalendarsConfig",
    "auditlog.apps.AuditlogConfig",
    "notifications.apps.NotificationsConfig",
    "jobs.apps.JobsConfig",
    "outbox.apps.OutboxConfig",
    "mail.apps.MailConfig",
    "webhooks.apps.WebhooksConfig",
    "cspace.apps.ProjectConfig",
    "demo.apps.DemoConfig",
    *sign_on.apps_of(locals()),
]

# --- The request path: what an API request passes; the Admin… ones step aside for it -----------------
MIDDLEWARE = [
    "cspace.middleware.RequestLogMiddleware",
    "cspace.middleware.HeadersMiddleware",
    "dialects.middleware.DialectMiddleware",
    "cspace.middleware.EnvelopeMiddleware",
    "cspace.middleware.HttpsMiddleware",
    "cspace.middleware.ApiCorsMiddleware",
    "cspace.middleware.PathMiddleware",
    "cspace.middleware.AdminStaticFilesMiddleware",
    "cspace.middleware.AdminSessionMiddleware",
    "cspace.middleware.AdminCsrfMiddleware",
    "cspace.middleware.AdminAuthenticationMiddleware",
    "cspace.middleware.AdminMessageMiddleware",
    *(sign_on.MIDDLEWARE if SSO_PROVIDERS else []),
]
ROOT_URLCONF = "cspace.urls"
WSGI_APPLICATION = "cspace.wsgi.application"
APPEND_SLASH = False
# Jobs are declared in the apps' `apps.py` (kernel.jobs), not looked for.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
FILE_UPLOAD_HANDLERS = ["kernel.admin.uploads.BoundedUploadHandler"]
CORS_ALLOWED_ORIGINS = CSPACE_CORS_ORIGINS
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "last-event-id",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = ["location", "retry-after", "x-dry-run", "x-request-id", "etag"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["groups.api.authentication.AccessTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["kernel.api.permissions.Undeclared"],
    "DEFAULT_RENDERER_CLASSES": ["kernel.api.rendering.FastJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["kernel.api.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "kernel.api.negotiation.RememberedNegotiation",
    "DEFAULT_SCHEMA_CLASS": "kernel.api.schema.EnvelopeAutoSchema",
    "DEFAULT_FILTER_BACKENDS": [],
    "EXCEPTION_HANDLER": "kernel.api.errors.to_response",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "accounts.models.Anonymous",
    "COMPACT_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CSpace",
    "DESCRIPTION": "Room booking for a campus. Every use of a room is one row that PostgreSQL keeps free of overlaps.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RegistrationStatus": "registrations.enums.RegistrationStatus",
        "AllocationEventStatus": "allocations.enums.EventStatus",
        "AllocationRegistrationStatus": "allocations.enums.EntryStatus",
        "NotificationStatus": "notifications.enums.NotificationStatus",
        "ClosureConflict": [("fail", "fail"), ("cancel", "cancel")],
        "SeriesConflict": [("fail", "fail"), ("skip", "skip")],
        "SemesterType": "timetables.enums.SemesterType",
        "MarkKind": "policies.enums.MarkKind",
        "SourceEnum": "registrations.enums.Source",
        "CalendarSource": "calendars.enums.CalendarSource",
        "StateEnum": "webhooks.enums.DeliveryState",
        "OccurrenceState": "calendars.enums.OccurrenceState",
        "Period": [("upcoming", "upcoming"), ("past", "past"), ("all", "all")],
    },
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "refreshCookie": {"type": "apiKey", "in": "cookie", "name": "refresh_token"},
            "apiKey": {"type": "http", "scheme": "bearer"},
        }
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums"],
}
STATIC_URL = "/static/"
UNFOLD = {
    "SITE_TITLE": "CSpace",
    "SITE_HEADER": "CSpace",
    "SITE_SUBHEADER": f"Times: {CSPACE_TIME_ZONE}",
    "SCRIPTS": [f"{STATIC_URL}unfold/js/alpine/admin.js"],
}
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": CSPACE_JWT_KEY,
    "ISSUER": "cspace",
    "AUDIENCE": "cspace",
    "LEEWAY": 30,
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=CSPACE_ACCESS_MINUTES),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=CSPACE_REFRESH_IDLE_DAYS),
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Who -----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
# The only login with a page is the admin's.
LOGIN_URL, LOGIN_REDIRECT_URL = "/admin/login/", "/admin/"
PASSWORD_HASHERS = [
    "accounts.services.hashing.Argon2",
    "accounts.services.hashing.PBKDF2",
]
# What is asked of identity providers, and no more than that (`sso`).
# The field of our users that holds addresses it is not told: a migration of its own would write them all anew.
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
SOCIALACCOUNT_ADAPTER, SOCIALACCOUNT_REQUESTS_TIMEOUT = "sso.adapter.ClaimsAdapter", sign_on.ANSWER_SECONDS
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# --- Where it is kept ------------------------------------------------------------------------------------
# Persistent connections: a connection per request costs more than the request.
DATABASES = {
    alias: database
    | {
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**database.get("OPTIONS", {}), **DATABASE_OPTIONS},  # type: ignore[dict-item]  # options are of any type
    }
    for alias, database in {"default": DATABASE, "owner": OWNER_DATABASE}.items()
    if database is not None
}
CSPACE_MIGRATED_AS = "owner" if OWNER_DATABASE else "default"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- What leaves by mail: the app `outbox` sends it, nothing else of Django does -------------------------------
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

# --- Time and language -------------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = CSPACE_TIME_ZONE
# What programs read, the admin and the log are English; what people are told follows the reader (`kernel.phrases`).
LANGUAGE_CODE = ENGLISH
LANGUAGES = list(NAMES_OF_LANGUAGES.items())
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = "kernel.admin.formats"

# --- Static files (admin, docs page, the client of the Occupancy dialect) ------------------------------------
# The second stands in for the theme's own Alpine, which evaluates expressions with `eval` (web/alpine/README.md).
STATICFILES_DIRS = [("occupancy", BASE_DIR / "web" / "occupancy"), ("unfold/js/alpine", BASE_DIR / "web" / "alpine")]
STATIC_ROOT = BASE_DIR / "var" / "static" if IS_PRODUCTION else None
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = False

# --- Hardening -----------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PRODUCTION
SESSION_COOKIE_HTTPONLY = True
# The admin's sessions (the API has its own): each answer begins the idle time anew (cspace.middleware).
SESSION_COOKIE_AGE = CSPACE_ADMIN_IDLE_MINUTES * 60
# The first three look for Django's own class paths; cspace.middleware has subclasses (tests/admin, tests/cspace).
# The other two ask for HSTS for all subdomains and for ever: that is for the owner of the whole domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003", "security.W005", "security.W021"]
if IS_PRODUCTION:
    SECURE_SSL_REDIRECT = CSPACE_SSL_REDIRECT
    SECURE_HSTS_SECONDS = CSPACE_HSTS_SECONDS
    SECURE_HSTS_INCLUDE_SUBDOMAINS = CSPACE_HSTS_SUBDOMAINS
    SECURE_HSTS_PRELOAD = CSPACE_HSTS_PRELOAD
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    if CSPACE_TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Logs: JSON lines, UTC, no secrets --------------------------------------------------------------------------
LOGGING = logging_of(CSPACE_LOG_LEVEL, has_access_lines=CSPACE_ACCESS_LOG)
