"""Where a webhook may lead (T38; contract live §8): by https, and inside only where the operator lets it."""

from collections.abc import Collection

from django.conf import settings

from kernel.calling.destinations import Destination, UrlFault, UrlRefused
from kernel.calling.destinations import destination_of as destination_of_any

NOT_HTTPS = "Must begin with https://"
SENTENCES = {
    UrlFault.NO_URL: "Must be a URL such as https://hooks.example.org/cspace",
    UrlFault.OTHER_SCHEME: NOT_HTTPS,
}
"""Of these faults; the others say it themselves."""


def private_hosts() -> Collection[str]:
    """Those that may be inside."""
    allowed: Collection[str] = settings.WEBHOOK_ALLOW_PRIVATE_HOSTS
    return allowed


def destination_of(url: str) -> Destination:
    """Raises: ValueError, with the sentence that says what is wrong."""
    try:
        return destination_of_any(url)
    except UrlRefused as refusal:
        raise ValueError(SENTENCES.get(refusal.fault, refusal.fault.value)) from None


def url_faults(url: str) -> list[str]:
    """What keeps a URL from being a webhook's. A name is looked up when it is called, not here."""
    try:
        destination = destination_of(url)
    except ValueError as error:
        return [str(error)]
    faults = [] if destination.scheme == "https" or settings.DEBUG else [NOT_HTTPS]
    if destination.is_refused(private_hosts()):
        faults.append(UrlFault.IS_PRIVATE.value)
    return faults
