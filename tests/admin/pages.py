"""What a test of the admin says and asks: post a form, run an action, read messages, errors and the log."""

from auditlog.models import LogEntry


def actions():
    """The words of the change log, oldest first."""
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))


def act(client, page, action, *rows, **more):
    """Run an action of a list on some rows; the list again."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(f"/admin/{page}/", chosen | more, follow=True)


def said(response):
    """The messages on a page."""
    return [str(message) for message in response.context["messages"]]


def errors(response):
    """{field: [sentences]} of a form that was shown again; what belongs to no field is under `__all__`."""
    return {name: list(found) for name, found in response.context["adminform"].form.errors.items()}


def typed(response, *names):
    """What the fields of a form that was shown again hold."""
    return [response.context["adminform"].form[name].value() for name in names]
