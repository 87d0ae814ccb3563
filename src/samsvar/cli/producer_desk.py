"""``samsvar producers add``, ``list``, ``show`` and so on: the desk, from the command line.

Long, for each command's options stand in its signature.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from samsvar.cli import producer_certificate
from samsvar.cli.counter import Counter, at_a_counter
from samsvar.cli.listing import print_json, print_rows
from samsvar.cli.options import JsonOption
from samsvar.cli.outcome import DONE, PARTLY, WRONG_INPUT, Stop
from samsvar.cli.producer_certificate import IdArgument
from samsvar.model.care import LegalBasis
from samsvar.model.catalogue import CareGiverKind, OrganisationKind, ProducerKind
from samsvar.model.local_time import STOCKHOLM

CommentOption = Annotated[str, typer.Option(help="why; kept in the history")]


@at_a_counter
def add(
    at: Counter,
    name: Annotated[str, typer.Option(help="what people call the system")],
    hsa_id: Annotated[str, typer.Option(help="its HSA-id: logical address and serialNumber")],
    owner: Annotated[str, typer.Option(help="who is responsible for the information")],
    organisation: Annotated[OrganisationKind, typer.Option(help="region, namnd or private")],
    contact: Annotated[str, typer.Option(help="whom to reach: a function, not a person")],
    data_controller: Annotated[str, typer.Option(help="personuppgiftsansvarig")],
    address: Annotated[str, typer.Option(help="the URL where it is asked")],
    contract: Annotated[list[str], typer.Option(help='"GetCarePlans 2"; may be given again')],
    email: Annotated[str | None, typer.Option(help="of the contact")] = None,
    wanted: Annotated[str | None, typer.Option("--id", help="left out: made of the name")] = None,
    adapter: Annotated[
        str | None, typer.Option(help="if it does not speak the contracts itself")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE of the adapter; may be given again")
    ] = None,
    timeout: Annotated[float | None, typer.Option(help="seconds it may take at most")] = None,
    care_giver_kind: Annotated[
        CareGiverKind | None, typer.Option(help="of a private owner: VG (health care) or OG")
    ] = None,
    legal_basis: Annotated[
        LegalBasis | None,
        typer.Option(help="law of its records, marked for sharing by this; a nämnd must say it"),
    ] = None,
) -> None:
    """Register a system. It is asked by nobody until it has been asked for and approved."""
    form = {
        "id": wanted,
        "name": name,
        "hsa_id": hsa_id,
        "owner": owner,
        "organisation": organisation.value,
        "contact": {"name": contact, "email": email},
        "data_controller": data_controller,
        "url": address,
        "kind": (ProducerKind.ADAPTER if adapter else ProducerKind.SOAP).value,
        "adapter": adapter,
        "options": dict(map(_pair, option or ())),
        "contracts": contract,
        "timeout": timeout,
        "care_giver_kind": care_giver_kind.value if care_giver_kind else None,
        "legal_basis": legal_basis.value if legal_basis else None,
    }
    made = at.ask("POST", "/producers", form)
    _say(f"{made['id']} is registered, and nobody asks it yet. Next:")
    for step, more in (
        ("request", " --host HOST   # a key and a certificate request, if it has no certificate"),
        ("certificate", " FILE"),
        ("try", ""),
        ("publish", ""),
    ):
        _say(f"  samsvar producers {step} {made['id']}{more}")


@at_a_counter
def list_all(
    at: Counter,
    as_json: JsonOption = False,
) -> None:
    """All producers, those of the registry file too."""
    found = at.ask("GET", "/producers")
    if as_json:
        print_json(found)
        return
    rows = []
    for one in found["producers"]:
        in_force, form = one["in_force"], one["form"]
        title = (form or {}).get("name") or in_force["title"]
        where = sorted({row["logical_address"] for row in in_force["routes"]} if in_force else ())
        rows.append((one["id"], one["state"], _service(in_force), title, "\n".join(where)))
    print_rows(("Id", "State", "In force", "Name", "Asked at"), rows)


@at_a_counter
def show(
    at: Counter,
    name: IdArgument,
) -> None:
    """One producer: form, certificate, what is in force, what has happened. As JSON."""
    print_json(at.ask("GET", f"/producers/{name}"))


@at_a_counter
def publish(
    at: Counter,
    name: IdArgument,
    comment: CommentOption = "",
) -> None:
    """Ask that a producer be published."""
    at.ask("POST", f"/producers/{name}/publication", {"comment": comment})
    _say(f"{name} has been asked for: samsvar producers approve {name}")


@at_a_counter
def approve(
    at: Counter,
    name: IdArgument,
    consumer: Annotated[
        list[str] | None,
        typer.Option(help="HSA-id of who may ask it; left out: all who may ask this hub"),
    ] = None,
    social_care: Annotated[
        bool,
        typer.Option("--social-care", help="they keep the rules for social care's information"),
    ] = False,
    comment: CommentOption = "",
) -> None:
    """Publish a producer: routes and permissions are in force at once."""
    body = {"comment": comment, "consumers": consumer or None, "social_care": social_care}
    made = at.ask("POST", f"/producers/{name}/approve", body)
    _say(f"{name} is published: version {made['version']} of the registry")


@at_a_counter
def reject(
    at: Counter,
    name: IdArgument,
    comment: Annotated[str, typer.Option(help="why")],
) -> None:
    """Say no to publishing a producer."""
    at.ask("POST", f"/producers/{name}/reject", {"comment": comment})
    _say(f"{name} is rejected")


@at_a_counter
def disable(
    at: Counter,
    name: IdArgument,
    notice: Annotated[str, typer.Option(help="what consumers will read")],
    until: Annotated[
        datetime | None, typer.Option(help="from then on it is asked again; Swedish time")
    ] = None,
) -> None:
    """Put a producer out of service: it is not asked."""
    ends = until.replace(tzinfo=STOCKHOLM).isoformat() if until else None
    body = {"notice": notice, "until": ends}
    made = at.ask("POST", f"/producers/{name}/disable", body)
    _say(f"{name} is out of service: version {made['version']} of the registry")


@at_a_counter
def enable(
    at: Counter,
    name: IdArgument,
) -> None:
    """Put a producer back in service."""
    made = at.ask("POST", f"/producers/{name}/enable", {})
    _say(f"{name} is in service: version {made['version']} of the registry")


@at_a_counter
def try_out(
    at: Counter,
    name: IdArgument,
) -> int:
    """Test a registered producer with the customary test persons, and note it in its history."""
    report = at.ask("POST", f"/producers/{name}/test", {})
    for result in report["results"]:
        if result["outcome"] in ("FAIL", "WARN"):
            _say(f"{result['outcome']:5}{result['id']} {result['contract']}: {result['reason']}")
    _say(", ".join(f"{count} {outcome}" for outcome, count in report["summary"].items()))
    return DONE if report["passed"] else PARTLY


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise Stop(WRONG_INPUT, "--option: NAME=VALUE")
    return name, value


def _service(in_force: Any) -> str:
    if in_force is None:
        return "no"
    off = in_force["disabled"]
    return "yes" if off is None else f"out of service: {off['notice']}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def put_into(app: typer.Typer) -> None:
    """The commands, with their names."""
    for name, command in (
        ("add", add),
        ("list", list_all),
        ("show", show),
        ("request", producer_certificate.request),
        ("certificate", producer_certificate.certificate),
        ("publish", publish),
        ("approve", approve),
        ("reject", reject),
        ("disable", disable),
        ("enable", enable),
        ("try", try_out),
    ):
        app.command(name)(command)
