"""The one renderer of JSON."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
"""Keys become texts, and instants are worded by REST framework, as in its own renderer."""
_word = JSONEncoder().default


def to_json(data: Any) -> bytes:
    """Compact JSON in UTF-8. What is JSON already goes in as `orjson.Fragment`."""
    return orjson.dumps(data, default=_word, option=OPTIONS)


class Rendered:
    """An answer that has been worded before its time, because something is made of the words: its tag."""

    def __init__(self, data: Any) -> None:
        self.content = to_json(data)


class FastJSONRenderer(JSONRenderer):
    """`application/json`. Who asks for an indent in his `Accept` gets REST framework's own."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> Any:
        if data is None:
            return b""
        content = data.content if isinstance(data, Rendered) else to_json(data)
        if accepted_media_type and "indent" in accepted_media_type:
            return super().render(orjson.loads(content), accepted_media_type, renderer_context)
        return content
