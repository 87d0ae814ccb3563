"""Who has logged in, in this process's memory alone: bounded, and gone when it ends.

A session has the user's token and whose plans are looked at; both are kept out of ``repr``. The
cookie holds a secret that is kept here as a hash. Knows no page and no provider.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from samsvar.ports import Clock

_MOST_LOGINS = 1000
_LOGIN_SECONDS = 600
MOST_OPENED = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """Who it is, as the identity provider said."""

    kind: str
    name: str = field(repr=False)
    title: str | None = None
    care_giver: str | None = None
    purpose: str | None = None
    token: str = field(repr=False)
    until: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What staff state for what they look at. Not stated is not known, and opens nothing."""

    need: bool = False
    relevance: bool = False
    necessary: bool = False
    emergency: str | None = field(default=None, repr=False)
    indispensable: bool = False
    unobtainable: bool = False


@dataclass(frozen=True, slots=True)
class PlanPlace:
    """Where a plan is found again: in a source, under the source's own number."""

    source: str
    number: str = field(repr=False)
    category: str | None = None


@dataclass(slots=True)
class Session:
    """One browser that has logged in."""

    user: LoggedIn
    csrf: str = field(repr=False)
    used: float
    person: str | None = field(default=None, repr=False)
    """Whose plans: staff have typed it; of a citizen None is the user's own."""
    stated: Stated = Stated()
    opened: OrderedDict[str, PlanPlace] = field(default_factory=OrderedDict, repr=False)

    def look_at(self, person: str | None, stated: Stated | None = None) -> None:
        """From now on it is about this person; what was open before is closed."""
        self.person, self.stated = person, stated or Stated()
        self.opened.clear()

    def key_of(self, place: PlanPlace) -> str:
        """What a plan is called in addresses, in this session alone."""
        for key, each in self.opened.items():
            if each == place:
                return key
        while len(self.opened) >= MOST_OPENED:
            self.opened.popitem(last=False)
        key = secrets.token_urlsafe(9)
        self.opened[key] = place
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A login that has begun in a browser."""

    kind: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    until: float


class Sessions:
    """All of them."""

    def __init__(self, clock: Clock, minutes: float, most: int) -> None:
        self._clock = clock
        self._idle = minutes * 60
        self._most = most
        self._held: OrderedDict[str, Session] = OrderedDict()
        self._logins: OrderedDict[str, Pending] = OrderedDict()

    def begin_login(self, kind: str) -> tuple[str, Pending]:
        """A login that begins now, and the secret of the browser in which it does."""
        self._drop_old_logins()
        pending = Pending(
            kind=kind,
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            until=self._clock.monotonic() + _LOGIN_SECONDS,
        )
        secret = secrets.token_urlsafe(24)
        self._logins[_hashed(secret)] = pending
        return secret, pending

    def end_login(self, secret: str) -> Pending | None:
        """The login that began in this browser, once; None: none did, or too long ago."""
        pending = self._logins.pop(_hashed(secret), None)
        if pending is None or pending.until < self._clock.monotonic():
            return None
        return pending

    def open(self, user: LoggedIn) -> str:
        """A session; the secret for its cookie. The one that was used least goes if there are too
        many."""
        while len(self._held) >= self._most:
            self._held.popitem(last=False)
        secret = secrets.token_urlsafe(32)
        self._held[_hashed(secret)] = Session(
            user, secrets.token_urlsafe(24), self._clock.monotonic()
        )
        return secret

    def found(self, secret: str | None) -> Session | None:
        """The session of a cookie; None: there is none, or it has ended."""
        if not secret:
            return None
        name = _hashed(secret)
        session = self._held.get(name)
        if session is None:
            return None
        now = self._clock.monotonic()
        over = session.user.until <= self._clock.now().timestamp()
        if over or now - session.used > self._idle:
            del self._held[name]
            return None
        session.used = now
        self._held.move_to_end(name)
        return session

    def close(self, secret: str | None) -> None:
        """It has ended."""
        if secret:
            self._held.pop(_hashed(secret), None)

    def __len__(self) -> int:
        return len(self._held)

    def _drop_old_logins(self) -> None:
        now = self._clock.monotonic()
        while self._logins and (
            len(self._logins) >= _MOST_LOGINS or next(iter(self._logins.values())).until < now
        ):
            self._logins.popitem(last=False)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
