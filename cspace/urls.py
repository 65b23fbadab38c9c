"""Every route. The only module, beside the server entry points, that knows every app."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import include, path, re_path

from cspace.health import healthz, readyz
from dialects.registry import documents, sid_in
from dialects.registry import routes as dialect_routes
from kernel.admin.site import site
from sso.urls import routes as sign_on_routes
from web import front_page
from web.published_schema import DocsPage, SchemaView

API = "api/v1/"
handler500 = "cspace.middleware.server_error"


def unknown_endpoint(request: HttpRequest) -> HttpResponseBase:
    """Whatever no route matches: "Endpoint not found", in the envelope."""
    raise Http404


# No path belongs to two apps, so that the order is free: what is asked most comes first.
ours = [
    path("", include("accounts.api.urls")),
    path("", include("notifications.api.urls")),
    path("", include("classrooms.api.urls")),
    path("", include("registrations.api.urls")),
    path("", include("groups.api.urls")),
    path("", include("allocations.api.urls")),
    path("", include("timetables.api.urls")),
    path("", include("calendars.api.urls")),
    path("", include("auditlog.api.urls")),
    path("", include("policies.api.urls")),
    path("", include("webhooks.api.urls")),
]
urlpatterns = [
    path(API, include(ours)),  # first, because nearly every request is for it
    *dialect_routes(),
    *sign_on_routes(sid_in),
    *front_page.routes,
    path("admin/", site.urls),
    path("healthz", healthz),
    path("readyz", readyz, name="ready"),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", DocsPage.as_view(url_name="schema", documents=documents()), name="docs"),
    re_path(r"^api/", unknown_endpoint),
]
