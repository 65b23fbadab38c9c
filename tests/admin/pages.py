"""What a test of the admin says and asks: post a form, run an action, read messages, errors and the log."""

from auditlog.models import LogEntry


def actions():
    """The words of the change log, oldest first."""
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))


def ask(client, page, action, *rows, **more):
    """Choose an action of a list for some rows: the page that asks, or the list where there is nothing to ask."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(f"/admin/{page}/", chosen | more, follow=True)


def is_asking(response):
    """Whether this is the page that asks."""
    return "acting" in (response.context or {})


def answer(client, response):
    """Press the button of the page that asks."""
    form = {}
    for name, value in response.context["fields"]:
        form.setdefault(name, []).append(value)
    return client.post(response.request["PATH_INFO"], form, follow=True)


def act(client, page, action, *rows, **more):
    """Run an action of a list on some rows, and say yes where it asks; the list again."""
    response = ask(client, page, action, *rows, **more)
    return answer(client, response) if is_asking(response) else response


def save(client, page, form):
    """Send a form, and say yes where it asks."""
    response = client.post(page, form, follow=True)
    return answer(client, response) if is_asking(response) else response


def sections(response):
    """The page that asks: {name of what would be changed: what would happen to it}."""
    return {prospect.name: list(prospect.lines) for prospect in response.context["acting"]}


def said(response):
    """The messages on a page."""
    return [str(message) for message in response.context["messages"]]


def errors(response):
    """{field: [sentences]} of a form that was shown again; what belongs to no field is under `__all__`."""
    return {name: list(found) for name, found in response.context["adminform"].form.errors.items()}


def typed(response, *names):
    """What the fields of a form that was shown again hold."""
    return [response.context["adminform"].form[name].value() for name in names]
