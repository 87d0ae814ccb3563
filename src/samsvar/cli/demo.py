"""``samsvar demo``: hub, index, six source systems, logins and the viewer on this machine, and one
question asked."""

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
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from samsvar.cli.demo_next import say_what_next, say_who_may_look
from samsvar.cli.outcome import UNREACHED, Stop

if TYPE_CHECKING:
    from samsvar.cli.demo_site import Site, Source

PERSON = "191212121212"
READY_SECONDS = 60.0


def demo(
    once: Annotated[bool, typer.Option("--once", help="ask one question and stop")] = False,
    port: Annotated[int, typer.Option(help="where the hub listens, mutual TLS; 0: any")] = 8443,
    viewer_port: Annotated[
        int, typer.Option("--viewer-port", help="where people look, in a browser; 0: any")
    ] = 8480,
    folder: Annotated[Path, typer.Option(help="made anew for the demo's files")] = Path(".demo"),
) -> None:
    """Run hub, six source systems and the viewer; ask one question; go on until Ctrl-C."""
    # Told to end by SIGTERM, it ends as by Ctrl-C: nothing is left running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_demo(Console(), folder, (port, viewer_port), once=once))


async def _demo(console: Console, folder: Path, ports: tuple[int, int], *, once: bool) -> None:
    from samsvar.cli.demo_site import Site
    from samsvar.clock import SystemClock
    from samsvar.model.user import UserKind
    from samsvar.simulation.identity_provider import identity_provider

    begun = time.monotonic()
    port, viewer_port = (_port(console, each) for each in ports)
    console_port = port + 1 if _free(port + 1) else _any_free()
    site = Site(folder)
    url = f"https://localhost:{port}"
    site.write_profile(url)
    async with identity_provider(SystemClock().now) as provider, _sources(site) as urls:
        issuers = {kind: provider.issuer(kind) for kind in UserKind}
        site.write_settings(port, console_port, issuers)
        viewer_url = site.write_viewer(viewer_port, url, issuers, urls)
        for source, where in urls.items():
            kind = "adapter" if source.adapter else "speaks the contract"
            console.print(
                f"  {where}  {source.installation.title} ({kind})", highlight=False, soft_wrap=True
            )
        site.write_registry(urls)
        await asyncio.to_thread(_load_registry, site)
        processes: list[subprocess.Popen[bytes]] = []
        try:
            hub = await asyncio.to_thread(_start, site, "hub", "serve", site.settings)
            processes.append(hub)
            if not once:
                processes.append(
                    await asyncio.to_thread(_start, site, "viewer", "viewer", site.viewer)
                )
            await asyncio.to_thread(_until_ready, url, site, hub)
            console.print(
                f"  {url}  the hub (mutual TLS), its log in {folder}/hub.log", soft_wrap=True
            )
            posts = await _fill_index(site, urls, url)
            console.print(f"  the index has {posts} posts, sent by the sources with Update\n")
            await asyncio.to_thread(_ask, console, site)
            console.print(f"\nReady in {time.monotonic() - begun:.1f} s.", highlight=False)
            if not once:
                await asyncio.to_thread(_until_it_answers, viewer_url, site, processes[-1])
                await asyncio.to_thread(say_who_may_look, console, site, console_port)
                say_what_next(console, site, urls, viewer_url)
                await asyncio.to_thread(hub.wait)
                raise Stop(UNREACHED, f"the hub has stopped; see {folder}/hub.log")
        finally:
            for process in reversed(processes):
                _stop(process)


@contextlib.asynccontextmanager
async def _sources(site: Site) -> AsyncIterator[dict[Source, str]]:
    """Six simulators, each on a port of its own, with mutual TLS."""
    from samsvar.cli.demo_site import Source
    from samsvar.cli.sim import simulator
    from samsvar.clock import SystemClock
    from samsvar.manifest import load_adapters
    from samsvar.simulation import Installation, Knobs, Tls, demo_data, producer, running
    from samsvar.simulation.demo_plan import with_coordinated_plan

    tls = Tls(site.server.certificate, site.server.key, site.authority)
    applications = {}
    for name, loaded in load_adapters().items():
        module = simulator(name)
        source = Source(name, module.INSTALLATION, loaded)
        applications[source] = module.application(Knobs())
    social_care = with_coordinated_plan(demo_data.municipality(), SystemClock().now().date())
    for holdings, title in (
        (demo_data.hospital(), "Exempelsjukhuset, Region Exempel"),
        (social_care, "Omsorgen, Exempelkommun"),
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
    from samsvar.cli.demo_grounds import write_grounds
    from samsvar.cli.registry import load_registry
    from samsvar.clock import SystemClock
    from samsvar.settings import load

    settings = load(site.settings)
    load_registry(settings, site.registry, comment="the demo")
    write_grounds(settings, SystemClock().now())


def _start(site: Site, name: str, command: str, settings: Path) -> subprocess.Popen[bytes]:
    """A command of this program in a process of its own, its log in the demo's folder."""
    words = [sys.executable, "-m", "samsvar", command, "--settings", str(settings)]
    with (site.folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)  # noqa: S603


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


def _until_it_answers(url: str, site: Site, viewer: subprocess.Popen[bytes]) -> None:
    import requests

    session = requests.Session()
    session.trust_env = False
    give_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < give_up and viewer.poll() is None:
        with contextlib.suppress(requests.RequestException):
            if session.get(f"{url}/health/live", timeout=2).ok:
                return
        time.sleep(0.1)
    raise Stop(UNREACHED, f"the viewer did not start; see {site.folder}/viewer.log")


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


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _port(console: Console, wanted: int) -> int:
    """The port that was wanted, or another if somebody has it, and then it is said."""
    if wanted == 0:
        return _any_free()
    if _free(wanted):
        return wanted
    other = _any_free()
    console.print(f"  port {wanted} is taken by another program: {other} instead")
    return other


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
