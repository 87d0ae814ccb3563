"""``samsvar admin``: who may use the administrative interface."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samsvar.cli.listing import print_rows
from samsvar.cli.options import SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, UNREACHED, WRONG_INPUT, Stop
from samsvar.cli.trail import trail
from samsvar.observe.masking import masked
from samsvar.onboarding.roles import Role

if TYPE_CHECKING:
    from samsvar.store.users import SqlUsers

app = typer.Typer(help="Who may use the administrative interface, /admin/v1.")
tokens = typer.Typer(help="Bearer tokens.")
certificates = typer.Typer(help="Client certificates that are let in.")
app.add_typer(tokens, name="token")
app.add_typer(certificates, name="certificate")

RoleOption = Annotated[Role, typer.Option(help="what it may do")]
NameOption = Annotated[str, typer.Option(help="whose it is: stands in histories")]
ProducerOption = Annotated[
    list[str] | None, typer.Option(help="id of a producer that is theirs; with role producer")
]
DaysOption = Annotated[int, typer.Option(min=1, max=366, help="it ends by itself after so many")]
_HSA_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


@tokens.command("create")
def create(
    role: RoleOption,
    name: NameOption,
    producer: ProducerOption = None,
    days: DaysOption = 90,
    settings: SettingsOption = None,
) -> None:
    """Make a token. It is shown this once, on standard output, and cannot be found again."""
    _check(role, name, producer)
    with _users(settings) as users:
        token, access = users.new_token(name, role, producer or (), days, getpass.getuser())
    sys.stdout.write(f"{token}\n")
    sys.stderr.write(
        f"token {access.user.id}: {role.value}, until {access.expires:%Y-%m-%d}."
        " Keep it in a file that only its owner can read\n"
    )


@tokens.command("list")
def list_all(settings: SettingsOption = None) -> None:
    """All tokens and certificates that have been let in; never a token itself."""
    from samsvar.clock import SystemClock

    now = SystemClock().now()
    rows = []
    with _users(settings, read_only=True) as users:
        for one in users.all():
            state = "revoked" if one.revoked else "expired" if one.ended(now) else "open"
            rows.append(
                (
                    one.user.id,
                    one.user.name,
                    one.user.role.value,
                    "\n".join(one.user.producers),
                    "token" if one.hsa_id is None else f"certificate {one.hsa_id}",
                    f"{one.expires:%Y-%m-%d}",
                    state,
                )
            )
    print_rows(("Id", "Name", "Role", "Producers", "By", "Until", "State"), rows)


@tokens.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(metavar="ID", help="as token list shows it")],
    settings: SettingsOption = None,
) -> None:
    """Close an access, token or certificate, at once."""
    with _users(settings) as users:
        if not users.revoke(name):
            raise Stop(REFUSED, "there is none of that id that is open: samsvar admin token list")
    sys.stdout.write("it opens nothing any more\n")


@certificates.command("allow")
def allow(
    hsa_id: Annotated[str, typer.Argument(help="serialNumber of the client certificate")],
    role: RoleOption,
    name: NameOption,
    producer: ProducerOption = None,
    days: DaysOption = 90,
    settings: SettingsOption = None,
) -> None:
    """Let whoever has a client certificate with this HSA-id in."""
    _check(role, name, producer)
    if not _HSA_ID.fullmatch(hsa_id):
        raise Stop(WRONG_INPUT, "that is no HSA-id: 1 to 64 letters, digits and -")
    with _users(settings) as users:
        access = users.allow_certificate(
            hsa_id, name, role, producer or (), days, getpass.getuser()
        )
    sys.stdout.write(f"let in as {access.user.id} until {access.expires:%Y-%m-%d}\n")


def _check(role: Role, name: str, producers: list[str] | None) -> None:
    if producers and role is not Role.PRODUCER:
        raise Stop(WRONG_INPUT, "--producer goes with --role producer")
    if not name.strip() or not name.isprintable() or masked(name) != name:
        raise Stop(WRONG_INPUT, "--name: one line, without personal numbers")


@contextmanager
def _users(settings: Path | None, *, read_only: bool = False) -> Iterator[SqlUsers]:
    from samsvar.clock import SystemClock
    from samsvar.errors import ResourcesMissing
    from samsvar.store.database import database_of
    from samsvar.store.users import SqlUsers

    hub = settings_from(settings).hub
    try:
        database = database_of(hub, read_only=read_only)
        try:
            if not read_only:
                trail(database)
            yield SqlUsers(database, SystemClock())
        finally:
            database.close()
    except ResourcesMissing as error:
        raise Stop(UNREACHED, f"{hub.data}: {error}") from error
