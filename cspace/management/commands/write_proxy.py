"""`manage.py write_proxy`: the dialects, as `deploy/nginx.conf` has to know them. Run it when one of them changes."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from dialects import registry
from dialects.proxy import with_dialects


class Command(BaseCommand):
    help = "Write into deploy/nginx.conf what the proxy says by itself on the paths of each dialect."

    def handle(self, **_options: Any) -> None:
        file = settings.BASE_DIR / "deploy" / "nginx.conf"
        before = file.read_text(encoding="utf-8")
        after = with_dialects(before, registry.DIALECTS)
        file.write_text(after, encoding="utf-8")
        self.stdout.write(f"{file.name}: {'as it was' if after == before else 'written anew'}.")
