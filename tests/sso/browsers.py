"""What a person does: begins a login here, shows the provider who he is, and comes back."""

import re
from urllib.parse import urlencode, urljoin

import httpx

LOGIN, CALLBACK = "/sso/oidc/login/", "/sso/oidc/callback/"
STEPS = 12
"""More redirects and pages of the provider than that are a circle."""
ACTION = re.compile(r'action="([^"]+)"')


class Browser:
    """Cookies and all; it is led nowhere by itself."""

    def __init__(self, origin: str, **headers: str) -> None:
        self.origin = origin
        self.client = httpx.Client(base_url=origin, timeout=30, headers=headers)

    def begin(self, target: str = "") -> httpx.Response:
        return self.client.get(f"{LOGIN}?{urlencode({'next': target})}" if target else LOGIN)

    def show(self, address: str, name: str) -> str:
        """Log in at the provider as somebody; where it leads back to."""
        for _ in range(STEPS):
            if address.startswith(self.origin):
                return address
            answer = self.client.get(address)
            if answer.is_success:
                answer = self._fill(answer, name)
            address = urljoin(address, answer.headers["Location"])
        raise AssertionError(f"the provider leads in circles: {address}")

    def _fill(self, page: httpx.Response, name: str) -> httpx.Response:
        is_login = 'name="login"' in page.text
        form = {"prompt": "login", "login": name, "password": "any"} if is_login else {"prompt": "consent"}
        match = ACTION.search(page.text)
        assert match, page.text
        return self.client.post(urljoin(str(page.url), match[1]), data=form)

    def sign_on(self, name: str, target: str = "") -> httpx.Response:
        """The answer of our callback."""
        begun = self.begin(target)
        assert begun.status_code == 302, begun.text
        return self.client.get(self.show(begun.headers["Location"], name))

    def refresh(self) -> httpx.Response:
        return self.client.post("/api/v1/auth/token/refresh/")

    def me(self) -> dict[str, object]:
        """Who this browser is logged in as."""
        answer = self.refresh()
        assert answer.status_code == 200, answer.text
        headers = {"Authorization": f"Bearer {answer.json()['access']}"}
        return self.client.get("/api/v1/users/me/", headers=headers).json()
