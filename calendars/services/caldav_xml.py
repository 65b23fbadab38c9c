"""What is said to a CalDAV server and what it answers, in XML (RFC 4918, 4791, 6578). Pure.

Read by expat itself, element by element: an answer of 10 MiB makes no tree of hundreds. What has a document type is
refused, and with it all entities but XML's own, inside and outside.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape

DAV, CALDAV = "DAV: ", "urn:ietf:params:xml:ns:caldav "
MULTISTATUS = (f"{DAV}multistatus",)
RESPONSE = (*MULTISTATUS, f"{DAV}response")
PROPSTAT = (*RESPONSE, f"{DAV}propstat")
PROP = (*PROPSTAT, f"{DAV}prop")
COLLECTION = (*PROP, f"{DAV}resourcetype", f"{DAV}collection")
LEAVES = {
    (*MULTISTATUS, f"{DAV}sync-token"): "sync_token",
    (*RESPONSE, f"{DAV}href"): "href",
    (*RESPONSE, f"{DAV}status"): "status",
    (*PROPSTAT, f"{DAV}status"): "propstat_status",
    (*PROP, f"{DAV}getetag"): "etag",
    (*PROP, f"{CALDAV}calendar-data"): "data",
}
STATUS = re.compile(r"HTTP/\d(?:\.\d)? (\d{3})\b")
MAX_DEPTH, MAX_ELEMENTS, MAX_RESOURCES = 32, 500_000, 25_000
NOT_XML = "The answer is not the XML of a calendar server"
HAS_DOCTYPE = "The answer holds a document type, which is refused"
TOO_MUCH = "The answer has too many or too deep elements"
HEAD = '<?xml version="1.0" encoding="utf-8"?>'
PROPFIND = f'{HEAD}<propfind xmlns="DAV:"><prop><getetag/><resourcetype/></prop></propfind>'.encode()


CONTROLS = bytes({*range(1, 32)} - {9, 10, 13})
"""No XML may have them, and some servers hand out what somebody has pasted. Where there are zeros it is UTF-16."""


class XmlRefused(Exception):
    """It is not what a calendar server answers; the sentence says why."""


@dataclass
class RemoteResource:
    """What is said of one href. `status`: of all of it, None where each property has its own."""

    href: str
    status: int | None = None
    etag: str = ""
    data: str | None = None
    is_collection: bool = False


@dataclass
class Multistatus:
    resources: list[RemoteResource] = field(default_factory=list)
    sync_token: str = ""


def sync_collection(token: str) -> bytes:
    """Asks what has changed since a token; all there is, for an empty one."""
    asking = f"<sync-token>{escape(token)}</sync-token><sync-level>1</sync-level><prop><getetag/><resourcetype/></prop>"
    return f'{HEAD}<sync-collection xmlns="DAV:">{asking}</sync-collection>'.encode()


def calendar_multiget(hrefs: Iterable[str]) -> bytes:
    """Asks for objects themselves."""
    names = "".join(f"<href>{escape(href)}</href>" for href in hrefs)
    asking = f"<prop><getetag/><C:calendar-data/></prop>{names}"
    spaces = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    return f"{HEAD}<C:calendar-multiget {spaces}>{asking}</C:calendar-multiget>".encode()


def read_multistatus(body: bytes) -> Multistatus:
    """Raises: XmlRefused."""
    reader = _MultistatusReader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.read
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(body if b"\0" in body else body.translate(None, CONTROLS), True)
    except (expat.ExpatError, ValueError, LookupError):
        raise XmlRefused(NOT_XML) from None
    return reader.multistatus


def _refuse_doctype(*_declaration: object) -> None:
    raise XmlRefused(HAS_DOCTYPE)


class _MultistatusReader:
    def __init__(self) -> None:
        self.multistatus = Multistatus()
        self._path: list[str] = []
        self._elements = 0
        self._leaf: str | None = None
        self._pieces: list[str] = []
        self._response: dict[str, str] = {}
        self._hrefs: list[str] = []
        self._propstat: dict[str, str] = {}

    def begin(self, name: str, _attributes: object) -> None:
        self._path.append(name)
        self._elements += 1
        if len(self._path) > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise XmlRefused(TOO_MUCH)
        path = tuple(self._path)
        if path[:1] != MULTISTATUS:
            raise XmlRefused(NOT_XML)
        self._leaf = LEAVES.get(path)
        if self._leaf:
            self._pieces = []
        elif path == RESPONSE:
            self._response, self._hrefs = {}, []
        elif path == PROPSTAT:
            self._propstat = {}
        elif path == COLLECTION:
            self._propstat["is_collection"] = "yes"

    def read(self, text: str) -> None:
        if self._leaf:
            self._pieces.append(text)

    def end(self, _name: str) -> None:
        path = tuple(self._path)
        self._path.pop()
        self._leaf = None
        match LEAVES.get(path):
            case "sync_token":
                self.multistatus.sync_token = self._text()
            case "href":
                self._hrefs.append(self._text())
            case "status":
                self._response["status"] = self._text()
            case "propstat_status":
                self._propstat["status"] = self._text()
            case "data":
                self._propstat["data"] = "".join(self._pieces)
            case "etag":
                self._propstat["etag"] = self._text()
        if path == PROPSTAT and _status(self._propstat.pop("status", "")) == 200:
            self._response |= self._propstat
        elif path == RESPONSE:
            self.multistatus.resources.extend(self._resources())
            if len(self.multistatus.resources) > MAX_RESOURCES:
                raise XmlRefused(TOO_MUCH)

    def _text(self) -> str:
        return "".join(self._pieces).strip()

    def _resources(self) -> Iterator[RemoteResource]:
        """Several hrefs share a status."""
        values = self._response
        for href in self._hrefs:
            yield RemoteResource(
                href=href,
                status=_status(values.get("status", "")),
                etag=values.get("etag", ""),
                data=values.get("data"),
                is_collection="is_collection" in values,
            )


def _status(line: str) -> int | None:
    """Of `HTTP/1.1 404 Not Found`."""
    match = STATUS.match(line)
    return int(match[1]) if match else None
