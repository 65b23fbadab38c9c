"""A client of CalDAV for one collection: what has changed, the objects themselves, and writing them (RFC 4791, 6578).

Whatever a server answers, nothing outside of the collection is asked for: what it names there is ignored.
"""

import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from calendars.services.caldav_xml import (
    PROPFIND,
    Multistatus,
    RemoteResource,
    XmlRefused,
    calendar_multiget,
    read_multistatus,
    sync_collection,
)
from calendars.services.hrefs import Collection
from calendars.services.remote import (
    PreconditionFailed,
    RemoteFailed,
    authorization,
    exchange,
    refusal_of,
    validator,
)
from kernel.calling.exchange import HttpAnswer, ask
from kernel.calling.redirects import REDIRECTS, follow, may_keep_credentials
from kernel.calling.wire import Deadline, Resolve

PORTION = 50
"""Objects in one answer."""
MAX_ROUNDS = 200
"""Answers to one question what has changed, where the server tells it part by part."""
MAX_MEMBERS = 20_000
MAX_TOTAL = 64 * 2**20
"""Bytes of all answers that one call of `bodies` keeps."""
MAX_TOKEN = 1000
XML = {"Content-Type": "application/xml; charset=utf-8"}
CALENDAR = {"Content-Type": "text/calendar; charset=utf-8"}
GONE = (404, 410)
NOT_ABOUT_THE_TOKEN = (401, 407, 408, 429)
IN_PARTS = 507
NO_END = "The server's list of changes has no end"
A_PART = "The server lists only a part of the calendar"
ELSEWHERE = "The server lists another calendar than the one it was asked for"
TOO_MANY = f"The calendar has more than {MAX_MEMBERS} objects"
TOO_LARGE = f"The calendar is larger than {MAX_TOTAL // 2**20} MiB"
OUTSIDE = "It does not lie in the calendar"


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What is otherwise than at a token. `changed`: {href: ETag}, an empty one where the server says none.

    `token`: to ask with the next time, empty where the server has none. `is_whole`: `changed` is all there is, whatever
    else was known has vanished, and `deleted` is empty.
    """

    changed: Mapping[str, str]
    deleted: tuple[str, ...]
    token: str
    is_whole: bool


class RemoteObject(NamedTuple):
    """`data`: iCalendar; XML has made its line ends `\\n`."""

    etag: str
    data: str


class CalDavCollection:
    """Every method raises RemoteFailed. An href is as `hrefs` has it; those of others are ignored where they are read.

    `deadline`: of all calls together, beside the 20 s of each.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str = "",
        secret: str = "",
        deadline: Deadline | None = None,
        resolve: Resolve = socket.getaddrinfo,
    ) -> None:
        self._collection = _collection_at(url)
        self._first_url, self._authorization = url, authorization(username, secret)
        self._deadline, self._resolve = deadline, resolve

    def __repr__(self) -> str:
        return f"<CalDavCollection of {self._collection.host}>"

    @property
    def url(self) -> str:
        """Where the calendar is: elsewhere than it was said to be, once it has been redirected."""
        return self._collection.url

    def new_href(self, uid: str) -> str:
        """Where a new object with this UID belongs."""
        return self._collection.href_of(uid)

    def changes(self, sync_token: str) -> Delta:
        """What has changed since a token; all there is where it is empty or refused, or the server knows no tokens."""
        for token in dict.fromkeys((sync_token, "")):
            delta = self._delta(token)
            if delta is not None:
                return delta
        return Delta(changed=self.listing(), deleted=(), token="", is_whole=True)

    def listing(self) -> dict[str, str]:
        """{href: ETag} of all there is; the ETag is empty where the server says none."""
        answer = self._call(follow, "PROPFIND", self.url, {"Depth": "1", **XML}, PROPFIND)
        self._collection = _collection_at(answer.url)
        multistatus = _multistatus(answer)
        if any(each.status == IN_PARTS for each in multistatus.resources):
            raise RemoteFailed(A_PART, answer.status)
        if not any(self._collection.is_at(each.href) for each in multistatus.resources):
            raise RemoteFailed(ELSEWHERE, answer.status)
        return _bounded({href: validator(each.etag) for href, each in self._inside(multistatus) if not _is_gone(each)})

    def bodies(self, hrefs: Iterable[str]) -> dict[str, RemoteObject]:
        """The objects with these hrefs. What cannot be had now is absent, which does not say that it was deleted."""
        own = [href for each in hrefs if (href := self._collection.inside(each))]
        hrefs, objects, size = list(dict.fromkeys(own)), {}, 0
        for start in range(0, len(hrefs), PORTION):
            portion = hrefs[start : start + PORTION]
            answer = self._call(ask, "REPORT", self.url, XML, calendar_multiget(portion))
            size += len(answer.body)
            if size > MAX_TOTAL:
                raise RemoteFailed(TOO_LARGE)
            for href, each in self._inside(_multistatus(answer)):
                if href in portion and each.data is not None:
                    objects[href] = RemoteObject(validator(each.etag), each.data)
        return objects

    def put(self, href: str, data: str, *, etag: str | None = None) -> str:
        """Write an object, a new one without `etag`; its ETag from now on, empty where the server says none.

        An empty `etag` is of an object whose ETag is not known. Raises: PreconditionFailed.
        """
        own = self._own(href)
        condition = {"If-None-Match": "*"} if etag is None else {"If-Match": validator(etag) or "*"}
        answer = self._call(ask, "PUT", self._collection.origin + own, CALENDAR | condition, data.encode())
        if answer.status not in (200, 201, 204):
            raise _write_refusal(answer)
        tag = validator(answer.headers.get("etag"))
        # A weak one is a proxy's: it never matches.
        return tag if tag and not tag.startswith("W/") else self._etag_of(own)

    def delete(self, href: str, *, etag: str | None = None) -> None:
        """Remove an object, where it is still that of the ETag. What is not there is removed.

        Raises: PreconditionFailed.
        """
        condition = {"If-Match": tag} if (tag := validator(etag)) else {}
        answer = self._call(ask, "DELETE", self._collection.origin + self._own(href), condition)
        if answer.status not in (200, 202, 204, *GONE):
            raise _write_refusal(answer)

    def _delta(self, token: str) -> Delta | None:
        """None where the server refuses the token, or knows none at all."""
        is_whole, changed, deleted, outside = token == "", dict[str, str](), dict[str, None](), 0
        for _ in range(MAX_ROUNDS):
            answer = self._changes_since(token)
            if answer.status == 501 or (400 <= answer.status < 500 and answer.status not in NOT_ABOUT_THE_TOKEN):
                return None
            multistatus = _multistatus(answer)
            if not 0 < len(multistatus.sync_token) <= MAX_TOKEN:
                return None
            for href, each in self._inside(multistatus):
                changed.pop(href, None)
                deleted.pop(href, None)
                if _is_gone(each):
                    deleted[href] = None
                else:
                    changed[href] = validator(each.etag)
            outside += sum(map(self._is_outside, multistatus.resources))
            _bounded(changed | deleted)
            is_last = all(each.status != IN_PARTS for each in multistatus.resources)
            if is_last:
                if is_whole and outside and not changed:
                    raise RemoteFailed(ELSEWHERE, answer.status)
                gone = () if is_whole else tuple(deleted)
                return Delta(changed=changed, deleted=gone, token=multistatus.sync_token, is_whole=is_whole)
            if multistatus.sync_token == token:
                break
            token = multistatus.sync_token
        raise RemoteFailed(NO_END, IN_PARTS)

    def _changes_since(self, token: str) -> HttpAnswer:
        """The answer of the collection, at the end of its redirects."""
        headers, body = {"Depth": "0", **XML}, sync_collection(token)
        answer = self._call(ask, "REPORT", self.url, headers, body)
        if answer.status in REDIRECTS:
            self._find()
            answer = self._call(ask, "REPORT", self.url, headers, body)
        return answer

    def _find(self) -> None:
        """Go where the collection has moved to: a REPORT is not sent on, what only reads is."""
        answer = self._call(follow, "PROPFIND", self.url, {"Depth": "0", **XML}, PROPFIND)
        _multistatus(answer)
        self._collection = _collection_at(answer.url)

    def _etag_of(self, own: str) -> str:
        """Empty where it is not to be learned: what was written stays written."""
        try:
            url = self._collection.origin + own
            multistatus = _multistatus(self._call(ask, "PROPFIND", url, {"Depth": "0", **XML}, PROPFIND))
        except RemoteFailed:
            return ""
        return next((validator(each.etag) for href, each in self._inside(multistatus) if href == own), "")

    def _inside(self, multistatus: Multistatus) -> Iterator[tuple[str, RemoteResource]]:
        """What is said of objects of the collection, by their hrefs."""
        for each in multistatus.resources:
            href = self._collection.inside(each.href)
            if href is not None and not each.is_collection and each.status != IN_PARTS:
                yield href, each

    def _is_outside(self, resource: RemoteResource) -> bool:
        return self._collection.inside(resource.href) is None and not self._collection.is_at(resource.href)

    def _own(self, href: str) -> str:
        """Its one form. Raises: RemoteFailed, for one that lies elsewhere."""
        own = self._collection.inside(href)
        if own is None:
            raise RemoteFailed(OUTSIDE)
        return own

    def _call(self, call: Any, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> HttpAnswer:
        credentials = self._authorization if may_keep_credentials(self._first_url, url) else {}
        headers = credentials | dict(headers)
        options = {"body": body, "deadline": self._deadline, "resolve": self._resolve}
        return exchange(call, method, url, headers=headers, **options)


def _collection_at(url: str) -> Collection:
    """Raises: RemoteFailed."""
    try:
        return Collection.at(url)
    except ValueError as error:  # UrlRefused is one
        sentence = str(error)
    raise RemoteFailed(sentence)


def _multistatus(answer: HttpAnswer) -> Multistatus:
    """Raises: RemoteFailed."""
    if answer.status != 207:
        raise refusal_of(answer.status)
    try:
        return read_multistatus(answer.body)
    except XmlRefused as refusal:
        sentence = str(refusal)
    raise RemoteFailed(sentence, answer.status)


def _is_gone(resource: RemoteResource) -> bool:
    return resource.status in GONE


def _bounded(members: dict[str, Any]) -> dict[str, Any]:
    """Raises: RemoteFailed."""
    if len(members) > MAX_MEMBERS:
        raise RemoteFailed(TOO_MANY)
    return members


def _write_refusal(answer: HttpAnswer) -> RemoteFailed:
    return PreconditionFailed() if answer.status == 412 else refusal_of(answer.status)
