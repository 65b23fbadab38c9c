"""Files that the API is sent, in a form: bounded while they come, kept in memory, gone with the request."""

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser

from kernel.api.parsers import BODY, PayloadTooLarge

FORM = "multipart/form-data"
SAID_TWICE = "May stand only once"


class SentFile(bytes):
    """A file of a form. `charset`: what its sender says it is written in, empty where he does not."""

    charset: str = ""


class FormParser(BaseParser):
    """Parses `multipart/form-data` into {name: text, or a file, `SentFile`}; a view says by `largest_upload` how many
    bytes all files together may have."""

    media_type = FORM

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        context = parser_context or {}
        request, largest = context["request"], context["view"].largest_upload
        handler = _BoundedHandler(largest)
        try:
            texts, files = MultiPartParser(request.META, stream, [handler], "utf-8").parse()
        except MultiPartParserError as error:
            raise ValidationError({BODY: ["The form is malformed"]}) from error
        if handler.is_full:
            raise PayloadTooLarge(f"The file is larger than {largest} bytes")
        parts = [*texts.lists(), *files.lists()]
        names = [name for name, values in parts for _ in values]
        if twice := {name: [SAID_TWICE] for name in names if names.count(name) > 1}:
            raise ValidationError(twice)
        return {name: _content(values[0]) for name, values in parts}


class FileField(serializers.Field[SentFile, Any, str, Any]):
    """A file of a form: its bytes. What it is called is not looked at."""

    default_error_messages = {"invalid": "A file is required"}

    def to_internal_value(self, data: Any) -> SentFile:
        if not isinstance(data, SentFile):
            self.fail("invalid")
        return data


class _BoundedHandler(FileUploadHandler):
    """Keeps files in memory, all of a request together at most as many bytes; the rest is not taken."""

    def __init__(self, largest: int) -> None:
        super().__init__()
        self._left, self._pieces = largest, list[bytes]()
        self.is_full = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._pieces = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._left -= len(raw_data)
        if self._left < 0:
            self.is_full = True
            raise StopUpload(connection_reset=True)
        self._pieces.append(raw_data)

    def file_complete(self, file_size: int) -> SimpleUploadedFile:
        file = SimpleUploadedFile(self.file_name or "upload", b"".join(self._pieces), self.content_type or "")
        file.charset = self.charset
        return file


def _content(value: Any) -> Any:
    if not isinstance(value, SimpleUploadedFile):
        return value
    file = SentFile(value.read())
    charset: Any = value.charset or b""  # of bytes, whatever Django's types say
    file.charset = charset.decode("ascii", "replace")
    return file
