"""What one app shows on another's page of a row, below the form: the apps below do not know the ones above."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.utils.safestring import SafeString

Panel = Callable[[Any], SafeString]
"""Of a row: its HTML; empty for nothing."""
_panels: dict[type[Model], list[Panel]] = {}


def register(model: type[Model], panel: Panel) -> None:
    """Show a panel on the page of every row of a model. Called where pages are registered."""
    _panels.setdefault(model, []).append(panel)


def panels_of(row: Model) -> list[SafeString]:
    """What stands below the form of a row."""
    return [html for panel in _panels.get(type(row), ()) if (html := panel(row))]
