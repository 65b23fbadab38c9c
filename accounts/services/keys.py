"""The keys that tokens are signed with: the present one, and former ones that are still believed.

A key is changed without ending a session: the new one becomes `CSPACE_JWT_KEY`, the old one moves to
`CSPACE_JWT_KEY_FALLBACKS` and leaves it when the last token it signed has expired.
"""

import hashlib
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings


def key_id(key: str) -> str:
    """The `kid` of a key: a short hash, which names it and says nothing about it."""
    return hashlib.sha256(b"cspace token key:" + key.encode()).hexdigest()[:16]


class KeyRing(TokenBackend):
    """Signs with the present key and verifies with the one a token names by its `kid`.

    Nothing else in a header is believed: no `jku`, no embedded key, and the algorithm is ours, not the token's.
    """

    def encode(self, payload: dict[str, Any]) -> str:
        key = settings.CSPACE_JWT_KEY
        claims = payload | {"iss": self.issuer, "aud": self.audience}
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": key_id(key)})

    def get_verifying_key(self, token: Any) -> str:
        """The key a token claims to be signed with.

        Raises:
            TokenBackendError: it names none, or one that is not on the ring.
            jwt.InvalidTokenError: it is no token.
        """
        key_name = jwt.get_unverified_header(token).get("kid")
        for key in (settings.CSPACE_JWT_KEY, *settings.CSPACE_JWT_KEY_FALLBACKS):
            if key_id(key) == key_name:
                return str(key)
        raise TokenBackendError("Token is invalid")


RING = KeyRing(
    api_settings.ALGORITHM, audience=api_settings.AUDIENCE, issuer=api_settings.ISSUER, leeway=api_settings.LEEWAY
)
