"""Where commands about producers are handed in: this machine's data folder, or a running hub.

Both take the same rows of the administrative interface: here they are called, there they are
asked for over HTTP. Knows no command. Long, as
all ways in fail in the same words.
"""

from __future__ import annotations

import asyncio
import functools
import getpass
import inspect
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, Protocol, TypeVar

import orjson
import typer

from samsvar.cli.options import SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, UNREACHED, WRONG_INPUT, Stop
from samsvar.cli.trail import trail
from samsvar.settings import Settings, read_secret

if TYPE_CHECKING:
    from samsvar.inbound.admin.problems import Problem
    from samsvar.inbound.admin.router import Route

UrlOption = Annotated[
    str | None, typer.Option(help="a running hub, https://...; left out: the data folder here")
]
TokenOption = Annotated[
    str | None, typer.Option(help="where the token is: file:PATH or env:NAME; with --url")
]
AuthorityOption = Annotated[
    Path | None, typer.Option(help="who issued the hub's certificate, PEM; with --url")
]
CertificateOption = Annotated[
    Path | None,
    typer.Option("--certificate", help="our client certificate, PEM; with --url, where it is TLS"),
]
KeyOption = Annotated[Path | None, typer.Option(help="its key, PEM")]
P = ParamSpec("P")
R = TypeVar("R")
_SECONDS = 300.0  # a test of a producer takes its time
_SILENCE_SECONDS = 30.0  # an event stream gives a sign of life more often than this


class Counter(Protocol):
    """Takes one errand."""

    def ask(self, method: str, path: str, body: object = None, *, pem: bytes | None = None) -> Any:
        """The answer's JSON.

        Raises:
            Stop: it was refused, with every fault; or could not be reached.
        """


def counter(
    settings: SettingsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    authority: AuthorityOption = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
) -> Counter:
    """Here, or there: with a token, or as whoever the certificate is."""
    if url is None:
        if any((token, authority, certificate, key)):
            raise Stop(WRONG_INPUT, "--token, --authority, --certificate and --key go with --url")
        return Here(settings_from(settings))
    if not url.startswith(("https://", "http://")):
        raise Stop(WRONG_INPUT, "--url: that of a running hub, https://host:port")
    if (certificate is None) != (key is None):
        raise Stop(WRONG_INPUT, "--certificate and --key go together")
    pair = (str(certificate), str(key)) if certificate else None
    _must_be_pem(authority, pair)
    if token is None:
        if pair is None:
            raise Stop(WRONG_INPUT, "--url needs --token file:PATH or env:NAME, or --certificate")
        return There(url.rstrip("/"), {}, authority, pair)
    try:
        secret = read_secret(token, Path.cwd()).strip()
    except LookupError as error:
        # What was given is told only where it names a file: it may be the token itself.
        named = token.startswith("file:")
        told = f"{token} cannot be read" if named else "give file:PATH or env:NAME of a token"
        raise Stop(WRONG_INPUT, f"--token: {told}") from error
    return There(url.rstrip("/"), {"Authorization": f"Bearer {secret}"}, authority, pair)


def at_a_counter(command: Callable[Concatenate[Counter, P], R]) -> Callable[P, R]:
    """A command that gets a counter: its own options stand first, then those of ``counter``."""
    where = inspect.signature(counter, eval_str=True).parameters
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        told: dict[str, Any] = {name: kwargs.pop(name) for name in where}
        return command(counter(**told), *args, **kwargs)

    # What typer reads instead of the command's own signature.
    vars(run)["__signature__"] = inspect.Signature([*own, *where.values()])
    return run


def streamed(
    url: str,
    token: str | None,
    authority: Path | None,
    certificate: Path | None,
    key: Path | None,
    path: str,
    query: Mapping[str, str],
) -> Iterator[tuple[str, Any]]:
    """Server-sent events of a running hub, until it ends them: name and data of each.

    Raises:
        Stop: it was refused, or the hub cannot be reached.
    """
    there = counter(None, url, token, authority, certificate, key)
    assert isinstance(there, There)
    return there.watch(path, query)


def _must_be_pem(authority: Path | None, pair: tuple[str, str] | None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if authority is not None:
            context.load_verify_locations(authority)
    except OSError as error:
        raise Stop(WRONG_INPUT, f"--authority: {authority} cannot be read as PEM") from error
    if pair is None:
        return
    try:
        context.load_cert_chain(*pair, password="")
    except OSError as error:
        told = f"{pair[0]} and {pair[1]} are no certificate and its key in PEM, without a password"
        raise Stop(WRONG_INPUT, f"--certificate, --key: {told}") from error


class Here:
    """The data folder of this machine. Whoever can write there is a registrar."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def ask(self, method: str, path: str, body: object = None, *, pem: bytes | None = None) -> Any:
        """Call the row that has the path."""
        from samsvar.errors import ResourcesMissing
        from samsvar.inbound.admin.problems import problem_of
        from samsvar.onboarding.refusals import Refused
        from samsvar.packaged import Packaged
        from samsvar.store.database import database_of
        from samsvar.store.secrets import open_vault

        settings = self._settings
        try:
            looking = method == "GET"  # nothing is made by looking
            database = database_of(settings.hub, read_only=looking)
            try:
                if not looking:
                    trail(database)
                premises = Packaged.load(settings.hub.data).premises(database, settings)
                table = premises.table(
                    open_vault(database),
                    missing=list,
                    catalogue_version=premises.catalogue.newest,
                    published=_nothing_to_do,
                )
                return asyncio.run(_called(table, method, path, body, pem))
            finally:
                database.close()
        except ResourcesMissing as error:
            raise Stop(UNREACHED, f"{settings.hub.data}: {error}") from error
        except Refused as error:
            raise _stop(problem_of(error)) from error


class There:
    """A running hub, over HTTP."""

    def __init__(
        self,
        url: str,
        proof: dict[str, str],
        authority: Path | None,
        certificate: tuple[str, str] | None,
    ) -> None:
        self._url = url
        self._proof = proof
        self._authority = authority
        self._certificate = certificate

    def ask(self, method: str, path: str, body: object = None, *, pem: bytes | None = None) -> Any:
        """Ask for the row that has the path."""
        import requests

        from samsvar.inbound.admin.openapi import PEM_TYPE
        from samsvar.inbound.admin.router import PREFIX

        session = requests.Session()
        session.trust_env = False
        kind = PEM_TYPE if pem is not None else "application/json"
        try:
            answer = session.request(
                method,
                f"{self._url}{PREFIX}{path}",
                data=pem if pem is not None else None if body is None else orjson.dumps(body),
                headers={**self._proof, "Content-Type": kind},
                cert=self._certificate,
                verify=str(self._authority) if self._authority else True,
                timeout=_SECONDS,
                allow_redirects=False,
            )
            told = orjson.loads(answer.content)
        except (requests.RequestException, OSError, ValueError) as error:
            raise self._not_reached(error) from error
        finally:
            session.close()
        if not answer.ok:
            raise _refusal(answer.status_code, told)
        return told

    def watch(self, path: str, query: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        """Look on at the row that has the path."""
        import requests

        from samsvar.inbound.admin.router import PREFIX

        with requests.Session() as session:
            session.trust_env = False
            try:
                with session.get(
                    f"{self._url}{PREFIX}{path}",
                    params=dict(query),
                    headers=self._proof,
                    cert=self._certificate,
                    verify=str(self._authority) if self._authority else True,
                    timeout=_SILENCE_SECONDS,
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    if not answer.ok:
                        raise _refusal(answer.status_code, orjson.loads(answer.content))
                    name = ""
                    for line in answer.iter_lines(chunk_size=1):
                        field, _, value = line.partition(b": ")
                        if field == b"event":
                            name = value.decode()
                        elif field == b"data":
                            yield name, orjson.loads(value)
            except (requests.RequestException, OSError, ValueError) as error:
                raise self._not_reached(error) from error

    def _not_reached(self, error: Exception) -> Stop:
        import requests

        match error:
            case requests.exceptions.SSLError():
                why = "TLS failed: --authority names who issued its certificate"
            case requests.ConnectionError():
                why = "no connection: is the hub running, and does it want --certificate?"
            case _:
                why = (
                    f"no answer that can be read ({type(error).__name__}):"
                    " is it a hub's listener with admin = true?"
                )
        return Stop(UNREACHED, f"{self._url}: {why}")


async def _called(
    table: tuple[Route, ...], method: str, path: str, body: object, pem: bytes | None
) -> Any:
    from samsvar.inbound.admin.problems import Problem
    from samsvar.inbound.admin.reading import read_json, read_query
    from samsvar.inbound.admin.router import PREFIX, Asked, Streamed, found
    from samsvar.onboarding.roles import Role, User

    user = User("command", getpass.getuser(), Role.REGISTRAR)
    try:
        route, names = found(table, method, f"{PREFIX}{path}")
        sent = read_json(route.request, orjson.dumps(body)) if route.request else pem
        made = await route.handler(Asked(user, names, read_query(route, ""), sent))
        assert not isinstance(made, Streamed), "no command here looks on"
    except Problem as problem:
        raise _stop(problem) from problem
    return orjson.loads(made.model_dump_json())


async def _nothing_to_do() -> None:
    """Running hubs look for a new version themselves."""


def _refusal(status: int, told: object) -> Stop:
    from samsvar.inbound.admin.problems import Problem

    faults = told.get("faults", ()) if isinstance(told, dict) else ()
    text = told.get("error", "") if isinstance(told, dict) else ""
    return _stop(Problem(status, str(text), map(str, faults)))


def _stop(problem: Problem) -> Stop:
    code = WRONG_INPUT if problem.status in (400, 422) else REFUSED
    if problem.status in (429, 500, 503):
        code = UNREACHED
    return Stop(code, "\n".join([str(problem), *(f"  {fault}" for fault in problem.faults)]))
