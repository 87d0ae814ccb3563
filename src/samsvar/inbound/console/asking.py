"""What is asked of the console, read and judged before any page sees it; and errors in words."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

from samsvar.errors import HubError
from samsvar.inbound.admin.problems import STATUS
from samsvar.inbound.console.visit import PREFIX, Shown
from samsvar.inbound.http import Headers, HttpRefused, Scope
from samsvar.model.words import Words
from samsvar.onboarding.refusals import Refused


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an error is shown."""

    status: int
    words: Words
    faults: Sequence[Words] = ()
    """What to mend."""
    detail: str = ""
    """What the log says of it: English, for technicians, and marked so on the page."""


#: HTTP status of what was not taken at the door -> why
_NOT_TAKEN: Mapping[int, Words] = {
    405: Words("Sidan kan inte användas så.", "The page cannot be used so."),
    408: Words("Det kom för långsamt. Försök igen.", "It came too slowly. Try again."),
    413: Words("Det som skickades är för stort.", "What was sent is too large."),
    503: Words(
        "Navet har för mycket att göra just nu. Försök igen om en stund.",
        "The hub has too much to do just now. Try again in a while.",
    ),
}
_NOT_READ = Words("Begäran kan inte läsas.", "The request cannot be read.")


def told_of(error: Exception) -> Refusal:
    """What is told of an error."""
    match error:
        case Shown():
            return Refusal(error.status, error.words)
        case Refused():
            why = error.words
            return Refusal(
                STATUS[type(error)],
                Words(f"Det gick inte: {why.swedish}", f"Not done: {why.english}"),
                error.faults,
            )
        case HubError():
            return Refusal(
                503,
                Words(
                    "Något som navet behöver svarar inte. Försök igen om en stund.",
                    "Something that the hub needs does not answer. Try again in a while.",
                ),
                detail=str(error),
            )
        case HttpRefused():
            return Refusal(error.status, _NOT_TAKEN.get(error.status, _NOT_READ))
        case _:
            return Refusal(
                500,
                Words(
                    "Navet gick sönder här; dess logg säger var.",
                    "The hub broke; its log says where.",
                ),
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
