"""The view of every domain app: it knows its caller as a person."""

from typing import Any

from accounts.models import Anonymous, User
from accounts.rules import Access, Claims
from kernel.api.viewsets import ApiViewSet
from kernel.errors import NotAuthenticated


class CallerViewSet(ApiViewSet):
    """Actions that ask who calls them."""

    @property
    def caller(self) -> User:
        """The person who is logged in. Only for actions whose declared permission asks for a login.

        Raises:
            NotAuthenticated: the caller is anonymous, because the permission does not ask.
        """
        if not self.request.user.is_authenticated:
            raise NotAuthenticated("missing")
        return self.request.user

    @property
    def claims(self) -> Claims:
        """What the token says by which the caller is logged in. Raises: as `caller`."""
        claims: Any = self.request.auth
        if not isinstance(claims, Claims):
            raise NotAuthenticated("missing")
        return claims

    @property
    def access(self) -> Access:
        """What the caller may do; nothing, if it is nobody."""
        return self.request.user.access if self.request.user.is_authenticated else Anonymous.access

    def serializer_context(self) -> dict[str, Any]:
        return {**super().serializer_context(), "access": self.access}
