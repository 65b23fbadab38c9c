"""The manifest as it is when the window closes: from then on everybody can see what will be drawn."""

from allocations import draw
from allocations.models import AllocationEvent
from allocations.queries.manifest import PackedDocument, listed_entries, manifest_of


def freeze(event: AllocationEvent) -> None:
    """Put the manifest as it is now into the event, for everybody to see. The caller, who holds it, saves."""
    document = PackedDocument.of(draw.write_manifest(manifest_of(event, listed_entries(event))))
    event.frozen_manifest, event.frozen_manifest_sha256 = document.data, document.sha256
