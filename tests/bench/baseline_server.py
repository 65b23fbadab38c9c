"""Serves `tests.bench.baselines`: no middleware."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cspace.settings")
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = "tests.bench.baselines"
application = get_wsgi_application()
