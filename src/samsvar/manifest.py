"""The adapters that are installed: manifests read strictly, modules loaded, all faults at once.

Knows folders, TOML and what an adapter must have. Names no adapter: what lies in the package
``samsvar_adapters`` is what there is. Reads no environment and no secret: it is handed a reader.
Longer than most, because what is declared and what is given are judged by the same table.
"""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from samsvar.adapter_api.ports import Adapter, AdapterOptions, TextOption
from samsvar.model.identifiers import ContractUrn
from samsvar.soap.codecs import CODECS

PACKAGE = "samsvar_adapters"
SECRET_SCHEMES = ("file:", "env:")

_ID = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_KEYS: dict[str, type] = {
    "id": str,
    "title": str,
    "owner": str,
    "contracts": list,
    "known_gaps": list,
    "options": dict,
}
_OPTION_KEYS: dict[str, type] = {
    "help": str,
    "required": bool,
    "secret": bool,
    "default": str,
    "example": str,
}
# What importing a module raises when the module is wrong, and not the machine.
_IMPORT_FAULTS = (
    ImportError,
    SyntaxError,
    ArithmeticError,
    AttributeError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class AdaptersInvalid(Exception):
    """Adapters that cannot be used. ``faults`` has one line for each thing to mend."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class SecretUnreadable(Exception):
    """A secret's file or variable cannot be read. Names the option, never the value."""


@dataclass(frozen=True, slots=True)
class AdapterManifest:
    """``adapter.toml``, checked."""

    id: str
    title: str
    owner: str
    known_gaps: tuple[str, ...]
    contracts: tuple[ContractUrn, ...] = ()
    """The contracts that it answers; all that have a codec, where it names none."""
    options: tuple[TextOption, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    """Option name and a value that shows its form."""


@dataclass(frozen=True, slots=True)
class LoadedAdapter:
    """An adapter that can be asked."""

    manifest: AdapterManifest
    adapter: Adapter


def load_adapters(folder: Path | None = None) -> dict[str, LoadedAdapter]:
    """All adapters, by id. ``folder``: look there only; it must be a part of the package.

    Raises:
        AdaptersInvalid: every fault of every adapter; nothing is loaded by halves.
    """
    folders = [folder] if folder is not None else _package_folders()
    faults: list[str] = []
    loaded: dict[str, LoadedAdapter] = {}
    for path in sorted(path for each in folders for path in each.glob("*/adapter.toml")):
        adapter = _load(path, faults)
        if adapter is None:
            continue
        if adapter.manifest.id in loaded:
            faults.append(f"{adapter.manifest.id}: installed twice, remove one of them")
        loaded[adapter.manifest.id] = adapter
    if faults:
        raise AdaptersInvalid(faults)
    return loaded


def check_options(manifest: AdapterManifest, options: Mapping[str, str]) -> list[str]:
    """What is wrong with a producer's settings for this adapter; empty: nothing."""
    declared = {option.name: option for option in manifest.options}
    faults = [
        f"{name}: {manifest.id} has no such option" for name in options if name not in declared
    ]
    for option in manifest.options:
        value = options.get(option.name)
        if value is None:
            if option.required and option.default is None:
                faults.append(f"{option.name}: missing; {option.help}")
        elif option.secret and not _is_reference(value):
            faults.append(
                f"{option.name}: a secret is given as file:<path> or env:<NAME>, never as itself"
            )
    return faults


def resolve_options(
    manifest: AdapterManifest, options: Mapping[str, str], read_secret: Callable[[str], str]
) -> AdapterOptions:
    """The settings as the adapter gets them: defaults filled in, secrets read.

    ``read_secret`` is given the whole reference, ``file:...`` or ``env:...``, and raises
    OSError, LookupError or ValueError when there is nothing to read.

    Raises:
        ValueError: :func:`check_options` would not have passed them.
        SecretUnreadable: a secret is not there.
    """
    if faults := check_options(manifest, options):
        raise ValueError("; ".join(faults))
    resolved: dict[str, str] = {}
    for option in manifest.options:
        value = options.get(option.name, option.default)
        if value is None:
            continue
        if option.secret:
            try:
                value = read_secret(value)
            except (OSError, LookupError, ValueError) as error:
                raise SecretUnreadable(
                    f"{option.name}: the secret cannot be read ({type(error).__name__})"
                ) from error
        resolved[option.name] = value
    return resolved


def _is_reference(value: str) -> bool:
    return any(value.startswith(scheme) and len(value) > len(scheme) for scheme in SECRET_SCHEMES)


def _package_folders() -> list[Path]:
    """Where the package lies; several places when adapters are installed from several."""
    try:
        package = importlib.import_module(PACKAGE)
    except ImportError as error:
        raise AdaptersInvalid([f"{PACKAGE}: the package is not installed"]) from error
    # A folder that stands on the import path twice is still one folder.
    return list(dict.fromkeys(Path(path).resolve() for path in package.__path__))


def _load(path: Path, faults: list[str]) -> LoadedAdapter | None:
    """One adapter, or None with its faults added."""
    name = path.parent.name
    found: list[str] = []
    manifest = _read_manifest(path, found)
    adapter = _import(path.parent, found) if manifest else None
    faults += [f"{name}: {fault}" for fault in found]
    if manifest is None or adapter is None:
        return None
    return LoadedAdapter(manifest, adapter)


def _read_manifest(path: Path, faults: list[str]) -> AdapterManifest | None:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        faults.append(f"adapter.toml cannot be read: {error}")
        return None
    found = _wrong_keys(document, _KEYS, optional={"contracts", "options"}, where="")
    options: list[TextOption] = []
    examples: list[tuple[str, str]] = []
    declared = document.get("options", {})
    for name, table in declared.items() if isinstance(declared, dict) else ():
        option = _read_option(name, table, found)
        if option is not None:
            options.append(option)
            if "example" in table:
                examples.append((name, table["example"]))
    if not found:
        found += _wrong_values(document, path.parent.name)
    if found:
        faults += found
        return None
    return AdapterManifest(
        id=document["id"],
        title=document["title"],
        owner=document["owner"],
        known_gaps=tuple(document["known_gaps"]),
        contracts=tuple(document.get("contracts", CODECS)),
        options=tuple(options),
        examples=tuple(examples),
    )


def _wrong_values(document: Mapping[str, Any], folder: str) -> list[str]:
    faults: list[str] = []
    if document["id"] != folder:
        faults.append("id must be the folder's name")
    if not _ID.fullmatch(folder):
        faults.append("id must be lower-case letters, digits and _, a letter first")
    faults += [f"{key} is empty" for key in ("title", "owner") if not document[key].strip()]
    if not all(isinstance(gap, str) for gap in document["known_gaps"]):
        faults.append("known_gaps must be a list of texts")
    faults += [
        f"contracts: {contract!r} is none that adapters can answer"
        for contract in document.get("contracts", ())
        if not isinstance(contract, str) or contract not in CODECS
    ]
    return faults


def _read_option(name: str, table: object, faults: list[str]) -> TextOption | None:
    where = f"options.{name}"
    if not isinstance(table, dict):
        faults.append(f"{where} must be a table")
        return None
    optional = set(_OPTION_KEYS) - {"help"}
    found = _wrong_keys(table, _OPTION_KEYS, optional=optional, where=f"{where}.")
    if table.get("secret") and "default" in table:
        found.append(f"{where}: a secret has no default")
    faults += found
    if found:
        return None
    return TextOption(
        name=name,
        help=table["help"],
        required=table.get("required", "default" not in table),
        secret=table.get("secret", False),
        default=table.get("default"),
    )


def _wrong_keys(
    table: Mapping[str, Any], types: Mapping[str, type], *, optional: set[str], where: str
) -> list[str]:
    """Unknown keys, missing keys, and values of another type than the key's."""
    known = set(types) | optional
    faults = [f"{where}{key}: no such key" for key in table if key not in known]
    for key, kind in types.items():
        if key not in table:
            if key not in optional:
                faults.append(f"{where}{key}: missing")
        elif type(table[key]) is not kind:
            faults.append(f"{where}{key} must be a {kind.__name__}")
    return faults


def _import(folder: Path, faults: list[str]) -> Adapter | None:
    try:
        module = importlib.import_module(f"{PACKAGE}.{folder.name}")
    except _IMPORT_FAULTS as error:
        faults.append(f"cannot be imported: {type(error).__name__}: {error}")
        return None
    if module.__file__ is None:
        faults.append("has no __init__.py")
        return None
    if not _lies_in(module, folder):
        faults.append("another adapter of the same name is imported instead; remove one of them")
        return None
    adapter = getattr(module, "ADAPTER", None)
    if adapter is None:
        faults.append("__init__.py has no ADAPTER")
        return None
    lacking = [
        name
        for name in ("care_plans", "care_contacts")
        if not inspect.iscoroutinefunction(getattr(adapter, name, None))
    ]
    faults += [f"ADAPTER.{name} must be an async method" for name in lacking]
    return None if lacking else cast("Adapter", adapter)


def _lies_in(module: ModuleType, folder: Path) -> bool:
    return (
        module.__file__ is not None and Path(module.__file__).resolve().parent == folder.resolve()
    )
