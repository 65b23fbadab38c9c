"""The ASGI entry point: everything that the WSGI one answers, and the streams (`serving.streaming`)."""

from cspace.wsgi import application as answer  # sets Django up, which the feeds need for their models

# isort: split
from django.conf import settings

from calendars.rules import MAX_FILE_BYTES
from classrooms.streams import RoomFeed
from dialects.roomie import channels
from kernel.live.hub import Hub
from kernel.tables.reading import MAX_BYTES
from notifications.streams import NoticeFeed
from serving.draining import is_draining
from serving.streaming import Application

THREADS = 4
FORM_BYTES = 65_536
"""What stands around an uploaded file."""
application = Application(
    answer,
    Hub([NoticeFeed(), RoomFeed(), channels.LoginFeed()]),
    threads=THREADS,
    most_streams=settings.CSPACE_STREAM_CAP,
    most_of={channels.FEED: settings.CHANNEL_MAX_WAITERS},
    largest_body=max(MAX_FILE_BYTES, MAX_BYTES, settings.DATA_UPLOAD_MAX_MEMORY_SIZE) + FORM_BYTES,
    is_ending=is_draining,
)
