"""What one can do while the demo runs: whom to log in as, and what to type in another window."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samsvar.cli.demo_site import Site, Source

PERSON = "191212121212"


def say_what_next(console: Console, site: Site, urls: Mapping[Source, str], viewer: str) -> None:
    """Print it."""
    _people(console, viewer)
    _commands(console, site, urls)
    console.print("\nCtrl-C stops it all.")


def say_who_may_look(console: Console, site: Site, port: int) -> None:
    """The console's address, and a token for each of three roles that see different things."""
    from samsvar.clock import SystemClock
    from samsvar.onboarding.roles import Role
    from samsvar.settings import load
    from samsvar.store.database import database_of
    from samsvar.store.users import SqlUsers

    database = database_of(load(site.settings).hub)
    try:
        users = SqlUsers(database, SystemClock())
        console.print("\nThe operators' console:", style="bold")
        console.print(f"  http://127.0.0.1:{port}/console   log in with one of", highlight=False)
        for role in (Role.OPERATOR, Role.REGISTRAR, Role.AUDITOR):
            token, _ = users.new_token(f"Demo {role}", role, (), 1, "samsvar demo")
            console.print(f"  {role:<10} {token}", highlight=False, markup=False, soft_wrap=True)
    finally:
        database.close()


def _people(console: Console, viewer: str) -> None:
    from samsvar.model.user import UserKind
    from samsvar.simulation.users import PERSONAS

    console.print(f"\nIn a browser: {viewer}", style="bold", highlight=False)
    for kind, about in (
        (UserKind.CITIZEN, "as a citizen (no number to type)"),
        (UserKind.STAFF, f"as staff, about {PERSON}"),
    ):
        console.print(f"  {about}", highlight=False)
        for persona in PERSONAS.values():
            if persona.kind is kind:
                works = f" ({persona.works_at})" if persona.works_at else ""
                line = f"    {persona.about}{works}: {persona.shows}"
                console.print(line, highlight=False, soft_wrap=True, markup=False)


def _commands(console: Console, site: Site, urls: Mapping[Source, str]) -> None:
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
