"""What the booking is compared with: a bare Django view with one INSERT, no middleware."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cspace.settings")
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = __name__


def insert(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_bare (room, starts_at, ends_at)"
            " VALUES (1, now(), now() + interval '1 hour') RETURNING id"
        )
        (row_id,) = cursor.fetchone()
    return JsonResponse({"id": row_id}, status=201)


urlpatterns = [path("", insert), path("api/v1/users/me/", insert)]
application = get_wsgi_application()
