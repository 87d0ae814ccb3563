"""The file and the environment, read once and refused as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    SecretStr,
    ValidationError,
)

from samsvar import settings_file
from samsvar.settings.people import UserSettings
from samsvar.settings.values import DATABASE_FORM, Section
from samsvar.settings.whole import Settings

PREFIX = "SAMSVAR_"


class SettingsInvalid(Exception):
    """The settings are refused. ``faults`` names all of them: file, key, what is allowed."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


def taken_from_environment(name: str) -> str:
    """A variable that is no setting, and that no process further down shall see; empty: none."""
    return os.environ.pop(name, "")


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the file, lay the environment over it (``SAMSVAR_HUB__DEADLINE_SECONDS=20``).

    Relative paths in the file are relative to the file.

    Raises:
        SettingsInvalid: with every fault at once.
    """
    environment = os.environ if environment is None else environment
    tree: dict[str, Any] = {}
    where, text = "environment", ""
    if path is not None:
        where = str(path)
        try:
            tree, text = settings_file.read(path)
        except settings_file.FileUnreadable as error:
            raise SettingsInvalid([str(error)]) from error
    of_another_kind = list(_of_another_kind(tree, Settings))
    faults, origins = _lay_over(tree, environment)
    settings, found = Settings(), list[Any]()
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        found = list(error.errors())
    others = {one["loc"]: one for one in of_another_kind if tuple(one["loc"][:2]) not in origins}
    told = [others.pop(fault["loc"], fault) for fault in found]
    told += others.values()
    # A list whose members are faulty is not also too short.
    lists = {fault["loc"][:-1] for fault in told}
    told = [one for one in told if one["type"] != "too_short" or one["loc"] not in lists]
    faults += [_sentence(where, origins, fault, text) for fault in told]
    if not faults:
        try:
            return _resolved(settings, path.parent if path else Path.cwd())
        except LookupError as error:
            told_by = origins.get(("hub", "database"), f"{where}: hub.database")
            faults.append(f"{told_by}: {error}")
    raise SettingsInvalid(faults)


def read_secret(reference: str, base: Path) -> str:
    """What ``file:<path>`` or ``env:<NAME>`` refers to, without its last newline.

    Raises:
        LookupError: nothing there; the text names the reference, never a value.
    """
    kind, _, name = reference.partition(":")
    if kind == "env" and name in os.environ:
        return os.environ[name]
    if kind == "file":
        try:
            return (base / name).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise LookupError(f"{reference}: cannot be read") from error
    raise LookupError(f"{reference}: no such secret; give file:<path> or env:<NAME>")


def _lay_over(
    tree: dict[str, Any], environment: Mapping[str, str]
) -> tuple[list[str], dict[tuple[str, str], str]]:
    """Faults, and which variable each section and key was told by."""
    faults: list[str] = []
    origins: dict[tuple[str, str], str] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX):
            continue
        section, _, key = name[len(PREFIX) :].lower().partition("__")
        field = Settings.model_fields.get(section)
        kind = field.annotation if field else None
        if not (isinstance(kind, type) and issubclass(kind, Section)):
            faults.append(f"{name}: no such setting")
            continue
        if kind is UserSettings and (key == "issuer" or key not in kind.model_fields):
            faults.append(f"{name}: no such setting; [[users.issuer]] stands in the file only")
            continue
        if key not in kind.model_fields:
            known = ", ".join(f"{PREFIX}{section}__{each}".upper() for each in kind.model_fields)
            faults.append(f"{name}: no such setting; there are {known}")
            continue
        several = "tuple" in str(kind.model_fields[key].annotation)
        told = tree.setdefault(section, {})
        if isinstance(told, dict):  # if not, the check of the whole says so
            told[key] = text.split(",") if several else text
            origins[section, key] = name
    return faults, origins


def _sentence(
    where: str, origins: Mapping[tuple[str, str], str], fault: Mapping[str, Any], text: str
) -> str:
    place = tuple(fault["loc"])
    variable = origins.get(place[:2])
    if variable is not None:
        names = settings_file.names_at(Settings, place[:-1])
        return f"{variable}: {settings_file.in_words(fault, names)}"
    return settings_file.sentence(where, Settings, fault, text)


def _of_another_kind(
    tree: Mapping[str, Any], section: type[BaseModel], above: tuple[str | int, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Values of the file that would be turned into what they are not: "28", true for 1, 1 for
    true. What a variable says is text, and is read as what it stands for."""
    for name, value in tree.items():
        field = section.model_fields.get(name)
        wanted = field.annotation if field else None
        if (inner := settings_file.section_of(wanted)) is not None:
            tables = enumerate(value) if isinstance(value, list) else [(None, value)]
            for number, table in tables:
                if isinstance(table, dict):
                    place = (*above, name) if number is None else (*above, name, number)
                    yield from _of_another_kind(table, inner, place)
        elif wanted is bool and not isinstance(value, bool):
            yield {"type": "bool_type", "loc": (*above, name)}
        elif wanted in (int, float) and isinstance(value, bool | str):
            kind = "int_type" if wanted is int else "float_type"
            yield {"type": kind, "loc": (*above, name)}


def _resolved(settings: Settings, base: Path) -> Settings:
    """The same with every path made absolute, from the settings file's folder.

    Raises:
        LookupError: what the database's reference names is not there.
    """

    def absolute(section: Any) -> Any:
        changes = {
            name: base / value
            for name in type(section).model_fields
            if isinstance(value := getattr(section, name), Path)
        }
        return section.model_copy(update=changes)

    hub = absolute(settings.hub)
    database = _database_url(hub.database, base)
    return settings.model_copy(
        update={
            "hub": hub.model_copy(update={"database": database}),
            "producers": absolute(settings.producers),
            "audit": absolute(settings.audit),
            "broker": absolute(settings.broker),
            "alerts": absolute(settings.alerts),
            "console": absolute(settings.console),
            "listen": tuple(absolute(listener) for listener in settings.listen),
            "users": settings.users.model_copy(
                update={"issuer": tuple(absolute(each) for each in settings.users.issuer)}
            ),
        }
    )


def _database_url(told: SecretStr | None, base: Path) -> SecretStr | None:
    if told is None or told.get_secret_value().startswith("postgres"):
        return told
    reference = told.get_secret_value()
    url = read_secret(reference, base).strip()
    if not url.startswith(("postgresql://", "postgres://")):
        raise LookupError(f"{reference}: must hold {DATABASE_FORM}")
    return SecretStr(url)
