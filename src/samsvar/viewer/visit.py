"""One request of a browser: who has logged in, in which language and light, and what was sent.

Knows cookies, the token against forged forms, and how a page is answered. Knows no page.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from aiohttp import web

from samsvar.viewer.drawing import Pages
from samsvar.viewer.hub import HubClient
from samsvar.viewer.sessions import Session, Sessions
from samsvar.viewer.settings import ViewerSettings

LANGUAGES = ("sv", "en")
THEMES = ("auto", "light", "dark")
LANGUAGE, THEME = "language", "theme"


class LoginNeeded(Exception):
    """Nobody has logged in, or somebody who is not for this page."""


class FormRefused(Exception):
    """The form is not one of ours, or has lain too long."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What all pages use."""

    settings: ViewerSettings
    pages: Pages
    hub: HubClient
    sessions: Sessions


@dataclass(frozen=True, slots=True)
class Visit:
    """One request."""

    request: web.Request = field(repr=False)
    tools: Tools = field(repr=False)
    today: date
    session: Session | None = field(repr=False)
    form: Mapping[str, str] = field(repr=False)

    @property
    def swedish(self) -> bool:
        """Whether the page is in Swedish."""
        return self.request.cookies.get(LANGUAGE) != "en"

    @property
    def theme(self) -> str:
        """``auto``, ``light`` or ``dark``."""
        told = self.request.cookies.get(THEME, "auto")
        return told if told in THEMES else "auto"

    def of(self, kind: str) -> Session:
        """The session of a user of this kind.

        Raises:
            LoginNeeded: there is none.
        """
        if self.session is None or self.session.user.kind != kind:
            raise LoginNeeded
        return self.session

    @property
    def may_open_in_emergency(self) -> bool:
        """Whether the user works for a vårdgivare, as far as the settings tell."""
        user = self.session.user if self.session else None
        if user is None or user.kind != "staff" or user.care_giver is None:
            return False
        social = {each.lower() for each in self.tools.settings.social_care_givers}
        return user.care_giver.lower() not in social

    def page(
        self, template: str, *, status: int = 200, here: str = "", **model: Any
    ) -> web.Response:
        """A page. ``here``: its place in the menu."""
        told = {
            "user": self.session.user if self.session else None,
            "person": self.session.person if self.session else None,
            "stated": self.session.stated if self.session else None,
            "csrf": self.session.csrf if self.session else "",
            "theme": self.theme,
            "here": here,
            "path": self.request.path,
            "today": self.today,
            "vardgivare": self.may_open_in_emergency,
            **model,
        }
        text = self.tools.pages.filled(template, told, swedish=self.swedish)
        return web.Response(status=status, text=text, content_type="text/html", charset="utf-8")


def same_secret(session: Session, form: Mapping[str, str]) -> bool:
    """Whether the form was made for this session."""
    return hmac.compare_digest(session.csrf.encode(), form.get("csrf", "").encode())


def elsewhere(path: str) -> web.Response:
    """Go on there."""
    return web.Response(status=303, headers={"Location": path})
