"""A headless Chromium that is driven, what it saw on the network, and an origin for static files.

Nothing is fetched from elsewhere: the browser and its driver are the machine's own, or the test is not run.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGE_SECONDS = 30
STOP_SECONDS = 15


@dataclass(frozen=True)
class Request:
    """What the browser sent; `asked_by` is "script", or "preflight" for what it asks by itself before another origin
    is posted to. `status` is None if nothing came back."""

    method: str
    url: str
    asked_by: str
    body: Any
    status: int | None


@contextmanager
def browsing() -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own, gone afterwards. Skips the test where there is none."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("not run: no Chromium found")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--disable-dev-shm-usage", "--disable-background-networking"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # The path of the driver is given, so that Selenium looks for none.
    chromium = webdriver.Chrome(options=options, service=Service(executable_path=driver))
    try:
        chromium.set_page_load_timeout(PAGE_SECONDS)
        yield chromium
    finally:
        chromium.quit()


def requests_of(chromium: webdriver.Chrome, *, to: str) -> list[Request]:
    """What went to one origin since the last call, in order."""
    sent: dict[str, dict[str, Any]] = {}
    statuses: dict[str, int] = {}
    for line in chromium.get_log("performance"):
        event = json.loads(line["message"])["message"]
        if event["method"] == "Network.requestWillBeSent":
            sent[event["params"]["requestId"]] = event["params"]
        elif event["method"] == "Network.responseReceived":
            statuses[event["params"]["requestId"]] = event["params"]["response"]["status"]
    return [
        Request(
            method=event["request"]["method"],
            url=event["request"]["url"],
            asked_by=event["initiator"]["type"],
            body=json.loads(event["request"].get("postData", "null")),
            status=statuses.get(number),
        )
        for number, event in sent.items()
        if event["request"]["url"].startswith(f"{to}/")
    ]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_line: object) -> None:
        """Nothing on standard error."""


@contextmanager
def origin_of(folder: Path) -> Iterator[str]:
    """Serve a folder from a port of its own; yields the origin."""

    def handle(*arguments: Any) -> _Quiet:
        return _Quiet(*arguments, directory=str(folder))

    with ThreadingHTTPServer(("127.0.0.1", 0), handle) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(STOP_SECONDS)
