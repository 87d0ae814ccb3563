"""``samsvar ask``: put one question to a hub, and see the answer and who gave it."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from samsvar.cli.explain import print_journey, read_journeys
from samsvar.cli.options import JsonOption, settings_from
from samsvar.cli.outcome import PARTLY, REFUSED, UNREACHED, WRONG_INPUT, Stop
from samsvar.model.identifiers import PersonId

if TYPE_CHECKING:
    from samsvar.consumer import Collected, HubAddress

PROFILE = "samsvar-consumer.toml"
_PROFILE_KEYS = {"url", "address", "certificate", "key", "authority", "sender", "settings"}


@dataclass(frozen=True, slots=True)
class Profile:
    """Where the hub is, as whom it is asked, and, for --explain, where its settings are."""

    hub: HubAddress
    address: str
    settings: Path | None


def ask(
    person: Annotated[
        str, typer.Argument(help="12 characters; - reads it from standard input, unseen by others")
    ],
    kind: Annotated[
        str, typer.Option("--kind", "-k", help="plans, contacts, or contacts2 (version 2)")
    ] = "plans",
    profile: Annotated[
        Path | None, typer.Option("--as", help=f"profile file; {PROFILE} here if there is one")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="the hub, for example https://localhost:8443")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="logical address; the hub's own asks all")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="only this source system (sourceSystemHSAId)")
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="client certificate, PEM")] = None,
    key: Annotated[Path | None, typer.Option(help="its key, PEM")] = None,
    authority: Annotated[
        Path | None, typer.Option(help="who issued the hub's certificate, PEM")
    ] = None,
    sender: Annotated[
        str | None, typer.Option(help="x-vp-sender-id, on a trusted listener")
    ] = None,
    texts: Annotated[bool, typer.Option("--texts", help="print the text of each plan")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="and why the others did not answer")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Ask what is known about a person. Exit code 1: not every source answered."""
    chosen = _profile(profile, url, address, certificate, key, authority, sender)
    number = sys.stdin.readline().strip() if person == "-" else person.strip()
    collected = put(chosen, kind, person_id(number), source)
    console = Console()
    if as_json:
        sys.stdout.write(_as_json(collected) + "\n")
    else:
        print_collected(console, collected, kind, texts=texts)
    if explain:
        if chosen.settings is None:
            raise Stop(
                WRONG_INPUT, "--explain needs the hub's settings: put settings in the profile"
            )
        for record in read_journeys(settings_from(chosen.settings), collected.correlation_id):
            print_journey(console, record)
    return PARTLY if any(status.agent for status in collected.statuses) else 0


def person_id(number: str) -> PersonId:
    """The number with the OID that its form tells of.

    Raises:
        Stop: it is no number that a person here can have.
    """
    from samsvar.model.person_numbers import told_by_form

    person = told_by_form(number)
    if person is None:
        raise Stop(
            WRONG_INPUT,
            "that is no personnummer, samordningsnummer or reservnummer of 12 characters",
        )
    return person


def put(profile: Profile, kind: str, person: PersonId, source: str | None = None) -> Collected:
    """Put the question.

    Raises:
        Stop: no answer; the text says why.
    """
    from samsvar.consumer import KINDS, AskFailed, Consumer

    if kind not in KINDS:
        raise Stop(WRONG_INPUT, f"--kind: one of {', '.join(KINDS)}")
    try:
        return Consumer(profile.hub).ask(kind, person, profile.address, source=source)
    except AskFailed as error:
        raise Stop(REFUSED if error.fault else UNREACHED, str(error)) from error


def print_collected(
    console: Console, collected: Collected, kind: str, *, texts: bool = False
) -> None:
    """The records as a table, and the status of each source."""
    records = Table(
        title="Vårdplaner" if kind == "plans" else "Vårdkontakter", title_justify="left"
    )
    for heading in ("Tid", "Titel", "Typ", "Enhet", "Källa"):
        # What is copied into the next question is not broken in two; the words around it give way.
        records.add_column(heading, overflow="fold", no_wrap=heading in ("Tid", "Källa"))
    for record in collected.records:
        records.add_row(*(_row_of_plan(record) if kind == "plans" else _row_of_contact(record)))
    if collected.records:
        console.print(records)
    elif collected.message:
        console.print(collected.message)
    else:
        console.print("Ingen källa har lämnat någon uppgift.")
    if texts and kind == "plans":
        for record in collected.records:
            console.rule(str(record.carePlanHeader.documentTitle or ""), align="left")
            console.print(_text(record), markup=False, highlight=False)
    sources = Table(title="Källor", title_justify="left")
    for heading in ("Källa", "Status", "Orsak"):
        sources.add_column(heading, overflow="fold", no_wrap=heading == "Källa")
    for status in collected.statuses:
        cause = f"{status.agent} {status.error_code}: {status.text}" if status.agent else ""
        sources.add_row(status.logical_address, status.code, cause)
    if collected.statuses:
        console.print(sources)
    console.print(
        f"{len(collected.records)} poster från {len(collected.statuses)} källor"
        f" · {collected.seconds:.2f} s · korrelations-id {collected.correlation_id}",
        highlight=False,
        soft_wrap=True,
    )


def _row_of_plan(record: Any) -> tuple[str, ...]:
    header, body = record.carePlanHeader, record.carePlanBody
    return (
        _day(header.documentTime or header.accountableHealthcareProfessional.authorTime),
        str(header.documentTitle or ""),
        str(body.typeOfCarePlanEnum or ""),
        _unit(header.accountableHealthcareProfessional.healthcareProfessionalOrgUnit),
        str(header.sourceSystemHSAId),
    )


def _row_of_contact(record: Any) -> tuple[str, ...]:
    header, body = record.careContactHeader, record.careContactBody
    period, code = body.careContactTimePeriod, body.careContactCode
    return (
        _day(period.start if period is not None else ""),
        str(body.careContactReason or ""),
        str(getattr(code, "displayName", code) or ""),
        _unit(body.careContactOrgUnit),
        str(header.sourceSystemHSAId),
    )


def _unit(unit: Any) -> str:
    return str(unit.orgUnitName or unit.orgUnitHSAId or "") if unit is not None else ""


def _day(stamp: str | None) -> str:
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}" if stamp else ""


def _text(record: Any) -> str:
    for content in record.carePlanBody.content:
        if content.mediaType == "text/plain" and content.value is not None:
            return bytes(content.value).decode("utf-8", "replace")
    return "(ingen text)"


def _as_json(collected: Collected) -> str:
    from zeep.helpers import serialize_object

    def plain(value: Any) -> Any:
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return str(value)

    answer = {
        "correlation_id": collected.correlation_id,
        "result": collected.result,
        "records": [
            serialize_object(record, dict)  # type: ignore[no-untyped-call]
            for record in collected.records
        ],
        "sources": collected.statuses,
    }
    return orjson.dumps(
        answer, default=plain, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    ).decode()


def profile_from(path: Path) -> Profile:
    """What a profile file says.

    Raises:
        Stop: it cannot be used; the text says why.
    """
    return _profile(path, None, None, None, None, None, None)


def _profile(
    path: Path | None,
    url: str | None,
    address: str | None,
    certificate: Path | None,
    key: Path | None,
    authority: Path | None,
    sender: str | None,
) -> Profile:
    from samsvar.consumer import HubAddress

    told: dict[str, Any] = {}
    if path is None and url is None and Path(PROFILE).is_file():
        path = Path(PROFILE)
    if path is not None:
        told = _read_profile(path)
    base = path.parent if path is not None else Path()
    files = {
        name: base / told[name]
        for name in ("certificate", "key", "authority", "settings")
        if name in told
    }
    hub = HubAddress(
        url=(url or told.get("url") or "").rstrip("/"),
        certificate=certificate or files.get("certificate"),
        key=key or files.get("key"),
        authority=authority or files.get("authority"),
        sender=sender or told.get("sender"),
    )
    if not hub.url:
        raise Stop(WRONG_INPUT, f"which hub? give --url, --as FILE, or make {PROFILE} here")
    return Profile(hub, address or told.get("address") or "5565594230", files.get("settings"))


def _read_profile(path: Path) -> dict[str, Any]:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Stop(WRONG_INPUT, f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Stop(WRONG_INPUT, f"{path}: not TOML in UTF-8: {error}") from error
    wrong = [
        name
        for name, value in told.items()
        if name not in _PROFILE_KEYS or not isinstance(value, str)
    ]
    if wrong:
        known = ", ".join(sorted(_PROFILE_KEYS))
        raise Stop(
            WRONG_INPUT, f"{path}: {', '.join(wrong)}: not a text under a known key: {known}"
        )
    return told
