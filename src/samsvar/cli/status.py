"""``samsvar status``: how the hub is doing, on one screen."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, build_opener

import orjson
from rich.console import Console

from samsvar.cli.listing import local, print_rows
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import PARTLY, Stop
from samsvar.cli.watched import Watched, percent, size, watched
from samsvar.settings import Settings

if TYPE_CHECKING:
    from samsvar.watch.trouble import Standing

_MOST_SHOWN = 10
_PATIENCE = 2.0


def status(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Print whether the hub is ready, what is in force, alerts, producers by trouble, backlog."""
    told = settings_from(settings)
    seen = watched(told)
    ready, missing = readiness(told)
    if as_json:
        sys.stdout.write(_as_json(seen, ready, missing) + "\n")
    else:
        console = Console()
        for line in _lines(seen, ready, missing):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
        print_alerts(seen)
        print_standings(seen.standings[:_MOST_SHOWN], seen.notices, "Producers, by trouble")
        if (more := len(seen.standings) - _MOST_SHOWN) > 0:
            console.print(f"and {more} more: samsvar producers top", highlight=False)
    if ready is False or seen.alerts:
        raise Stop(PARTLY)


def readiness(settings: Settings) -> tuple[bool | None, list[str]]:
    """What the hub says itself on a plain listener; None: it cannot be asked without a
    certificate, or there is none that listens on a known port."""
    open_ = build_opener(ProxyHandler({})).open
    asked = False
    for listener in settings.listen:
        if listener.kind != "plain" or not listener.port:
            continue
        asked = True
        host = f"[{listener.host}]" if ":" in listener.host else listener.host
        url = f"http://{host}:{listener.port}/health/ready"
        try:
            with open_(url, timeout=_PATIENCE) as answer:
                body = json.loads(answer.read(65536))
        except OSError as error:
            body = _refusal(error)
        except ValueError:
            body = None
        if body is not None:
            return not body.get("missing"), [*body.get("missing", []), *body.get("notes", [])]
    return (False, ["the hub does not answer: is it running?"]) if asked else (None, [])


def _refusal(error: OSError) -> Any:
    """What a hub says that is not ready: the body of its 503."""
    read = getattr(error, "read", None)
    if read is None:
        return None
    try:
        return json.loads(read(65536))
    except ValueError:
        return None


def _lines(seen: Watched, ready: bool | None, missing: list[str]) -> Iterator[str]:
    house = seen.house
    words = {True: "yes", False: "NO", None: "not asked: no plain listener with a port"}
    yield f"Ready      {words[ready]}"
    for one in missing:
        yield f"           {one}"
    if seen.catalogue is None:
        yield "Catalogue  NONE: samsvar registry load FILE"
    else:
        since = local(seen.published.isoformat()) if seen.published else "an unknown moment"
        yield f"Catalogue  version {seen.catalogue.version}, published {since}"
    growth = f", {size(house.growth)} more a day" if house.growth else ""
    left = f", full in {house.days_left:.0f} days" if house.days_left is not None else ""
    yield f"Database   {size(house.database_bytes)}{growth}"
    yield f"Disk       {size(house.disk_free)} of {size(house.disk_total)} free{left}"
    if (log := house.routing_log) is not None:
        few = ": NOT all days have room" if log.short else ""
        yield (
            f"Routing    {size(log.bytes)}, {log.days} of {log.keep_days} days of the log;"
            f" at most {size(log.room)}{few}"
        )
    yield f"Outbox     {house.outbox_waiting} waiting, {house.dead_letters} dead letters"
    yield f"Audit      {house.unsigned} rows without a signed head; {house.behind} not counted yet"


def print_alerts(seen: Watched) -> None:
    """Those that are open, or that there are none."""
    if not seen.alerts:
        sys.stdout.write("Alerts     none\n\n")
        return
    print_rows(
        ("Alert", "Severity", "Subject", "Rule", "Since", "Why", "Looked after by"),
        (
            (
                one.id,
                one.severity.value,
                one.subject,
                one.rule,
                local(one.opened.isoformat()),
                str(one.reason),
                one.acknowledged_by,
            )
            for one in seen.alerts
        ),
        title="Open alerts",
    )


def print_standings(standings: tuple[Standing, ...], notices: dict[str, str], title: str) -> None:
    """Producers, one row each."""
    if not standings:
        sys.stdout.write("no producer is registered\n")
        return
    print_rows(
        (
            "Producer",
            "Asked",
            "Failed",
            "Records",
            "Usual",
            "Takes",
            "Usual",
            "Last answer",
            "Note",
        ),
        (
            (
                one.producer,
                str(one.asked),
                percent(one.failed),
                percent(one.records),
                percent(one.usual_records),
                _seconds(one.seconds),
                _seconds(one.usual_seconds),
                local(one.last_answer),
                _note(one, notices),
            )
            for one in standings
        ),
        title=title,
    )


def _note(one: Standing, notices: dict[str, str]) -> str:
    found = [f"out of service: {notices[one.producer]}"] if one.producer in notices else []
    found += one.alerts
    if one.certificate_days is not None and one.certificate_days < 30:
        found.append(f"certificate: {one.certificate_days:.0f} days")
    return "\n".join(found)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.0f} ms"


def _as_json(seen: Watched, ready: bool | None, missing: list[str]) -> str:
    from samsvar.watch.message import in_english

    notes = [str(note) for note in seen.house.register_notes]
    house = {**asdict(seen.house), "register_notes": notes}
    told = {
        "at": seen.now,
        "ready": ready,
        "missing": missing,
        "catalogue": {
            "version": seen.catalogue.version if seen.catalogue else None,
            "published": seen.published,
        },
        "house": {**house, "days_left": seen.house.days_left},
        "alerts": [in_english(one) for one in seen.alerts],
        "producers": [
            {**asdict(one), "notice": seen.notices.get(one.producer)} for one in seen.standings
        ],
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
