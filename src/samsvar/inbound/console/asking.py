"""What is asked of the console, read and judged before any page sees it; and errors in words."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote, urlsplit

from samsvar.errors import HubError
from samsvar.inbound.admin.problems import STATUS, Problem
from samsvar.inbound.console.visit import PREFIX, Shown
from samsvar.inbound.http import Headers, HttpRefused, Scope
from samsvar.observe.masking import masked
from samsvar.onboarding.refusals import Refused


def told_of(error: Exception) -> tuple[int, tuple[str, str], Sequence[str]]:
    """Status, words in both languages, and what to mend."""
    match error:
        case Shown():
            return error.status, error.words, error.faults
        case Refused():
            text = masked(str(error))
            return (
                STATUS[type(error)],
                (f"Det gick inte: {text}", f"Not done: {text}"),
                error.faults,
            )
        case Problem():
            text = masked(str(error))
            return error.status, (f"Det gick inte: {text}", f"Not done: {text}"), error.faults
        case HubError():
            text = masked(str(error))
            return 503, (f"Något som navet behöver svarar inte: {text}", f"Not now: {text}"), ()
        case HttpRefused():
            return error.status, (str(error), str(error)), ()
        case _:
            return (
                500,
                (
                    "Navet gick sönder här; dess logg säger var.",
                    "The hub broke; its log says where.",
                ),
                (),
            )


def csrf_of(secret: str) -> str:
    """What a form of this session must hold: made of its secret, and not the secret."""
    return hmac.new(secret.encode(), b"samsvar console form", hashlib.sha256).hexdigest()


def once(text: str) -> Mapping[str, str]:
    """Names and values of a query or a form; of a name that stands twice, the first."""
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=200)
    return dict(reversed(pairs))


def again_with(query: Mapping[str, str]) -> str:
    """The query once more, to come back to the same page."""
    return "&".join(
        f"{quote(name)}={quote(value)}" for name, value in query.items() if name != "done"
    )


def login_for(scope: Scope, method: str) -> str:
    """Where to log in, to come back afterwards."""
    if method != "GET" or scope["path"] in (PREFIX, f"{PREFIX}/"):
        return f"{PREFIX}/login"
    query = scope["query_string"].decode("latin-1")
    wanted = scope["path"] + (f"?{query}" if query else "")
    return f"{PREFIX}/login?next={quote(wanted, safe='')}"


def refuse_other_sites(headers: Headers) -> None:
    """Raises Shown: the request was made by a page that is not ours."""
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
    foreign = origin is not None and urlsplit(origin).netloc != headers.get(b"host")
    if foreign or site not in (None, "same-origin", "none"):
        raise Shown(
            403, "Andra webbplatser får inte göra det här.", "Pages of other sites may not do this."
        )


def forget(is_secure: bool) -> str:
    """The cookie that ends a session's cookie."""
    return f"samsvar_console=; Path={PREFIX}; Max-Age=0; HttpOnly; SameSite=Lax" + (
        "; Secure" if is_secure else ""
    )
