"""``samsvar registry``: load a registry file whole, or show what is in force; and the rest of its
commands, which have modules of their own."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from samsvar.cli import registry_drafts, registry_versions
from samsvar.cli.data_folder import is_made
from samsvar.cli.options import SettingsOption, settings_from, text_of
from samsvar.cli.outcome import REFUSED, UNREACHED, WRONG_INPUT, Stop
from samsvar.cli.registry_store import opened
from samsvar.cli.trail import trail
from samsvar.errors import ResourcesMissing
from samsvar.registry import RegistryInvalid
from samsvar.registry.difference import difference
from samsvar.settings import Settings

app = typer.Typer(help="The service address catalogue: contracts, producers, routes, permissions.")
app.add_typer(registry_drafts.app, name="draft")
for _command in (
    registry_versions.diff,
    registry_versions.preview,
    registry_versions.publish,
    registry_versions.rollback,
    registry_versions.history,
):
    app.command(_command.__name__)(_command)


@app.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="registry file (TOML)")],
    settings: SettingsOption = None,
    comment: Annotated[str, typer.Option(help="why; kept in the history")] = "",
    force: Annotated[bool, typer.Option(help="also if more than a fifth would go")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="check it, tell what it would change, change nothing")
    ] = False,
) -> None:
    """Check a registry file whole, then put it in force in all running hubs."""
    told = settings_from(settings)
    version, counts = load_registry(told, file, comment=comment, force=force, dry_run=dry_run)
    done = "would be loaded" if dry_run else f"is in force as version {version}"
    sys.stdout.write(f"{file.name} {done}: {counts}\n")
    if dry_run and is_made(told):
        with opened(told, read_only=True) as store:
            if store.catalogue.newest():
                number, in_force = store.newest()
                changes = difference(in_force, store.parsed(text_of(file), str(file)))
                lines = registry_versions.lines_of(f"version {number}", file.name, changes)
                sys.stdout.write("\n".join(lines) + "\n")


def load_registry(
    settings: Settings, file: Path, *, comment: str, force: bool = False, dry_run: bool = False
) -> tuple[int, str]:
    """Load a file; its version, and what it holds.

    Raises:
        Stop: with every fault of the file at once.
    """
    from samsvar.packaged import Packaged, catalogue_of
    from samsvar.store.catalogue import CatalogueShrinks
    from samsvar.store.database import database_of

    text = text_of(file)
    packaged = Packaged.load(settings.hub.data)
    try:
        registry = packaged.registry(text, settings)
    except RegistryInvalid as error:
        faults = "\n".join(f"  {fault}" for fault in error.faults)
        raise Stop(WRONG_INPUT, f"{file} is refused; nothing has changed:\n{faults}") from error
    counts = (
        f"{len(registry.producers)} producers, {len(registry.routes)} routes, "
        f"{len(registry.permissions)} permissions"
    )
    if dry_run:
        return 0, counts
    try:
        database = database_of(settings.hub)
        try:
            trail(database)
            catalogue = catalogue_of(database, packaged, settings)
            version = catalogue.publish(registry, getpass.getuser(), comment, force=force)
        finally:
            database.close()
    except CatalogueShrinks as error:
        raise Stop(REFUSED, f"{error} (--force)") from error
    except ResourcesMissing as error:
        raise Stop(UNREACHED, f"{settings.hub.data}: {error}") from error
    return version, counts


@app.command("show")
def show(
    settings: SettingsOption = None,
    history: Annotated[
        bool, typer.Option("--history", help="versions instead of the text")
    ] = False,
    version: Annotated[int | None, typer.Option(help="this version instead of the newest")] = None,
) -> None:
    """Print the registry in force, as a file that can be loaded again."""
    with opened(settings_from(settings), read_only=True) as store:
        if history:
            registry_versions.print_versions(store.catalogue.history())
            return
        text = store.catalogue.registry(version)
        newest = store.catalogue.newest()
    if text is None and version is not None and newest:
        raise Stop(REFUSED, f"there is no version {version}: samsvar registry history")
    if text is None:
        raise Stop(REFUSED, "no registry has been loaded: samsvar registry load FILE")
    sys.stdout.write(text)
