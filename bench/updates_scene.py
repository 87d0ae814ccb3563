"""Two hubs on which Updates of the index are measured: one that tells, and one that is told.

Knows their settings and registries, and reads what they have on disk. Measures nothing.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from pathlib import Path

import psycopg

from bench.kills.engines import PostgreSql, RabbitMq
from bench.load import Target
from bench.messages import HUB, OWNER, UPDATE_ACTION, UPDATE_PATH
from bench.processes import Child, Nursery
from samsvar.broker.keys import KeyPair

TOLD = "SE2129999997-EI"
HUBS = ("teller", "told")
SOURCE = f"{OWNER}-SOURCE"
_DONE = re.compile(r"(\d+) stored, (\d+) updated")
_URN = "urn:riv:itintegration:engagementindex:{}Responder:1"


class Scene:
    """The two hubs, and what they have on disk."""

    def __init__(
        self, folder: Path, server: PostgreSql | None, teller: Child, told: Child, door: str
    ) -> None:
        self._folder = folder
        self._server = server
        self.teller, self.told = teller, told
        self.target = Target(
            door + UPDATE_PATH,
            b"",
            0,
            headers=(("SOAPAction", f'"{UPDATE_ACTION}"'), ("x-vp-sender-id", SOURCE)),
        )

    def waiting(self) -> int:
        """Changes in the outbox of the hub that tells."""
        return self._one("teller", "SELECT count(*) FROM outbox")

    def posts(self, since: str = "") -> int:
        """Posts of the index that is told, with at least that content."""
        return self._one(
            "told",
            f"SELECT count(*) FROM engagement WHERE most_recent_content >= {int(since or 0)}",
        )

    def effects(self) -> int:
        """Changes that the told index has made, as its log has it."""
        total = 0
        with (self._folder / "told" / "routing.log").open(encoding="utf-8") as log:
            for line in log:
                if '"index-notification"' in line:
                    found = _DONE.search(line)
                    total += sum(map(int, found.groups())) if found else 0
        return total

    def _one(self, which: str, statement: str) -> int:
        if self._server is not None:
            with psycopg.connect(self._server.url(which)) as server:
                row = server.execute(statement.encode()).fetchone()
                return int(row[0]) if row is not None else 0
        path = self._folder / which / "data" / "samsvar.sqlite"
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            return int(connection.execute(statement).fetchone()[0])


async def opened(
    folder: Path, rabbit: RabbitMq, server: PostgreSql | None, nursery: Nursery
) -> Scene:
    """Both hubs, serving. ``server``: None: each has its SQLite."""
    keys = {which: KeyPair.new() for which in HUBS}
    _write(folder, rabbit, server, keys)
    samsvar = ["-m", "samsvar"]
    children: dict[str, Child] = {}
    doors: dict[str, str] = {}
    for which in ("told", "teller"):  # the one that makes the queues first
        site = folder / which
        settings = ["--settings", str(site / "settings.toml")]
        await nursery.run(
            f"registry of {which}",
            [*samsvar, "registry", "load", str(site / "registry.toml"), *settings],
        )
        with (site / "routing.log").open("wb") as log:
            child = await nursery.start(which, [*samsvar, "serve", *settings], output=log)
        doors[which] = (await child.line("http:", errors=True)).split()[-1]
        children[which] = child
    return Scene(folder, server, children["teller"], children["told"], doors["teller"])


def _write(
    folder: Path, rabbit: RabbitMq, server: PostgreSql | None, keys: dict[str, KeyPair]
) -> None:
    broker = (
        f'[broker]\nurl = "{rabbit.url}"\nuser = "{RabbitMq.USER}"\n'
        'password = "env:BROKER_PASSWORD"\nhub_key = "broker.key"\n'
    )
    teller_key, told_key = keys["teller"].public.text, keys["told"].public.text
    index = {
        "teller": f'address = "{HUB}"\n',
        "told": f'address = "{TOLD}"\nreceive_from_broker = ["{HUB} {teller_key}"]\n',
    }
    registry = {
        "teller": f'[[producer]]\nid = "told"\ntitle = "told"\nkind = "worker"\n'
        f'workers = ["{told_key}"]\nowner = "SE1"\n'
        f'[[route]]\ncontract = "ProcessNotification 1"\nlogical_address = "{TOLD}"\n'
        'producer = "told"\n' + _may(SOURCE, "Update 1", HUB),
        "told": _may(HUB, "ProcessNotification 1", TOLD),
    }
    contracts = "\n".join(
        f'[[contract]]\nurn = "{_URN.format(name)}"\ntitle = "{name} 1"\n'
        for name in ("Update", "ProcessNotification")
    )
    for which, pair in keys.items():
        site = folder / which
        site.mkdir()
        (site / "broker.key").touch(0o600)
        (site / "broker.key").write_text(pair.secret() + "\n")
        database = f'database = "{server.url(which)}"\n' if server is not None else ""
        (site / "settings.toml").write_text(
            f'[hub]\naddresses = ["{HUB}"]\ndata = "data"\n{database}'
            f'[[listen]]\nkind = "plain"\ntrusted = true\n{broker}[index]\n{index[which]}'
        )
        (site / "registry.toml").write_text(contracts + registry[which])


def _may(consumer: str, contract: str, address: str) -> str:
    return (
        f'[[consumer]]\nid = "{consumer}"\nchannel = "system"\nsocial_care = false\n'
        f'[[permission]]\nconsumer = "{consumer}"\ncontract = "{contract}"\n'
        f'logical_address = "{address}"\n'
    )
