"""``samsvar tail``: the routing log while it is written, of all processes or of one hub."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from samsvar.cli.counter import (
    AuthorityOption,
    CertificateOption,
    KeyOption,
    TokenOption,
    UrlOption,
    streamed,
)
from samsvar.cli.listing import local
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import UNREACHED, WRONG_INPUT, Stop
from samsvar.observe.tail import MOST_PER_SECOND, Tail, Wanted

_SHORT = ("labels.producer", "labels.receiverid", "labels.reason", "labels.faultCode")


def tail(
    event: Annotated[str | None, typer.Option(help="only these: decision, error, ...")] = None,
    producer: Annotated[str | None, typer.Option(help="only of this producer")] = None,
    receiver: Annotated[str | None, typer.Option(help="only to this logical address")] = None,
    trace: Annotated[str | None, typer.Option(help="only of this question")] = None,
    per_second: Annotated[
        int, typer.Option(min=1, max=MOST_PER_SECOND, help="more are hidden, and counted")
    ] = 50,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    authority: AuthorityOption = None,
    client: CertificateOption = None,
    key: KeyOption = None,
) -> None:
    """Look on until Ctrl-C: by the settings' Redis, or with --url through a running hub."""
    wanted = Wanted(event, producer, receiver, trace)
    if url is not None:
        query = {
            "event": event,
            "producer": producer,
            "receiver": receiver,
            "trace": trace,
            "per_second": str(per_second),
        }
        said = {name: value for name, value in query.items() if value is not None}
        for name, data in streamed(url, token, authority, client, key, "/events", said):
            _print(name, data, as_json=as_json)
        return
    asyncio.run(_by_redis(settings, wanted, per_second, as_json=as_json))


async def _by_redis(file: Path | None, wanted: Wanted, per_second: int, *, as_json: bool) -> None:
    from redis.exceptions import RedisError

    from samsvar.clock import SystemClock
    from samsvar.errors import ResourcesMissing
    from samsvar.guarding import open_link
    from samsvar.observe.log import RoutingLog
    from samsvar.shared.tail import channel_of, heard

    settings = settings_from(file)
    try:
        link = open_link(
            settings.hub, file.parent if file else Path.cwd(), RoutingLog(enabled=False)
        )
    except ResourcesMissing as error:
        raise Stop(WRONG_INPUT, str(error)) from error
    if link is None:
        raise Stop(
            WRONG_INPUT,
            "the settings name no hub.redis: look on through a running hub, with --url and --token",
        )
    board = Tail(SystemClock().monotonic)

    async def listen() -> None:
        async for told in heard(link.client, channel_of(link.prefix)):
            for line in told["lines"] if told else ():
                board.receive(line)
            if told and told["hidden"]:
                board.receive({}, told["hidden"])

    try:
        async with aclosing(board.look(wanted, per_second)) as shown:
            await anext(shown)
            ear = asyncio.create_task(listen())
            ear.add_done_callback(lambda _: board.close())
            async for one in shown:
                if one.line is not None:
                    _print("routing", one.line, as_json=as_json)
                elif one.hidden:
                    _print("hidden", {"hidden": one.hidden}, as_json=as_json)
            await ear
    except (RedisError, OSError) as error:
        raise Stop(UNREACHED, f"{settings.hub.redis}: {type(error).__name__}: no Redis") from error
    finally:
        await link.close()


def _print(name: str, data: Any, *, as_json: bool) -> None:
    if as_json:
        text = orjson.dumps(data, option=orjson.OPT_UTC_Z).decode()
    elif name == "hidden":
        text = f"... {data['hidden']} hidden: narrow it down, or --per-second"
    else:
        text = " ".join(_words(data))
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _words(line: dict[str, Any]) -> Iterator[str]:
    yield local(str(line.get("@timestamp", "")))[11:]
    yield f"{line.get('event.action', ''):<20}"
    for name in _SHORT:
        if name in line:
            yield str(line[name])
    if (nanoseconds := line.get("event.duration")) is not None:
        yield f"{nanoseconds / 1e6:.0f} ms"
    if "message" in line:
        yield str(line["message"])
    yield f"[{line.get('trace.id', '-')}]"
