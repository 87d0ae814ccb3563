"""The viewer before a whole hub, and a browser that is no more than cookies and forms."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import pytest
from lxml import html

from samsvar.clock import SystemClock
from samsvar.model.user import UserKind
from samsvar.viewer.server import serving
from samsvar.viewer.settings import HubSettings, LoginSettings, ViewerSettings
from tests.hub import Site, free_port
from tests.users import Users, serving_users

CLIENT = "the-viewer"
BOARD = "SE2129999989-OG1"


@dataclass(frozen=True, slots=True)
class Page:
    """What came, and where it was."""

    status: int
    url: str
    headers: dict[str, str] = field(repr=False)
    body: str = field(repr=False)

    @property
    def text(self) -> str:
        """What a reader reads, on one line."""
        tree = html.fromstring(self.body)
        for unseen in tree.xpath("//script | //style | //svg"):
            unseen.drop_tree()
        return " ".join(tree.text_content().split())

    @property
    def path(self) -> str:
        """Of its address."""
        return urlsplit(self.url).path

    def links(self, beginning: str) -> list[str]:
        """Where its links lead that begin so."""
        found = html.fromstring(self.body).xpath("//a/@href")
        return [each for each in found if each.startswith(beginning)]

    @property
    def csrf(self) -> str:
        """What a form of its carries."""
        found = re.search(r'name="csrf" value="([^"]*)"', self.body)
        assert found is not None
        return found[1]


class Browser:
    """One browser's cookies. Every page and address that it meets is kept in a log."""

    def __init__(self, base: str, log: Path) -> None:
        self.base = base
        self._log = log
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), trust_env=False
        )
        self.page = Page(0, base, {}, "")

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    @property
    def cookies(self) -> dict[str, str]:
        """By name."""
        return {each.key: each.value for each in self._http.cookie_jar}

    def forget(self) -> None:
        """All cookies."""
        self._http.cookie_jar.clear()

    async def get(self, path: str, *, follow: bool = True) -> Page:
        """Go there."""
        where = path if path.startswith("http") else f"{self.base}{path}"
        return await self._went("GET", where, follow=follow)

    async def send(self, path: str, /, **form: str) -> Page:
        """Send a form, as the page before has it."""
        return await self.send_as(path, {}, **form)

    async def send_as(self, path: str, headers: Mapping[str, str], /, **form: str) -> Page:
        """The same with other header lines."""
        return await self._went(
            "POST",
            f"{self.base}{path}",
            data=urlencode({"csrf": self.page.csrf, **form}),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": self.base,
                **headers,
            },
        )

    async def log_in(self, alias: str, kind: UserKind) -> Page:
        """By the provider's page."""
        asked = await self.get(f"/login/{kind}", follow=False)
        assert asked.status == 303, asked.text
        return await self.get(f"{asked.headers['location']}&as={alias}")

    async def _went(
        self,
        method: str,
        url: str,
        *,
        follow: bool = True,
        data: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Page:
        async with self._http.request(
            method, url, data=data, headers=headers, allow_redirects=follow
        ) as answer:
            told = {name.lower(): value for name, value in answer.headers.items()}
            body = (await answer.read()).decode("utf-8", "replace")
            page = Page(answer.status, str(answer.url), told, body)
            with self._log.open("a", encoding="utf-8") as log:
                for each in (*answer.history, answer):
                    log.write(f"{each.status} {each.url} {dict(each.headers)}\n")
        if page.status != 303:
            self.page = page
        return page


@dataclass(frozen=True, slots=True)
class Viewed:
    """The viewer, and the hub that it asks."""

    users: Users
    base: str
    settings: ViewerSettings
    folder: Path

    def browser(self) -> Browser:
        """A new one."""
        return Browser(self.base, self.folder / "browser.log")


@asynccontextmanager
async def viewed(users: Users, **changes: object) -> AsyncIterator[Viewed]:
    """A viewer that asks this hub over TLS, with a certificate of its own."""
    site, port = users.site, free_port()
    base = f"http://127.0.0.1:{port}"
    settings = ViewerSettings(
        address=base,
        port=port,
        social_care_givers=(BOARD,),
        hub=HubSettings(
            url=users.six.hub.tls,
            certificate=site.consumer.certificate,
            key=site.consumer.key,
            authority=site.authority.certificate,
        ),
        login=tuple(
            LoginSettings(kind=kind.value, issuer=users.provider.issuer(kind), client_id=CLIENT)
            for kind in UserKind
        ),
    ).model_copy(update=changes)
    async with serving(settings, SystemClock()):
        yield Viewed(users, base, settings, site.folder)


async def viewed_of(folder: Path) -> AsyncIterator[Viewed]:
    """For a fixture of a module."""
    with pytest.MonkeyPatch.context() as patch:
        async with serving_users(Site(folder), patch) as users, viewed(users) as viewer:
            yield viewer


def query_of(url: str) -> dict[str, str]:
    """What stands after the question mark."""
    return dict(parse_qsl(urlsplit(url).query))
