"""``samsvar bench-producer`` and ``samsvar producers test``: test a producer, write reports.

Needs no registration and no hub: only the producer's URL and two test persons. With the hub's
settings it also takes certificates, contracts and index from there, remembers the last run, and
signs the report.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from samsvar.cli.ask import person_id
from samsvar.cli.options import SettingsOption, settings_from
from samsvar.cli.outcome import DONE, PARTLY, UNREACHED, WRONG_INPUT, Stop
from samsvar.settings import Settings

if TYPE_CHECKING:
    from samsvar.bench.history import Changes
    from samsvar.bench.model import Report
    from samsvar.bench.target import Target, TlsIdentity
    from samsvar.model.contract import ServiceContract
    from samsvar.ports import EngagementIndex

NOBODY = "189001019802"  # an official test number
_PERIOD = re.compile(r"([0-9]{8})-([0-9]{8})")


def bench_producer(
    url: Annotated[str, typer.Argument(help="where the producer answers, https://...")],
    address: Annotated[str, typer.Option(help="the source system's HSA-id (LogicalAddress)")],
    person: Annotated[
        str, typer.Option(help="test person with data; - reads it from standard input")
    ],
    without: Annotated[str, typer.Option(help="test person without data")] = NOBODY,
    contract: Annotated[
        list[str] | None, typer.Option(help='"GetCarePlans 2" and so on; all known if left out')
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="YYYYMMDD-YYYYMMDD, where the person has something")
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="our client certificate, PEM")] = None,
    key: Annotated[Path | None, typer.Option(help="its key, PEM")] = None,
    authority: Annotated[
        Path | None, typer.Option(help="who issued the producer's certificate, PEM")
    ] = None,
    deadline: Annotated[float, typer.Option(help="seconds that one answer may take")] = 27.0,
    index: Annotated[
        bool, typer.Option("--index", help="compare with the index in the hub's data folder")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="write a page for people here")] = None,
    json: Annotated[Path | None, typer.Option(help="write JSON here, and its signature")] = None,
    junit: Annotated[Path | None, typer.Option(help="write JUnit XML here")] = None,
    report_key: Annotated[
        Path | None, typer.Option(help="Ed25519 key that signs; the data folder's if left out")
    ] = None,
    settings: SettingsOption = None,
) -> int:
    """Test a producer by every rule of its contracts. Exit code 1: something fails."""
    told = settings_from(settings)
    remembered = settings is not None or told.hub.data.is_dir()
    number = sys.stdin.readline().strip() if person == "-" else person.strip()
    identity = _identity(told, certificate, key, authority)

    def target(contracts: tuple[ServiceContract, ...], found: EngagementIndex | None) -> Target:
        from samsvar.bench.target import Target
        from samsvar.model.identifiers import LogicalAddress

        return Target(
            _checked_url(url),
            LogicalAddress(address),
            contracts,
            identity,
            person_id(number),
            person_id(without),
            _period(period),
            deadline,
            index=found,
        )

    async def tested() -> Report:
        from samsvar.bench.run import run_bench
        from samsvar.clock import SystemClock

        async with _index(told, wanted=index) as found:
            one = target(_contracts(told, contract), found)
            return await run_bench(one, clock=SystemClock(), progress=_say)

    if not 0.1 <= deadline <= 300:
        raise Stop(WRONG_INPUT, "--deadline: a number from 0.1 to 300")
    report = asyncio.run(tested())
    changes = _remembered(told, report) if remembered else None
    signing = report_key or (_key_of(told) if remembered else None)
    _write(report, changes, html, json, junit, signing)
    _print(report, changes)
    return DONE if report.passed else PARTLY


def verify_report(
    report: Annotated[Path, typer.Argument(help="a report in JSON; its signature lies beside it")],
    public_key: Annotated[
        Path | None, typer.Option(help="PEM of who signed; the data folder's if left out")
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Check that a report is the one that was signed."""
    from samsvar.bench import signing

    path = public_key or _key_of(settings_from(settings)).with_name(signing.PUBLIC_FILE)
    try:
        data = report.read_bytes()
        signature = signing.signature_file(report).read_bytes()
    except OSError as error:
        raise Stop(WRONG_INPUT, f"{report}: it or its .sig cannot be read") from error
    try:
        key = signing.public_key(path)
        signing.verify(data, signature, key)
    except signing.SignatureRefused as error:
        raise Stop(PARTLY, f"{report.name} is not to be trusted: {error}") from error
    sys.stdout.write(f"{report.name} is as it was signed, by key {signing.fingerprint(key)}\n")


def _say(what: str) -> None:
    sys.stderr.write(f"  {what}\n")
    sys.stderr.flush()


def _identity(
    settings: Settings, certificate: Path | None, key: Path | None, authority: Path | None
) -> TlsIdentity:
    from samsvar.bench.target import TlsIdentity

    ours = settings.producers
    if (certificate is None) != (key is None):
        raise Stop(WRONG_INPUT, "--certificate and --key go together")
    identity = TlsIdentity(
        certificate or ours.certificate,
        key or ours.key,
        authority or ours.authority,
    )
    try:
        identity.context()
    except OSError as error:
        raise Stop(WRONG_INPUT, "certificate, key or authority cannot be read as PEM") from error
    return identity


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_one = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_one:
        raise Stop(WRONG_INPUT, "that is no URL of a producer: https://host:port/path")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Stop(WRONG_INPUT, "a producer's URL has no user, query or fragment")
    return url


def _period(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    found = _PERIOD.fullmatch(text)
    if found is None or found[1] > found[2]:
        raise Stop(WRONG_INPUT, "--period: YYYYMMDD-YYYYMMDD, the first day first")
    return found[1], found[2]


def _contracts(settings: Settings, wanted: list[str] | None) -> tuple[ServiceContract, ...]:
    from samsvar.bench.run import title_of
    from samsvar.contracts import ContractsInvalid
    from samsvar.contracts.served import ServedContracts

    try:
        known = ServedContracts.load(settings.hub.data).contracts
    except ContractsInvalid as error:
        raise Stop(WRONG_INPUT, "\n".join(error.faults)) from error
    by_name = {title_of(one).lower(): one for one in known.values()}
    by_name |= {str(urn).lower(): one for urn, one in known.items()}
    chosen = []
    for name in wanted or [title_of(one) for one in known.values()]:
        if name.lower() not in by_name:
            there = ", ".join(title_of(one) for one in known.values())
            raise Stop(WRONG_INPUT, f"--contract: one of {there}")
        chosen.append(by_name[name.lower()])
    return tuple(dict.fromkeys(chosen))


@asynccontextmanager
async def _index(settings: Settings, *, wanted: bool) -> AsyncIterator[EngagementIndex | None]:
    if not wanted:
        yield None
        return
    from samsvar.errors import HubError
    from samsvar.store.database import database_of
    from samsvar.store.index import SqlIndex
    from samsvar.store.secrets import open_vault

    try:
        database = database_of(settings.hub, read_only=True)
        index = SqlIndex(database, open_vault(database))
    except HubError as error:
        raise Stop(UNREACHED, f"{settings.hub.data}: {error}") from error
    try:
        yield index
    except HubError as error:
        raise Stop(UNREACHED, str(error)) from error
    finally:
        index.close()
        database.close()


def _remembered(settings: Settings, report: Report) -> Changes | None:
    from samsvar.bench import history

    path = history.file_for(settings.hub.data, report.logical_address)
    changes = history.changes_since(history.last_run(path), report)
    try:
        history.keep(path, report)
    except OSError as error:
        raise Stop(UNREACHED, f"{path}: cannot be written: {error.strerror}") from error
    return changes


def _key_of(settings: Settings) -> Path:
    from samsvar.bench.signing import KEY_FILE

    return settings.hub.data / KEY_FILE


def _write(
    report: Report,
    changes: Changes | None,
    html: Path | None,
    json: Path | None,
    junit: Path | None,
    key: Path | None,
) -> None:
    from samsvar.bench import signing
    from samsvar.bench.report_html import as_html
    from samsvar.bench.report_json import as_json
    from samsvar.bench.report_junit import as_junit

    try:
        if html is not None:
            html.write_bytes(as_html(report, changes))
        if junit is not None:
            junit.write_bytes(as_junit(report))
        if json is not None:
            data = as_json(report)
            json.write_bytes(data)
            if key is not None:
                signature = signing.sign(data, signing.private_key(key))
                signing.signature_file(json).write_bytes(signature)
    except OSError as error:
        raise Stop(WRONG_INPUT, f"a report cannot be written: {error.strerror}") from error
    except signing.SignatureRefused as error:
        raise Stop(WRONG_INPUT, f"the report cannot be signed: {error}") from error


def _print(report: Report, changes: Changes | None) -> None:
    from samsvar.bench.model import Outcome, Result

    out = sys.stdout
    for outcome in (Outcome.FAIL, Outcome.WARN):
        told: dict[tuple[str, str], list[Result]] = {}
        for result in report.results:
            if result.judgement.outcome is outcome:
                told.setdefault((result.id, result.judgement.english), []).append(result)
        for (rule, reason), results in told.items():
            contracts = ", ".join(result.contract for result in results if result.contract)
            where = f" ({contracts})" if contracts else ""
            out.write(f"{outcome.value} {rule} {results[0].titles[1]}{where}\n")
            out.write(f"     {reason}\n     {results[0].source}\n")
    counts = ", ".join(f"{report.count(outcome)} {outcome.value}" for outcome in Outcome)
    out.write(f"{report.logical_address}: {counts}\n")
    if changes is not None:
        for what, keys in (("new failures", changes.failing), ("fixed", changes.mended)):
            out.write(f"{what} since {changes.since[:16]}: {', '.join(keys) or 'none'}\n")
