"""Loaded before Django's settings: the tests run as a development server on a throwaway cluster.

Nothing is read from a developer's `.env`, here or in a process that a test starts.
"""

import os
from pathlib import Path

os.environ["CSPACE_ENV_FILE"] = ""
os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("CSPACE_DATA_DIR", str(Path(__file__).resolve().parent.parent / "var" / "pg-test"))
os.environ.setdefault("CSPACE_EMBEDDED_FAST", "1")
os.environ.setdefault("CSPACE_THROTTLE", "off")
# No mail leaves, unless a test says how: neither to a developer's mail server nor into files.
os.environ.setdefault("CSPACE_MAIL_DIR", "")
for name in [name for name in os.environ if name.startswith(("SMTP_", "OIDC_", "SAML_", "SSO_"))]:
    del os.environ[name]

# A test that calls make is not a sub-make of the `make test` that runs it.
for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"):
    os.environ.pop(name, None)
