"""Asks Mina planer for all plans of a person, page by page, through the port it is given.

Questions go as POST ``_search`` with a form, so that no person's number stands in a URL. A
paging link that holds the number is asked as a form too. The only module here that moves bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlencode, urljoin, urlsplit, urlunsplit

from samsvar.adapter_api import (
    AdapterOptions,
    Http,
    HttpAnswer,
    ProducerAnswerInvalid,
    ProducerError,
    ProducerFault,
    care,
)
from samsvar_adapters.mina_planer.bundles import Page, json_in, page_in, whole
from samsvar_adapters.mina_planer.parties import system_of
from samsvar_adapters.mina_planer.reading import JsonObject
from samsvar_adapters.mina_planer.tokens import Account, Tokens

MOST_PAGES = 50  # a thousand plans of one person at the usual page size: something is wrong
_FORM = "application/x-www-form-urlencoded"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request to the system."""

    method: str
    url: str = field(repr=False)
    form: str = field(repr=False, default="")


async def resources_of(
    query: care.CareQuery, address: str, options: AdapterOptions, http: Http, tokens: Tokens
) -> tuple[JsonObject, ...]:
    """Every resource that the system has for the person, of all pages.

    Raises:
        ProducerError: the system failed, or its answer cannot be trusted to be whole.
    """
    base = address.rstrip("/")
    account = _account(base, options)
    ask: _Ask | None = _first(base, query, _page_size(options))
    asked: set[_Ask] = set()
    pages: list[Page] = []
    while ask is not None:
        if ask in asked or len(asked) >= MOST_PAGES:
            raise ProducerAnswerInvalid("the pages do not end")
        asked.add(ask)
        answer = await _answered(ask, account, http, tokens)
        page = page_in(json_in(answer.body, answer.headers.get("content-type", "")))
        pages.append(page)
        ask = _following(page, ask.url, base, query) if page.next_url else None
    return whole(pages)


def _account(base: str, options: AdapterOptions) -> Account:
    missing = [name for name in ("client_id", "client_secret") if not options.get(name)]
    if missing:
        raise ProducerError(f"option not set: {', '.join(missing)}")
    return Account(
        token_url=options.get("token_url") or f"{base}/oauth2/token",
        client_id=options["client_id"],
        client_secret=options["client_secret"],
    )


def _page_size(options: AdapterOptions) -> int:
    stated = options.get("page_size") or "20"
    size = int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= 3 else 0
    if not 1 <= size <= 200:
        raise ProducerError("option page_size: must be a number from 1 to 200")
    return size


def _first(base: str, query: care.CareQuery, page_size: int) -> _Ask:
    person = f"{system_of(query.subject)}|{query.subject.extension}"
    form = urlencode({"subject:identifier": person, "_count": str(page_size)})
    return _Ask("POST", f"{base}/fhir/CarePlan/_search", form)


def _following(page: Page, asked_url: str, base: str, query: care.CareQuery) -> _Ask:
    """The next page's request. Only the address's own origin is trusted with a token."""
    try:
        url = urlsplit(urljoin(asked_url, page.next_url))
        same_origin = _origin(url) == _origin(urlsplit(base))
    except ValueError as error:
        raise ProducerAnswerInvalid("the link to the next page is no URL") from error
    if not same_origin or url.username is not None:
        raise ProducerAnswerInvalid("the link to the next page leads to another origin")
    whole_url = urlunsplit(url._replace(fragment=""))
    if query.subject.extension not in unquote(whole_url):
        return _Ask("GET", whole_url)
    path = url.path if url.path.endswith("/_search") else f"{url.path.rstrip('/')}/_search"
    if query.subject.extension in unquote(path):
        raise ProducerAnswerInvalid("the link to the next page has a person's number in its path")
    return _Ask("POST", urlunsplit(url._replace(path=path, query="", fragment="")), url.query)


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)


async def _answered(ask: _Ask, account: Account, http: Http, tokens: Tokens) -> HttpAnswer:
    """A 200. A token that is refused is fetched anew, once: it may have been withdrawn early."""
    token = await tokens.token(account, http)
    answer = await _sent(ask, token, http)
    if answer.status == 401:
        token = await tokens.token(account, http, refused=token)
        answer = await _sent(ask, token, http)
    if answer.status != 200:
        raise ProducerFault(f"the source answered {answer.status}")
    return answer


async def _sent(ask: _Ask, token: str, http: Http) -> HttpAnswer:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/fhir+json"}
    if ask.method != "POST":
        return await http.request(ask.method, ask.url, headers=headers)
    return await http.request(
        ask.method, ask.url, headers=headers | {"Content-Type": _FORM}, body=ask.form.encode()
    )
