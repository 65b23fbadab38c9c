"""What goes wrong is `{"error": "<text>", "code": "<CODE>"}`; what the house does not allow comes with 200.

The clients show the text of a 200 only, and take every other status for the end of the login.
"""

from collections.abc import Mapping
from http import HTTPStatus

from kernel.api.errors import Refusal
from kernel.errors import ErrorCode

REASONS: Mapping[str, tuple[str, str]] = {
    "invalid_credentials": ("BAD_CREDENTIALS", "Wrong username or password"),
    "token_expired": ("TOKEN_EXPIRED", "This token has expired"),
    "missing": ("NOT_AUTHENTICATED", "Authentication credentials were not provided"),
}
"""By the reason of a 401; of any other the token is worth nothing."""
INVALID_TOKEN = ("INVALID_TOKEN", "This token is not valid")
WORDS = {ErrorCode.PERMISSION_DENIED.value: "FORBIDDEN"}
"""What this wire calls otherwise than CSpace."""


class RoomieRefusal(Exception):
    """What was asked for is not done, and that is the whole answer: its status is 200."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code, self.sentence = code, sentence
        super().__init__(sentence)

    @property
    def body(self) -> dict[str, str]:
        return {"error": self.sentence, "code": self.code}


def envelope(refusal: Refusal) -> tuple[int, dict[str, str]]:
    """Status and body; a rule that no call has a word for is broken with 200 too."""
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        code, sentence = REASONS.get(str(refusal.details.get("reason")), INVALID_TOKEN)
        return refusal.status, {"error": sentence, "code": code}
    status = HTTPStatus.OK if refusal.status == HTTPStatus.CONFLICT else refusal.status
    return status, {"error": refusal.error, "code": WORDS.get(refusal.code, refusal.code)}
