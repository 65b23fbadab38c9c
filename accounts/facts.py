"""What happens to people, their sessions and access keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.changes import Changes
from kernel.facts import Cascade, Fact, Notice
from kernel.phrases import Phrase

SENTENCES = {
    "auth.refresh_reuse": Phrase(
        "One of your sessions was used from two places and has been ended. If that was not you, change your password."
    ),
    "letter.confirmation.subject": Phrase("Confirm your e-mail address"),
    "letter.confirmation": Phrase(
        'The account "{username}" wants to be told by mail at this address. If it is yours, confirm that within three'
        " days:"
    ),
    "letter.confirmation.otherwise": Phrase("If it is not, do nothing: nothing else will be sent here."),
    "letter.email_changed.subject": Phrase("Your mail goes elsewhere now"),
    "letter.email_changed": Phrase(
        'Mail for the account "{username}" is no longer sent to this address. If that was not you, change your'
        " password and tell the administration."
    ),
    "page.confirmation": Phrase("Send your mail from CSpace to {email}?"),
    "page.confirmation.button": Phrase("Confirm the address"),
    "page.confirmation.done": Phrase("Your address is confirmed: {email}"),
    "page.sso.title": Phrase("Log in"),
    "page.sso.explanation": Phrase(
        "A program or page has asked to book rooms in your name. Log in only if you have just begun that yourself."
    ),
    "page.sso.username": Phrase("Username or e-mail address"),
    "page.sso.password": Phrase("Password"),
    "page.sso.button": Phrase("Log in"),
    "page.sso.provider": Phrase("Log in with {name}"),
    "page.sso.wrong": Phrase("Wrong username or password"),
    "page.sso.too_often": Phrase("Too many tries: please wait a moment"),
    "page.sso.done": Phrase("You are logged in. This window may be closed."),
    "page.sso.not_admitted": Phrase("Your account may not book rooms here. Ask whoever runs this house."),
    "page.sso.no_login": Phrase("This is no address of a login. Begin it once more where you have come from."),
    "page.sso.nobody": Phrase("Nobody has said who you are. Begin the login once more where you have come from."),
    "page.sso.unverified": Phrase(
        "Your e-mail address has not been verified where you have logged in. Have that done, then log in once more."
    ),
    "page.sso.unreachable": Phrase("Where you log in cannot be reached at present. Please try again in a moment."),
    "page.sso.over": Phrase(
        "This login has been completed, or was begun too long ago. Begin it once more where you have come from."
    ),
    "page.unsubscribing": Phrase("No more mail from CSpace?"),
    "page.unsubscribing.button": Phrase("Unsubscribe"),
    "page.unsubscribing.done": Phrase("You will get no more mail. In your preferences you can switch it on again."),
    "user.password_set": Phrase("Your password has been changed; all your sessions have ended."),
}


@dataclass(frozen=True, kw_only=True)
class PersonSwitching(Cascade):
    """Somebody is deactivated, or active again; his row says so already."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class PersonSigningOn(Cascade):
    """Somebody comes in by an identity provider, which says in which of its groups he is."""

    user_id: int
    provider_groups: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class AboutUser(Fact):
    """Something about one person; the log has it as a row and as a line (`accounts.services.trail`)."""

    user_id: int
    username: str

    @property
    def target(self) -> str:
        return f"user:{self.user_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"username": self.username}

    @property
    def trace(self) -> dict[str, Any]:
        """What a log line adds: no name and no other text."""
        return {}


@dataclass(frozen=True, kw_only=True)
class RefreshReused(AboutUser):
    """A refresh token came a second time: somebody else may hold a copy. The whole family is ended."""

    action: ClassVar[str] = "auth.refresh_reuse"

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=[self.user_id], params={})


@dataclass(frozen=True, kw_only=True)
class UserCreated(AboutUser):
    action: ClassVar[str] = "user.created"


@dataclass(frozen=True, kw_only=True)
class AboutChanges(AboutUser):
    """What was changed of a person."""

    changes: Changes

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": self.changes}

    @property
    def trace(self) -> dict[str, Any]:
        return {"fields": sorted(self.changes)}


@dataclass(frozen=True, kw_only=True)
class UserChanged(AboutChanges):
    """A password is never among the changes."""

    action: ClassVar[str] = "user.changed"

    @property
    def trace(self) -> dict[str, Any]:
        powers = {name: new for name, (_, new) in self.changes.items() if isinstance(new, bool)}
        return super().trace | powers


@dataclass(frozen=True, kw_only=True)
class PreferencesChanged(AboutChanges):
    """Somebody has chosen how he is told. Addresses are not among the changes, only that there is one."""

    action: ClassVar[str] = "user.preferences_changed"


@dataclass(frozen=True, kw_only=True)
class Unsubscribed(PreferencesChanged):
    """Somebody wants no more mail: said by the link in one, by whoever has it."""

    action: ClassVar[str] = "user.unsubscribed"


@dataclass(frozen=True, kw_only=True)
class EmailConfirmed(PreferencesChanged):
    """Somebody has shown that he reads what is sent to the address that he wants."""

    action: ClassVar[str] = "user.email_confirmed"


@dataclass(frozen=True, kw_only=True)
class PasswordSet(AboutUser):
    action: ClassVar[str] = "user.password_set"

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=[self.user_id], params={})


@dataclass(frozen=True, kw_only=True)
class AboutKey(Fact):
    """Something about one access key, never the key itself; a row and a line of the log, as of people."""

    key_id: int
    scope: str
    user_id: int | None
    """Whose it is, if it is a person's."""
    group_id: int | None
    name: str = ""
    """What a script's is called."""

    @property
    def target(self) -> str:
        return f"access_key:{self.key_id}"

    @property
    def details(self) -> dict[str, Any]:
        holder = {"user_id": self.user_id} if self.group_id is None else {"group_id": self.group_id}
        return {"scope": self.scope, **holder, **({"name": self.name} if self.name else {})}

    @property
    def trace(self) -> dict[str, Any]:
        return {"scope": self.scope, "group_id": self.group_id}


@dataclass(frozen=True, kw_only=True)
class AccessKeyIssued(AboutKey):
    """`permissions`: what a script may with it."""

    action: ClassVar[str] = "access_key.issued"
    permissions: tuple[str, ...] = ()

    @property
    def details(self) -> dict[str, Any]:
        return super().details | ({"permissions": list(self.permissions)} if self.permissions else {})


@dataclass(frozen=True, kw_only=True)
class AccessKeyReplaced(AboutKey):
    """A group's key is another one now; the former opens nothing any more."""

    action: ClassVar[str] = "access_key.replaced"


@dataclass(frozen=True, kw_only=True)
class AccessKeyRevoked(AboutKey):
    action: ClassVar[str] = "access_key.revoked"


@dataclass(frozen=True, kw_only=True)
class AboutWhitelist(Fact):
    """Something about one entry of the whitelist of single sign-on. Whose it is is an address: no row has it."""

    entry_id: int

    @property
    def target(self) -> str:
        return f"sso_whitelist:{self.entry_id}"


@dataclass(frozen=True, kw_only=True)
class WhitelistedForSso(AboutWhitelist):
    action: ClassVar[str] = "sso_whitelist.added"


@dataclass(frozen=True, kw_only=True)
class WithdrawnFromSso(AboutWhitelist):
    action: ClassVar[str] = "sso_whitelist.removed"
