"""``samsvar demo``: hub, index and six source systems on this machine, and one question asked."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from samsvar.cli.outcome import UNREACHED, Stop

if TYPE_CHECKING:
    from samsvar.cli.demo_site import Site, Source

PERSON = "191212121212"
READY_SECONDS = 20.0


def demo(
    once: Annotated[bool, typer.Option("--once", help="ask one question and stop")] = False,
    port: Annotated[int, typer.Option(help="where the hub listens, mutual TLS; 0: any")] = 8443,
    folder: Annotated[Path, typer.Option(help="made anew for the demo's files")] = Path(".demo"),
) -> None:
    """Run hub, index and six source systems; ask one question; keep serving until Ctrl-C."""
    # Told to end by SIGTERM, it ends as by Ctrl-C: nothing is left running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_demo(Console(), folder, port, once=once))


async def _demo(console: Console, folder: Path, port: int, *, once: bool) -> None:
    from samsvar.cli.demo_site import Site

    begun = time.monotonic()
    if port == 0 or not _free(port):
        port = _any_free()
    site = Site(folder)
    console_port = port + 1 if _free(port + 1) else _any_free()
    site.write_settings(port, console_port)
    url = f"https://localhost:{port}"
    site.write_profile(url)
    async with _sources(site) as urls:
        for source, where in urls.items():
            kind = "adapter" if source.adapter else "speaks the contract"
            console.print(
                f"  {where}  {source.installation.title} ({kind})", highlight=False, soft_wrap=True
            )
        site.write_registry(urls)
        await asyncio.to_thread(_load_registry, site)
        with (folder / "hub.log").open("wb") as log:
            hub = await asyncio.to_thread(_start_hub, site, log)
            try:
                await asyncio.to_thread(_until_ready, url, site, hub)
                console.print(
                    f"  {url}  the hub (mutual TLS), its log in {folder}/hub.log", soft_wrap=True
                )
                posts = await _fill_index(site, urls, url)
                console.print(f"  the index has {posts} posts, sent by the sources with Update\n")
                await asyncio.to_thread(_ask, console, site)
                console.print(f"\nReady in {time.monotonic() - begun:.1f} s.", highlight=False)
                if not once:
                    await asyncio.to_thread(_say_who_may_look, console, site, console_port)
                    _say_what_next(console, site, urls)
                    await asyncio.to_thread(hub.wait)
                    raise Stop(UNREACHED, f"the hub has stopped; see {folder}/hub.log")
            finally:
                _stop(hub)


@contextlib.asynccontextmanager
async def _sources(site: Site) -> AsyncIterator[dict[Source, str]]:
    """Six simulators, each on a port of its own, with mutual TLS."""
    from samsvar.cli.demo_site import Source
    from samsvar.cli.sim import simulator
    from samsvar.manifest import load_adapters
    from samsvar.simulation import Installation, Knobs, Tls, demo_data, producer, running

    tls = Tls(site.server.certificate, site.server.key, site.authority)
    applications = {}
    for name, loaded in load_adapters().items():
        module = simulator(name)
        source = Source(name, module.INSTALLATION, loaded)
        applications[source] = module.application(Knobs())
    for holdings, title in (
        (demo_data.hospital(), "Exempelsjukhuset, Region Exempel"),
        (demo_data.municipality(), "Omsorgen, Exempelkommun"),
        (demo_data.clinic(), "Vårdcentralen Granen"),
    ):
        owner, _, system = holdings.hsa_id.partition("-")
        source = Source(system.lower(), Installation(holdings.hsa_id, title, owner), None)
        applications[source] = producer.application(holdings)
    async with contextlib.AsyncExitStack() as stack:
        yield {
            source: await stack.enter_async_context(running(application, tls=tls))
            for source, application in applications.items()
        }


def _load_registry(site: Site) -> None:
    from samsvar.cli.registry import load_registry
    from samsvar.settings import load

    load_registry(load(site.settings), site.registry, comment="the demo")


def _start_hub(site: Site, log: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "samsvar", "serve", "--settings", str(site.settings)]
    return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603


def _until_ready(url: str, site: Site, hub: subprocess.Popen[bytes]) -> None:
    import requests

    session = requests.Session()
    session.trust_env = False
    session.cert = (str(site.consumer.certificate), str(site.consumer.key))
    session.verify = str(site.authority)
    give_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < give_up and hub.poll() is None:
        with contextlib.suppress(requests.RequestException):
            if session.get(f"{url}/health/ready", timeout=2).ok:
                return
        time.sleep(0.1)
    raise Stop(UNREACHED, f"the hub did not start; see {site.folder}/hub.log")


async def _fill_index(site: Site, urls: dict[Source, str], url: str) -> int:
    """Each source tells the index about the people whom it knows."""
    from samsvar.cli.demo_index import holdings_of, tell_index

    posts = 0
    for source, where in urls.items():
        held = await holdings_of(site, source, where)
        posts += await asyncio.to_thread(tell_index, site, source, url, held)
    return posts


def _ask(console: Console, site: Site) -> None:
    from samsvar.cli.ask import person_id, print_collected, profile_from, put

    console.print(f"[bold]samsvar ask --as {site.profile} {PERSON}[/bold]", highlight=False)
    print_collected(console, put(profile_from(site.profile), "plans", person_id(PERSON)), "plans")


def _say_who_may_look(console: Console, site: Site, port: int) -> None:
    """The console's address, and a token for each of three roles that see different things."""
    from samsvar.clock import SystemClock
    from samsvar.onboarding.roles import Role
    from samsvar.settings import load
    from samsvar.store.database import open_database
    from samsvar.store.users import SqlUsers

    database = open_database(load(site.settings).hub.data)
    try:
        users = SqlUsers(database, SystemClock())
        console.print("\nThe operators' console:", style="bold")
        console.print(f"  http://127.0.0.1:{port}/console   log in with one of", highlight=False)
        for role in (Role.OPERATOR, Role.REGISTRAR, Role.AUDITOR):
            token, _ = users.new_token(f"Demo {role}", role, (), 1, "samsvar demo")
            console.print(f"  {role:<10} {token}", highlight=False, markup=False, soft_wrap=True)
    finally:
        database.close()


def _say_what_next(console: Console, site: Site, urls: dict[Source, str]) -> None:
    samsvar = Path(sys.argv[0]) if Path(sys.argv[0]).name == "samsvar" else Path("samsvar")
    with contextlib.suppress(ValueError):
        samsvar = samsvar.resolve().relative_to(Path.cwd())
    some = next(iter(urls.values()))
    files = (
        f"--cacert {site.authority} --cert {site.consumer.certificate} --key {site.consumer.key}"
    )
    console.print("\nNow, in another window:", style="bold")
    for line in (
        f"{samsvar} ask --as {site.profile} --texts {PERSON}",
        f"{samsvar} ask --as {site.profile} --kind contacts {PERSON}",
        f"{samsvar} ask --as {site.profile} --explain 196501022773",
        f"{samsvar} producers list -s {site.settings}   # one of your own: "
        "docs/howto/register-a-producer.md, 7",
        f"curl {files} -d '{{\"outage\": true}}' {some}/_simulator/knobs   # then ask again",
    ):
        console.print(f"  {line}", highlight=False, soft_wrap=True, markup=False)
    console.print("\nCtrl-C stops it all.")


def _stop(hub: subprocess.Popen[bytes]) -> None:
    hub.terminate()
    try:
        hub.wait(timeout=10)
    except subprocess.TimeoutExpired:
        hub.kill()
        hub.wait()


def _free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _any_free() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port
