"""A browser without a screen: asks the console over a socket, keeps cookies, sends its forms."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import aiohttp

from samsvar.onboarding.roles import Role
from samsvar.simulation.authority import Identity
from tests.admin_api import token
from tests.hub import Running

BASE = "/console"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    status: int
    headers: dict[str, str]
    text: str
    url: str

    @property
    def words(self) -> str:
        """What people read: without tags, blanks as one."""
        bare = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", self.text, flags=re.DOTALL)
        return " ".join(html.unescape(bare).split())

    @property
    def texts(self) -> list[str]:
        """The same in its pieces, with what is read out; without code, and without what is marked
        as written in another language than the page's."""
        reader = _Texts()
        reader.feed(self.text.partition("<body>")[2])
        return reader.found


class _Texts(HTMLParser):
    """Collects what people read or hear, piece by piece, but what is marked as of another language,
    and code."""

    _ATTRIBUTES = frozenset({"aria-label", "placeholder", "title", "alt"})
    _PASSED_BY = frozenset({"script", "style", "code", "pre", "textarea", "time"})
    _VOID = frozenset({"meta", "link", "img", "input", "br", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        quiet = (
            tag in self._PASSED_BY
            or ("lang" in told and tag != "html")
            or (bool(self._open) and self._open[-1])
        )
        if not quiet:
            self.found += [value for name, value in attrs if name in self._ATTRIBUTES and value]
        if tag not in self._VOID:
            self._open.append(quiet)

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag not in self._VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and not self._open[-1]:
            self.found.append(text)


class Browser:
    """One user's window."""

    def __init__(self, running: Running, session: aiohttp.ClientSession, where: str) -> None:
        self._running = running
        self._session = session
        self.where = where
        self.last: Page | None = None

    async def get(self, path: str = "", *, follow: bool = True) -> Page:
        """Go there."""
        return await self._asked("GET", path, None, follow=follow)

    async def post(
        self, path: str, *, csrf: str | None = None, follow: bool = True, **fields: str
    ) -> Page:
        """Send a form of the page where one is; ``csrf`` instead of the page's own."""
        form = {"csrf": self.csrf if csrf is None else csrf, **fields}
        return await self._asked("POST", path, form, follow=follow)

    async def login(self, token_: str, back: str = "") -> Page:
        """With a token."""
        return await self._asked("POST", "/login", {"token": token_, "next": back}, follow=True)

    async def rest(self) -> None:
        """Nobody may come twenty times in a second."""
        await asyncio.sleep(1.1)

    @property
    def csrf(self) -> str:
        """What the last page's forms hold."""
        assert self.last is not None
        match = re.search(r'name="csrf" value="([0-9a-f]+)"', self.last.text)
        return match[1] if match else ""

    async def raw(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        data: Any = None,
    ) -> Page:
        """Any request, nothing followed."""
        async with self._session.request(
            method, f"{self.where}{path}", data=data, headers=headers, allow_redirects=False
        ) as answer:
            return await self._page(answer)

    async def events(self, path: str, most: int, seconds: float = 8.0) -> list[str]:
        """The first events of a live page, as they come over the wire."""
        found: list[str] = []
        async with asyncio.timeout(seconds), self._session.get(f"{self.where}{BASE}{path}") as told:
            assert told.headers["content-type"].startswith("text/event-stream")
            gathered = b""
            async for chunk in told.content.iter_any():
                gathered += chunk
                found = [each for each in gathered.decode().split("\n\n") if "event:" in each]
                if len(found) >= most:
                    break
        return found

    async def _asked(
        self, method: str, path: str, form: dict[str, str] | None, *, follow: bool
    ) -> Page:
        async with self._session.request(
            method, f"{self.where}{BASE}{path}", data=form, allow_redirects=follow
        ) as answer:
            page = await self._page(answer)
        if page.headers.get("content-type", "").startswith("text/html"):
            self.last = page
        return page

    async def _page(self, answer: aiohttp.ClientResponse) -> Page:
        body = await answer.read()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        with (self._running.site.folder / "answers.log").open("ab") as log:
            log.write(f"{answer.status} {answer.url} {headers}\n".encode() + body + b"\n")
        return Page(answer.status, headers, body.decode("utf-8", "replace"), answer.url.path_qs)


@asynccontextmanager
async def browser(running: Running, identity: Identity | None = None) -> AsyncIterator[Browser]:
    """A window with nobody logged in: on the plain listener, or with a certificate over TLS."""
    made = running.client(identity)
    async with aiohttp.ClientSession(
        connector=made.connector,
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        trust_env=False,
    ) as session:
        yield Browser(running, session, running.plain if identity is None else running.tls)
    await made.close()


@asynccontextmanager
async def logged_in(running: Running, role: Role, *producers: str) -> AsyncIterator[Browser]:
    """A window of a user of that role."""
    async with browser(running) as window:
        page = await window.login(token(running.site, role, *producers))
        assert page.status == 200, page.words
        yield window


async def until_seen(window: Browser, path: str, words: str, seconds: float = 10.0) -> Page:
    """Load a page again until it has the words: the digest is a moment behind."""
    async with asyncio.timeout(seconds):
        while True:
            page = await window.get(path)
            if words in page.text:
                return page
            await asyncio.sleep(0.1)
