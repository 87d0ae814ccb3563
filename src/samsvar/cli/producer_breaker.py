"""``samsvar producers breaker``: a producer's circuit breakers, shown and set by hand."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from samsvar.cli.counter import Counter, at_a_counter
from samsvar.cli.listing import local, print_json, print_rows
from samsvar.cli.options import JsonOption
from samsvar.cli.producer_certificate import an_id
from samsvar.model.local_time import STOCKHOLM

app = typer.Typer(help="Circuit breakers: who is not asked for a while, and why.")

IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="as producers list shows it", callback=an_id)
]
ReasonOption = Annotated[str, typer.Option(help="why; consumers do not read it")]
ContractOption = Annotated[
    str | None, typer.Option(help='"GetCarePlans 2"; left out: all of the producer')
]
UntilOption = Annotated[
    datetime | None, typer.Option(help="from then on it finds for itself; Swedish time")
]


@app.command("show")
@at_a_counter
def show(
    at: Counter,
    name: Annotated[
        str | None, typer.Argument(metavar="ID", help="of one producer; left out: of all")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """How the breakers stand. Of a running hub with --url; else only what somebody holds."""
    path = "/breakers" if name is None else f"/producers/{an_id(name)}/breaker"
    told = at.ask("GET", path)["breakers"]
    if as_json:
        print_json(told)
        return
    _print(told)


@app.command("open")
@at_a_counter
def open_breaker(
    at: Counter,
    name: IdArgument,
    reason: ReasonOption,
    contract: ContractOption = None,
    until: UntilOption = None,
) -> None:
    """Open it: the producer is not asked, until then or until somebody closes it."""
    told = at.ask("POST", f"/producers/{name}/breaker/open", _body(reason, contract, until))
    _print(told["breakers"])


@app.command("close")
@at_a_counter
def close_breaker(
    at: Counter,
    name: IdArgument,
    reason: ReasonOption,
    contract: ContractOption = None,
    until: UntilOption = None,
) -> None:
    """Close it: the producer is asked again, and for a minute, or until then, it stays so."""
    told = at.ask("POST", f"/producers/{name}/breaker/close", _body(reason, contract, until))
    _print(told["breakers"])


def _body(reason: str, contract: str | None, until: datetime | None) -> dict[str, Any]:
    ends = until.replace(tzinfo=STOCKHOLM).isoformat() if until else None
    return {"reason": reason, "contract": contract, "until": ends}


def _print(breakers: list[dict[str, Any]]) -> None:
    rows = [
        (
            one["producer"],
            one["contract"].rpartition("Responder:")[0].rpartition(":")[2]
            + " "
            + one["contract"].rpartition(":")[2]
            if one["contract"]
            else "all",
            one["state"],
            local(one["until"] or ""),
            f"{one['ill']} of {one['calls']}" if one["calls"] else "",
            f"{one['hold']['by']}: {one['hold']['reason']}" if one["hold"] else "",
        )
        for one in breakers
    ]
    if not rows:
        sys.stdout.write("none is open, and nobody holds any\n")
        return
    print_rows(("Producer", "Contract", "State", "Until", "Ill calls", "Held by"), rows)
