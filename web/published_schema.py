"""The published schema at `/api/schema/`: built once in a process, however many ask, and not sent to whoever has it.

And the page at `/api/docs/` that shows it, with what else is published.
"""

import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api.rendering import FastJSONRenderer
from kernel.errors import Unavailable
from kernel.read_throttling import count_read

MAX_WAIT_SECONDS = 5.0
"""How long a request waits while another one builds, which takes a second or two of computing."""


class SchemaText:
    """The schema as it is sent, by the format it is asked for in: `render` is called once for each."""

    def __init__(self) -> None:
        self._building = threading.Lock()
        self._texts: dict[str, tuple[bytes, str]] = {}

    def of(self, renderer: BaseRenderer) -> tuple[bytes, str]:
        """(text, entity tag). Raises: Unavailable, if another request has been building it for too long."""
        kind = str(renderer.format)
        text_and_tag = self._texts.get(kind)
        if text_and_tag is not None:
            return text_and_tag
        if not self._building.acquire(timeout=MAX_WAIT_SECONDS):
            raise Unavailable
        try:
            if kind not in self._texts:
                text = render(renderer)
                self._texts[kind] = (text, f'"{hashlib.sha256(text).hexdigest()[:32]}"')
            return self._texts[kind]
        finally:
            self._building.release()


def render(renderer: BaseRenderer) -> bytes:
    """Build the schema and write it in this format. Nothing in it depends on who asks."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    text = renderer.render(schema, renderer.media_type, {})
    return text.encode() if isinstance(text, str) else text


_schema = SchemaText()


class SchemaView(SpectacularAPIView):
    """YAML, or JSON where that is asked for."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        count_read(request)
        renderer: Any = request.accepted_renderer
        text, tag = _schema.of(renderer)
        response = HttpResponse(text, content_type=renderer.media_type)
        response["Content-Disposition"] = f'inline; filename="CSpace.{renderer.format}"'
        response["ETag"] = tag
        response["Cache-Control"] = "public, max-age=300"
        response["Vary"] = "Accept"
        return get_conditional_response(request, etag=tag, response=response) or response

    def handle_exception(self, exc: Exception) -> Response:
        """Refusals are JSON, whatever was asked for."""
        self.request.accepted_renderer = FastJSONRenderer()
        self.request.accepted_media_type = FastJSONRenderer.media_type
        return super().handle_exception(exc)


class DocsPage(SpectacularSwaggerView):
    """The interactive page: Swagger UI with a bar in which one of the documents is chosen, the schema first."""

    documents: Mapping[str, str] = {}
    """{how it is called: where it is}, of those beside the schema."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]  # of the framework
        page.data["settings"] = _choice({spectacular_settings.TITLE: page.data["schema_url"], **self.documents})
        return page


def _choice(documents: Mapping[str, str]) -> str:
    """The settings as the page's script has them. Nobody else's server is asked whether a document is valid."""
    urls = json.dumps([{"name": name, "url": url} for name, url in documents.items()]).replace("<", r"\u003c")
    bar = 'layout: "StandaloneLayout", presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset]'
    return f"{{urls: {urls}, validatorUrl: null, {bar}}}"
