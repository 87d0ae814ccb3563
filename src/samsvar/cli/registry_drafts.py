"""``samsvar registry draft``: begin, edit, list and drop drafts of the registry."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from samsvar.cli.listing import local, print_rows
from samsvar.cli.options import SettingsOption, settings_from, text_of
from samsvar.cli.registry_store import opened

app = typer.Typer(help="Drafts of the registry: what is about to be published.")
NameArgument = Annotated[str, typer.Argument(help="the draft's name")]


@app.command("new")
def new(
    name: NameArgument,
    settings: SettingsOption = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="begin with this file, not with what is in force")
    ] = None,
) -> None:
    """Begin a draft from the version in force."""
    with opened(settings_from(settings)) as store:
        if file is not None:
            base, registry = store.catalogue.newest(), store.parsed(text_of(file), str(file))
        else:
            base, registry = store.newest()
        draft = store.drafts.new(name, base, registry, store.who)
    sys.stdout.write(f"draft {draft.name} begins from version {draft.base_version}\n")


@app.command("edit")
def edit(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="registry file (TOML): the draft's new content")],
    settings: SettingsOption = None,
) -> None:
    """Put a file in a draft; it is checked whole, and refused whole."""
    with opened(settings_from(settings)) as store:
        draft = store.drafts.edit(name, store.parsed(text_of(file), str(file)), store.who)
    sys.stdout.write(
        f"draft {draft.name}: {draft.routes} routes, {draft.permissions} permissions;"
        f" from version {draft.base_version}\n"
    )


@app.command("show")
def show(name: NameArgument, settings: SettingsOption = None) -> None:
    """Print a draft, as a file that can be edited and put back."""
    with opened(settings_from(settings), read_only=True) as store:
        sys.stdout.write(store.drafts.get(name).registry)


@app.command("list")
def list_drafts(settings: SettingsOption = None) -> None:
    """All drafts: who, when, and whether the version they began from is still in force."""
    with opened(settings_from(settings), read_only=True) as store:
        newest = store.catalogue.newest()
        drafts = store.drafts.all()
    if not drafts:
        sys.stdout.write("there are no drafts: samsvar registry draft new NAME\n")
        return
    rows = []
    for draft in drafts:
        behind = "" if draft.base_version == newest else f" ({newest} is in force)"
        rows.append(
            (
                draft.name,
                f"{draft.base_version}{behind}",
                local(draft.changed),
                draft.who,
                str(draft.routes),
                str(draft.permissions),
            )
        )
    print_rows(("Draft", "From version", "Changed", "Who", "Routes", "Permissions"), rows)


@app.command("drop")
def drop(name: NameArgument, settings: SettingsOption = None) -> None:
    """Throw a draft away."""
    with opened(settings_from(settings)) as store:
        store.drafts.drop(name)
    sys.stdout.write(f"draft {name} is gone\n")
