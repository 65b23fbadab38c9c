"""Where on their server the events of a calendar are: each is known by its UID, and several objects may hold one."""

from collections.abc import Collection, Sequence

from calendars.models import Calendar, CalendarEvent
from calendars.services.caldav import Delta
from calendars.services.taking_in import TakingIn
from kernel.db.transactions import transactional


class Whereabouts:
    """What was known of a calendar before it is read, and what is read of it; by hrefs."""

    def __init__(self, calendar: Calendar, delta: Delta) -> None:
        self._calendar, self._delta = calendar, delta
        self._uids: dict[str, set[str]] = {}
        self._etags: dict[str, str] = {}
        self._former: dict[str, dict[str, str]] = {}
        self._first: set[str] = set()
        rows = CalendarEvent.objects.filter(calendar=calendar).order_by("pk")
        for uid, href, etag, twins in rows.values_list("uid", "href", "etag", "twins"):
            self._former[uid] = {**twins, **({href: etag} if href else {})}
            self._first.add(href)

    def __len__(self) -> int:
        """How many objects were read."""
        return len(self._uids)

    def unread(self) -> list[str]:
        """The objects that are others than they were, before all those by which events are known."""
        etags = {href: etag for places in self._former.values() for href, etag in places.items()}
        hrefs = [href for href, etag in self._delta.changed.items() if not etag or etags.get(href) != etag]
        return sorted(hrefs, key=lambda href: href not in self._first)

    def note(self, href: str, etag: str, uids: Collection[str]) -> None:
        """These events are there now."""
        self._uids[href], self._etags[href] = set(uids), etag

    def former_uids(self, href: str) -> set[str]:
        """Of the events that were there."""
        return {uid for uid, places in self._former.items() if href in places}

    def holders(self) -> dict[str, dict[str, str]]:
        """{uid: {where it is: ETag}} of all events, by what was read and what was known before."""
        holders = {
            uid: {href: etag for href, etag in places.items() if self._holds(href, uid)}
            for uid, places in self._former.items()
        }
        for href, uids in self._uids.items():
            for uid in uids:
                holders.setdefault(uid, {})[href] = self._etags[href]
        return holders

    def elsewhere(self) -> list[str]:
        """What is still to be read: objects that hold events whose own holds them no more."""
        holders = self.holders()
        astray = (uid for _, uid, href, _ in self._rows() if href and href not in holders.get(uid, {href: ""}))
        return sorted({min(holders[uid]) for uid in astray if holders[uid]} - set(self._uids))

    def gone(self) -> dict[int, str]:
        """{id: where it was} of the events that no object holds any more."""
        holders, is_whole = self.holders(), self._delta.is_whole
        return {pk: href for pk, uid, href, _ in self._rows() if not holders.get(uid) and (href or is_whole)}

    @transactional
    def settle(self, taking: TakingIn) -> None:
        """Keep where each event is, and where besides. One whose object could not be read is where it still stands."""
        taking.hold()
        holders = self.holders()
        for pk, uid, href, twins in self._rows():
            places = holders.get(uid, {})
            if not href or not places:
                continue
            place = href if href in places else min(places)
            others = {other: etag for other, etag in places.items() if other != place}
            moved = {} if place == href else {"href": place, "etag": ""}
            if moved or others != twins:
                CalendarEvent.objects.filter(pk=pk).update(twins=others, **moved)

    def _rows(self) -> Sequence[tuple[int, str, str, dict[str, str]]]:
        rows = CalendarEvent.objects.filter(calendar=self._calendar).order_by("pk")
        return list(rows.values_list("pk", "uid", "href", "twins"))

    def _holds(self, href: str, uid: str) -> bool:
        if href in self._uids:
            return uid in self._uids[href]
        return href in self._delta.changed if self._delta.is_whole else href not in self._delta.deleted
