"""The applications of django-allauth, as far as they are asked to do something here."""

from allauth.account.apps import AccountConfig


class AddressesConfig(AccountConfig):
    """Its models are needed, to say what a provider has said; its pages are not, nor what it does to every request:
    it would refuse to start without its middleware, which here stands around our few addresses only.
    """

    def ready(self) -> None:
        """Nothing is connected."""
