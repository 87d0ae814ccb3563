"""``samsvar registry diff``, ``preview``, ``publish``, ``rollback``, ``history``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from samsvar.cli.listing import local, print_json, print_rows
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop
from samsvar.cli.registry_store import Store, opened
from samsvar.model.local_time import STOCKHOLM
from samsvar.registry import Registry, RegistryInvalid
from samsvar.registry.difference import ChangedByBoth, Kind, RowChange, difference, rebased

if TYPE_CHECKING:
    from samsvar.pipeline.preview import QuestionChange
    from samsvar.store.catalogue import PublishedVersion

CommentOption = Annotated[str, typer.Option(help="why; kept in the history")]
_SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~"}


def diff(
    a: Annotated[
        str | None, typer.Argument(metavar="A", help="version or draft; else what is in force")
    ] = None,
    b: Annotated[str | None, typer.Argument(metavar="B", help="version or draft")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rows added, removed and changed: from A to B, from what is in force to A, or by the
    newest version."""
    with opened(settings_from(settings), read_only=True) as store:
        before, after = _pair(store, a, b)
    changes = difference(before[1], after[1])
    if as_json:
        told = {"from": before[0], "to": after[0], "changes": [asdict(one) for one in changes]}
        print_json(told)
        return
    sys.stdout.write("\n".join(lines_of(before[0], after[0], changes)) + "\n")


def lines_of(before: str, after: str, changes: tuple[RowChange, ...]) -> list[str]:
    """A difference for people: a line for each row, and for each field that changes."""
    lines = [f"from {before} to {after}: {_counted(changes)}"]
    for change in changes:
        lines.append(f"{_SIGNS[change.kind]} {' '.join(change.key)}")
        for name in change.fields:
            was, now = (change.before or {}).get(name, ""), (change.after or {}).get(name, "")
            lines.append(f"    {name}: {was or 'nothing'} -> {now or 'nothing'}")
    return lines


def preview(
    draft: Annotated[str, typer.Argument(help="draft, or version")],
    settings: SettingsOption = None,
    last: Annotated[
        int, typer.Option("--last", min=1, max=1000, help="how many questions of the access log")
    ] = 100,
    as_json: JsonOption = False,
) -> None:
    """Decide the last questions anew under a draft, asking nobody; list each answer that would
    change."""
    from samsvar.clock import SystemClock
    from samsvar.pipeline.preview import preview as decide
    from samsvar.store.access_log_reader import AccessLogReader
    from samsvar.store.secrets import open_vault

    told = settings_from(settings)
    with opened(told, read_only=True) as store:
        _, proposed = store.named(draft)
        number, in_force = store.newest()
        reader = AccessLogReader(store.database, open_vault(store.database))
        records = [found.record for found in reader.latest(last)]
        found = decide(
            records,
            in_force.catalogue(number),
            proposed.catalogue(number + 1),
            contracts=store.packaged.contracts,
            own_addresses=frozenset(address.lower() for address in told.hub.addresses),
            at=SystemClock().now(),
        )
    if as_json:
        print_json(asdict(found))
        return
    lines = [
        f"{found.questions} questions looked at, {len(found.changes)} would be answered otherwise"
    ]
    if found.undecidable:
        lines.append(f"({found.undecidable} were refused before any catalogue was looked at)")
    for change in found.changes:
        lines += ["", *_told(change)]
    sys.stdout.write("\n".join(lines) + "\n")


def publish(
    draft: Annotated[str, typer.Argument(help="the draft")],
    comment: CommentOption,
    settings: SettingsOption = None,
    rebase: Annotated[
        bool, typer.Option("--rebase", help="do its changes to the newest version, if that moved")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(help="also if somebody has published since, or more than a fifth would go"),
    ] = False,
) -> None:
    """Put a draft in force in all running hubs, at one moment, and drop the draft."""
    _must_say_why(comment)
    with opened(settings_from(settings)) as store:
        found = store.drafts.get(draft)
        registry = store.parsed(found.registry, f"draft {draft}")
        base = found.base_version
        if rebase and base != store.catalogue.newest():
            base, registry = _rebased(store, base, registry)
        version = _published(store, registry, comment, force=force, base=base, draft=draft)
    sys.stdout.write(f"draft {draft} is in force as version {version}\n")


def rollback(
    version: Annotated[int, typer.Argument(help="the version to go back to")],
    comment: CommentOption,
    settings: SettingsOption = None,
    force: Annotated[bool, typer.Option(help="also if more than a fifth would go")] = False,
) -> None:
    """Publish the content of an old version as a new one."""
    _must_say_why(comment)
    with opened(settings_from(settings)) as store:
        registry = store.version(version)
        before = store.catalogue.newest()
        number = _published(store, registry, comment, force=force)
    if number == before:
        sys.stdout.write(f"version {number} holds just that already; nothing has changed\n")
    else:
        sys.stdout.write(f"the content of version {version} is in force as version {number}\n")


def history(
    settings: SettingsOption = None,
    last: Annotated[int, typer.Option("--last", min=1, help="how many versions")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Who published what, when and why, the newest first."""
    with opened(settings_from(settings), read_only=True) as store:
        versions = store.catalogue.history(last)
    if as_json:
        told = [asdict(row) for row in versions]
        print_json(told)
        return
    print_versions(versions)


def print_versions(versions: Iterable[PublishedVersion]) -> None:
    """Published versions, for people."""
    rows = (
        (
            str(row.version),
            local(row.published),
            row.who,
            str(row.routes),
            str(row.permissions),
            row.comment,
        )
        for row in versions
    )
    print_rows(("Version", "Published", "Who", "Routes", "Permissions", "Comment"), rows)


def _pair(
    store: Store, a: str | None, b: str | None
) -> tuple[tuple[str, Registry], tuple[str, Registry]]:
    if a is not None and b is not None:
        return store.named(a), store.named(b)
    number, registry = store.newest()
    newest = (f"version {number}", registry)
    if a is not None:
        return newest, store.named(a)
    if number < 2:
        raise Stop(REFUSED, "there is one version only: name a draft, or two versions")
    return store.named(str(number - 1)), newest


def _counted(changes: tuple[RowChange, ...]) -> str:
    if not changes:
        return "no difference"
    return ", ".join(
        f"{sum(change.kind is kind for change in changes)} {kind.value}" for kind in Kind
    )


def _told(change: QuestionChange) -> list[str]:
    when = change.at.astimezone(STOCKHOLM)
    lines = [
        f"{change.correlation_id}  {when:%Y-%m-%d %H:%M:%S} by {change.sender}",
        f"    {change.contract} at {change.logical_address}",
    ]
    if change.fault_before != change.fault_after:
        lines.append(
            f"    fault: {change.fault_before or 'none'} -> {change.fault_after or 'none'}"
        )
    lines += [
        f"    {one.logical_address}: {one.before} -> {one.after}" for one in change.candidates
    ]
    return lines


def _must_say_why(comment: str) -> None:
    if not comment.strip():
        raise Stop(WRONG_INPUT, "--comment must say why: it is what the history is for")


def _rebased(store: Store, base: int, registry: Registry) -> tuple[int, Registry]:
    newest, theirs = store.newest()
    began = store.version(base) if base else Registry((), (), (), ())
    try:
        return newest, rebased(began, registry, theirs)
    except (ChangedByBoth, RegistryInvalid) as error:
        raise Stop(
            REFUSED, f"the draft cannot be moved from version {base} to {newest}: {error}"
        ) from error


def _published(
    store: Store,
    registry: Registry,
    comment: str,
    *,
    force: bool,
    base: int | None = None,
    draft: str | None = None,
) -> int:
    from samsvar.store.catalogue import CatalogueMoved, CatalogueShrinks

    try:
        return store.catalogue.publish(
            registry, store.who, comment, force=force, base=base, draft=draft
        )
    except CatalogueMoved as error:
        raise Stop(REFUSED, f"{error}: look at it with diff, then --rebase (or --force)") from error
    except CatalogueShrinks as error:
        raise Stop(REFUSED, f"{error} (--force)") from error
    except RegistryInvalid as error:
        faults = "\n".join(f"  {fault}" for fault in error.faults)
        raise Stop(REFUSED, f"it does not fit together; nothing has changed:\n{faults}") from error
