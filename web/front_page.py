"""What somebody finds who comes without an address: a page that says what runs here and leads everywhere else.

Until the web application takes its place. The API's own front door says the same to a program.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#177245" d="M1 0h6v8H1z"/>'
    '<circle cx="5.8" cy="4.2" r=".5" fill="#fff"/></svg>'
)
"""A door."""


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Links to everything, for people."""
    request.get_host()
    response = render(request, "front_page.html", {"is_development": settings.DEBUG})
    response["Content-Security-Policy"] = PAGE_POLICY
    return response


@require_safe
def api_index(request: HttpRequest) -> HttpResponse:
    """The same for programs, and for whoever reads JSON."""
    request.get_host()
    return JsonResponse(
        {
            "name": "CSpace",
            "api": "/api/v1/",
            "documentation": reverse("docs"),
            "schema": reverse("schema"),
            "admin": reverse("admin:index"),
            "pages": reverse("front-page"),
        }
    )


@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """What browsers ask every site for."""
    request.get_host()
    return HttpResponse(ICON, content_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


@require_safe
def to_admin(request: HttpRequest) -> HttpResponse:
    """The admin's address as people type it."""
    request.get_host()
    return HttpResponseRedirect(reverse("admin:index"))


routes = [
    path("", page, name="front-page"),
    path("favicon.ico", icon),
    path("admin", to_admin),
    path("api", api_index),
    path("api/", api_index),
    path("api/v1/", api_index),
]
