"""Which people organize events, by their addresses."""

from collections.abc import Collection, Mapping

from django.db.models import Count, Min
from django.db.models.functions import Lower

from accounts.models import User


def people_with(addresses: Collection[str]) -> Mapping[str, int]:
    """{address in lower case: the id of whoever has it}: of active people, and where exactly one has it."""
    wishes = {address.lower() for address in addresses if address}
    if not wishes:
        return {}
    people = User.objects.filter(is_active=True).annotate(address=Lower("email")).exclude(email="")
    owners = people.filter(address__in=wishes).values("address").annotate(number=Count("pk"), person=Min("pk"))
    return dict(owners.filter(number=1).order_by().values_list("address", "person"))
