"""The ``samsvar`` command. Each subcommand is a module of this folder; imports wait until it runs.

Exit codes: 0 done. 1 answered, but not by every source; tested, and something fails. 2 the input,
a file or a setting is wrong. 3 the hub refused, or has no such question. 4 something could not be
reached or started. 130 interrupted. A user never meets a traceback.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from samsvar import __version__
from samsvar.cli import (
    access,
    admin,
    alerts,
    ask,
    audit,
    bench_producer,
    blocks,
    capacities,
    check,
    consents,
    contracts,
    demo,
    demo_sign,
    doctor,
    explain,
    index,
    population,
    producers,
    queue,
    registry,
    relations,
    serve,
    sim,
    status,
    tail,
    trace,
    viewer,
    worker,
)
from samsvar.cli.outcome import PARTLY, REFUSED, UNREACHED, WRONG_INPUT, Stop
from samsvar.observe.masking import masked

app = typer.Typer(
    name="samsvar",
    help="One question to many care systems, one collected and honest answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"samsvar {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("demo-sign")(demo_sign.demo_sign)
app.command("ask")(ask.ask)
app.command("explain")(explain.explain)
app.command("tail")(tail.tail)
app.command("trace")(trace.trace)
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("viewer")(viewer.viewer)
app.command("check")(check.check)
app.command("sim")(sim.sim)
app.command("bench-producer")(bench_producer.bench_producer)
app.add_typer(registry.app, name="registry")
app.add_typer(contracts.app, name="contracts")
app.add_typer(index.app, name="index")
app.add_typer(audit.app, name="audit")
app.add_typer(access.app, name="access")
app.add_typer(consents.app, name="consents")
app.add_typer(blocks.app, name="blocks")
app.add_typer(relations.app, name="relations")
app.add_typer(capacities.app, name="capacities")
app.add_typer(population.app, name="population")
app.add_typer(producers.app, name="producers")
app.add_typer(admin.app, name="admin")
app.add_typer(alerts.app, name="alerts")
app.add_typer(worker.app, name="worker")
app.add_typer(queue.app, name="queue")

__all__ = ["PARTLY", "REFUSED", "UNREACHED", "WRONG_INPUT", "app", "main"]


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command; its exit code."""
    try:
        result = app(arguments, standalone_mode=False)
    except Stop as stop:
        if stop.text:
            sys.stderr.write(f"{stop.text}\n")
        return stop.code
    except typer.Abort:
        return 130
    except TyperException as error:
        told = masked(error.format_message())  # it repeats what was typed
        sys.stderr.write(f"{told}\n" if told else "")
        sys.stderr.write("Try: samsvar --help, or samsvar COMMAND --help\n")
        return WRONG_INPUT
    except typer.Exit as error:
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001 - the last net: a sentence, never a traceback
        sys.stderr.write(f"samsvar broke unexpectedly: {type(error).__name__} {_place(error)}\n")
        sys.stderr.write("Please report this line; nothing personal is in it.\n")
        return UNREACHED
    return result if isinstance(result, int) else 0


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    return f"at {Path(last.filename).name}:{last.lineno}" if last else ""
