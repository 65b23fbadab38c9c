"""Files that the admin is sent: bounded before they are kept, and kept by the session between two pages."""

import hashlib
import zlib
from base64 import b85decode, b85encode
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from kernel.tables.reading import MAX_BYTES

SESSION_KEY = "upload"


class BoundedUploadHandler(FileUploadHandler):
    """Keeps files in memory, all of a request together at most a byte more than is read; the rest is not taken."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._pieces: list[bytes] = []
        self._size = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._pieces = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._size += len(raw_data)
        self._pieces.append(raw_data)
        if self._size > MAX_BYTES:
            if self.request is not None:
                self.request.has_too_large_upload = True  # type: ignore[attr-defined]  # what a page says then
            raise StopUpload(connection_reset=True)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        return SimpleUploadedFile(self.file_name or "upload", b"".join(self._pieces), self.content_type or "")


def has_too_large_upload(request: HttpRequest) -> bool:
    """Whether a file was not taken because it is larger than what is read."""
    len(request.FILES)  # only then is the body read
    return getattr(request, "has_too_large_upload", False)


def keep_upload(request: HttpRequest, content: bytes) -> str:
    """Keep a file for the next page, in place of the last one; by what it is asked for again."""
    request.session[SESSION_KEY] = b85encode(zlib.compress(content)).decode("ascii")
    return hashlib.sha256(content).hexdigest()


def kept_upload(request: HttpRequest) -> tuple[str, bytes] | None:
    """The file that was kept, after what it is asked for by."""
    packed = request.session.get(SESSION_KEY)
    if packed is None:
        return None
    content = zlib.decompress(b85decode(packed))
    return hashlib.sha256(content).hexdigest(), content


def forget_upload(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)
