"""One open stream, and the places of a process: what waits, what is dropped, who has to go."""

import asyncio

import pytest
from django.http import HttpRequest

import kernel.live.streams
from kernel.errors import Unavailable
from kernel.live import wire
from kernel.live.hub import Hub
from kernel.live.opening import reserve
from kernel.live.streams import MAX_PER_PERSON, MAX_WAITING, Opening, Stream, StreamPlaces
from serving.streaming import Application
from tests.live.readers import Event, events_in


def with_a_stream(act, **opening):
    """What `act` makes of a stream, on an event loop."""

    async def run():
        return await act(Stream(Opening("notifications", **opening), asyncio.get_running_loop()))

    return asyncio.run(run())


def numbered(number):
    return wire.event("notification", {"id": number}, pk=number)


def test_the_bytes_are_those_of_the_contract():
    assert wire.BEGINNING == b"retry: 3000\n\n"
    text = wire.event("notification", {"id": 7, "description": "a\nb Café\r"}, pk=7)
    assert text == b'id: 7\nevent: notification\ndata: {"id":7,"description":"a\\nb Caf\xc3\xa9\\r"}\n\n'
    assert wire.bye("slow") == b'event: bye\ndata: {"reason":"slow"}\n\n'


def test_what_waits_comes_in_order_and_the_newest_of_a_room_takes_the_place_of_an_older_one():
    async def act(stream):
        stream.give(numbered(1), numbered(2))
        stream.give(wire.event("room", "taken"), key="101")
        stream.give(wire.event("room", "soon"), key="102")
        stream.give(wire.event("room", "free"), key="101")
        await asyncio.sleep(0)
        return events_in((await stream.next_chunk()).decode())

    assert [event.data for event in with_a_stream(act)] == [{"id": 1}, {"id": 2}, "soon", "free"]


@pytest.mark.parametrize(("number", "is_slow"), [(MAX_WAITING, False), (MAX_WAITING + 1, True)])
def test_a_reader_who_does_not_read_is_closed(number, is_slow):
    async def act(stream):
        for pk in range(number):
            stream.give(numbered(pk))
        await asyncio.sleep(0)
        return events_in((await stream.next_chunk()).decode())

    events = with_a_stream(act)
    assert events == (
        [Event("bye", {"reason": "slow"})]
        if is_slow
        else [Event("notification", {"id": pk}, pk) for pk in range(number)]
    )


def test_many_at_once_make_nobody_slow_who_had_taken_all_before():
    async def act(stream):
        stream.give(*[numbered(pk) for pk in range(10 * MAX_WAITING)])
        await asyncio.sleep(0)
        return events_in((await stream.next_chunk()).decode())

    assert len(with_a_stream(act)) == 10 * MAX_WAITING


def test_the_newest_of_a_room_stands_behind_a_whole_picture_that_came_before_it():
    async def act(stream):
        stream.give(wire.event("room", "old"), key="101")
        stream.give(wire.event("rooms", "whole"), key="rooms")
        stream.give(wire.event("room", "new"), key="101")
        await asyncio.sleep(0)
        return events_in((await stream.next_chunk()).decode())

    assert [event.data for event in with_a_stream(act)] == ["whole", "new"]


def test_replay_and_rooms_do_not_make_a_reader_slow():
    async def act(stream):
        stream.give(*[numbered(pk) for pk in range(500)], counts=False)
        for number in range(200):
            stream.give(wire.event("room", number), key=str(number))
        await asyncio.sleep(0)
        return events_in((await stream.next_chunk()).decode())

    assert len(with_a_stream(act)) == 700


def test_a_stream_without_news_has_a_heartbeat(monkeypatch):
    monkeypatch.setattr(kernel.live.streams, "HEARTBEAT_SECONDS", 0.01)
    assert with_a_stream(lambda stream: stream.next_chunk()) == b": \n\n"


def test_what_waits_is_said_before_the_bye_and_nothing_after_it():
    async def act(stream):
        stream.give(numbered(1))
        stream.close("revoked")
        stream.close("restart")
        stream.give(numbered(2))
        await asyncio.sleep(0)
        return events_in((await stream.next_chunk()).decode()), stream.is_over

    events, is_over = with_a_stream(act)
    assert events == [Event("notification", {"id": 1}, 1), Event("bye", {"reason": "revoked"})]
    assert is_over


def test_the_fourth_of_a_person_and_kind_closes_his_oldest():
    async def run():
        places, loop = StreamPlaces(100), asyncio.get_running_loop()
        own = [Stream(Opening("notifications", user_id=1), loop) for _ in range(MAX_PER_PERSON + 1)]
        others = [Stream(Opening("rooms", user_id=1), loop), Stream(Opening("notifications", user_id=2), loop)]
        strangers = [Stream(Opening("rooms"), loop) for _ in range(MAX_PER_PERSON + 1)]
        for stream in [*own[:-1], *others, *strangers, own[-1]]:
            places.take(stream)
        await asyncio.sleep(0)
        return [stream.is_over for stream in [*own, *others, *strangers]]

    assert asyncio.run(run()) == [True] + [False] * (MAX_PER_PERSON + 2 + MAX_PER_PERSON + 1)


def test_a_request_that_fails_gives_its_place_back():
    """Whatever it fails by: the second finds the only place free."""

    def fail(environ, start_response):
        request = HttpRequest()
        request.META = environ
        reserve(request)
        raise ZeroDivisionError

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        raise AssertionError(message)

    async def run():
        application = Application(fail, hub, threads=1, most_streams=1, largest_body=0)
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "http_version": "1.1",
            "headers": [],
        }
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await application(scope, receive, send)

    hub = Hub([])
    asyncio.run(run())
    hub.end()


def test_there_are_no_more_than_there_may_be_and_whoever_leaves_makes_room():
    async def run():
        places, loop = StreamPlaces(2), asyncio.get_running_loop()
        streams = [Stream(Opening("rooms"), loop) for _ in range(2)]
        for stream in streams:
            places.promise()
            places.take(stream)
        with pytest.raises(Unavailable) as refusal:
            places.promise()
        assert refusal.value.retry_after > 0
        places.leave(streams[0])
        places.promise()

    asyncio.run(run())
