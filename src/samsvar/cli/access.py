"""``samsvar access``: what the access rules say of a case, and the rules themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import WRONG_INPUT, Stop

if TYPE_CHECKING:
    from samsvar.access import Decision, Facts, Look, Policy

app = typer.Typer(help="The access rules: who may see what, and on what ground.")

LARGEST_CASE = 64 * 1024  # a case with every fact is under 2 KB


@app.command("explain")
def explain(
    case: Annotated[str, typer.Argument(help="JSON file with facts by name; - reads input")],
    settings: SettingsOption = None,
    with_trace: Annotated[
        bool, typer.Option("--trace", help="also the rules that were looked at before")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell the verdict on a case, its rule and its ground."""
    from samsvar.access import Policy, decide, trace

    policy = Policy.of(settings_from(settings).access.model_dump())
    facts = _facts(case)
    decision = decide(facts, policy)
    looks = trace(facts, policy) if with_trace else ()
    if as_json:
        sys.stdout.write(_json(_told(decision, policy, looks)) + "\n")
        return
    _print(decision, policy)
    if with_trace:
        _print_trace(looks)


@app.command("rules")
def rules(as_json: JsonOption = False) -> None:
    """List the rules, in the order in which they are tried."""
    from samsvar.access import RULES

    if as_json:
        rows = [
            {
                "id": rule.id,
                "verdict": rule.verdict,
                "status": rule.status,
                "basis": rule.basis,
                "says": rule.says,
                "actors": sorted(rule.who),
                "obligations": rule.obligations,
                "question": rule.question,
                "setting": rule.setting,
                "verdict_if_set": rule.switch.verdict if rule.switch else None,
            }
            for rule in RULES
        ]
        sys.stdout.write(_json(rows) + "\n")
        return
    table = Table()
    for heading in ("Rule", "Verdict", "Status", "Basis", "Meaning"):
        table.add_column(heading, overflow="fold")
    for rule in RULES:
        status = f"{rule.status} {rule.question}" if rule.question else str(rule.status)
        table.add_row(rule.id, str(rule.verdict or "-"), status, rule.basis, rule.says)
    Console().print(table)


def _facts(case: str) -> Facts:
    """The facts of a file or of standard input, or the end of the command with all faults."""
    from samsvar.access.case import CaseRefused, facts_from

    name = "standard input" if case == "-" else case
    try:
        if case == "-":
            text = sys.stdin.read(LARGEST_CASE + 1)
        else:
            with Path(case).open(encoding="utf-8") as file:
                text = file.read(LARGEST_CASE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(WRONG_INPUT, f"{name}: cannot be read as a text file in UTF-8") from error
    if len(text) > LARGEST_CASE:
        raise Stop(WRONG_INPUT, f"{name}: larger than {LARGEST_CASE} characters: no case")
    try:
        return facts_from(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        # its message tells where, and quotes nothing
        raise Stop(WRONG_INPUT, f"{name}: not JSON: {error.msg}, line {error.lineno}") from error
    except CaseRefused as error:
        raise Stop(WRONG_INPUT, "\n".join(f"{name}: {one}" for one in error.faults)) from error


def _print(decision: Decision, policy: Policy) -> None:
    from samsvar.access import BY_ID, QUESTIONS

    rule = BY_ID.get(decision.rule_id)
    rows = [
        ("verdict", str(decision.verdict)),
        ("rule", f"{rule.id}: {rule.says}" if rule else "DEFAULT: no rule says yes"),
        ("basis", f"{rule.basis} ({rule.status})" if rule else "what no rule allows is denied"),
        ("and", ", ".join(decision.obligations)),
        ("configured", f"{rule.setting} in [access]" if rule and rule.setting else ""),
        ("open", f"{rule.question}: {QUESTIONS[rule.question]}" if rule and rule.question else ""),
        ("policy", policy.version),
    ]
    for label, value in rows:
        if value:
            sys.stdout.write(f"{label:<12}{value}\n")


def _print_trace(looks: tuple[Look, ...]) -> None:
    sys.stdout.write("\nlooked at:\n")
    for look in looks:
        if not look.applied:
            told = "does not apply"
        else:
            told = f"applies: {look.verdict}" if look.verdict else "applies, and decides nothing"
        sys.stdout.write(f"  {look.rule.id:<6}{told}\n")


def _told(decision: Decision, policy: Policy, looks: tuple[Look, ...]) -> dict[str, Any]:
    from samsvar.access import BY_ID

    rule = BY_ID.get(decision.rule_id)
    told: dict[str, Any] = {
        "verdict": decision.verdict,
        "rule": decision.rule_id,
        "basis": rule.basis if rule else None,
        "status": rule.status if rule else None,
        "obligations": decision.obligations,
        "policy": policy.version,
    }
    if looks:
        told["looked_at"] = [
            {"rule": look.rule.id, "applies": look.applied, "verdict": look.verdict}
            for look in looks
        ]
    return told


def _json(told: object) -> str:
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
