"""Takes a contract package into a data folder: staged, checked whole, then moved in.

A running hub sees the contract only when all of it lies in place. Nothing is moved in that does
not load beside what is there, that has open questions, or whose merged answers would break its
own schema. Knows folders; talks to nobody: ``samsvar contracts`` does.
"""

from __future__ import annotations

import contextlib
import posixpath
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import xmlschema

from samsvar.contracts.choosing import choose_wsdl
from samsvar.contracts.contract_file import CONTRACT_FILE, ContractsInvalid
from samsvar.contracts.draft import Proposal
from samsvar.contracts.mending import mended
from samsvar.contracts.package import Package, PackageRefused
from samsvar.contracts.proof import NotServable, faults_of, prove
from samsvar.contracts.proposal import propose
from samsvar.contracts.reading import load_contract
from samsvar.contracts.readme import readme
from samsvar.contracts.samples import (
    NoSample,
    PersonDoesNotFit,
    Samples,
    make_samples,
    whole_message,
)
from samsvar.contracts.served import (
    CONTRACTS,
    WSDL,
    Repertoire,
    compiled,
    packaged_repertoire,
    refuse_twice,
    services_without_folder,
    with_added,
)
from samsvar.contracts.wsdl_notes import notes_of
from samsvar.model.contract import ServiceContract
from samsvar.model.identifiers import ContractUrn
from samsvar.soap.interaction import Interaction, InteractionUnreadable, read_interaction
from samsvar.soap.rivta import service_path

_INCOMING = ".incoming-"
EXAMPLES = "examples"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator has said; None: to be found out."""

    interaction: str | None = None
    domain: str | None = None
    categorization: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A contract that may be moved in."""

    contract: ServiceContract
    url: str
    notes: tuple[str, ...]


class Incoming:
    """One interaction on its way into a data folder. Made by ``incoming``."""

    def __init__(
        self, package: Package, data: Path, staged: Path, wishes: Wishes, hub_address: str
    ) -> None:
        self._package = package
        self._data = data
        self._staged = staged
        self._hub_address = hub_address
        self._there: Repertoire = with_added(packaged_repertoire(), data)
        path = choose_wsdl(package, wishes.interaction)
        stored = mended(package, path)
        files = stored.files
        top = _common_folder(files)
        below = posixpath.relpath(stored.wsdl, top or ".")
        draft = staged / WSDL / "draft"
        for name, content in files.items():
            file = draft / posixpath.relpath(name, top or ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        try:
            interaction = read_interaction((draft / below).resolve())
        except InteractionUnreadable as error:
            raise PackageRefused(f"{path}: {error}") from error
        self._refuse_what_is_there(interaction)
        self.proposal: Proposal = propose(
            interaction,
            below,
            domain=wishes.domain,
            categorization=wishes.categorization,
            title=wishes.title,
        )
        self.proposal.notes += stored.notes
        self.proposal.name = self._free_name(self.proposal)
        self.proposal.tables["top"]["wsdl"] = f"{self.proposal.name}/{below}"
        draft.rename(staged / WSDL / self.proposal.name)

    def check(self, toml: str) -> Checked:
        """Load what the file describes, beside what is served, and prove that it can be merged.

        Raises:
            ContractsInvalid: with every fault of the file, open questions among them.
            PackageRefused: the schema cannot be used, or a merged answer would break it.
        """
        folder = self._staged / CONTRACTS / self.proposal.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONTRACT_FILE).write_text(toml, encoding="utf-8")
        try:
            contract = load_contract(folder, self._staged / WSDL)
            refuse_twice(contract, self._there.contracts)
            schema = compiled(contract)
        except ContractsInvalid as error:
            # The staged folder is gone when this is read.
            told = (fault.replace(f"{self._staged / CONTRACTS}/", "") for fault in error.faults)
            raise ContractsInvalid(tuple(told)) from error
        notes = [*self.proposal.notes, *notes_of(contract.wsdl)]
        interaction = read_interaction(contract.wsdl)
        samples: Samples | None = None
        try:
            made = make_samples(contract, interaction)
            if broken := faults_of(schema, made):
                notes.append(f"no sample could be made that follows the schema: {broken[0]}")
            else:
                samples = made
        except PersonDoesNotFit as error:
            raise PackageRefused(f"{contract.operation}: {error}") from error
        except NoSample as error:
            notes.append(f"no sample could be made: {error}")
        except xmlschema.XMLSchemaException as error:
            notes.append(f"no sample could be made: xmlschema says {type(error).__name__}")
        try:
            notes += prove(contract, schema, samples)
        except NotServable as error:
            raise PackageRefused(f"{contract.operation}: {error}") from error
        if samples is not None:
            self._write_examples(folder / EXAMPLES, samples)
        url = service_path(interaction.target_namespace)
        guessed = [question.text for question in self.proposal.questions if "# GUESSED" in toml]
        text = readme(contract, url, package=self._package.name, guessed=guessed, notes=notes)
        (folder / "README.md").write_text(text, encoding="utf-8")
        return Checked(contract, url, tuple(notes))

    def move_in(self) -> Path:
        """Put what was checked last into the data folder; running hubs see it then. The folder.

        Raises:
            PackageRefused: another was moved in under the same name meanwhile.
        """
        name = self.proposal.name
        target = self._data / CONTRACTS / name
        schemas = self._data / WSDL / name
        if not target.exists() and schemas.exists():
            shutil.rmtree(schemas)  # left behind when somebody pulled the plug between the two
        try:
            (self._staged / WSDL / name).rename(schemas)
            (self._staged / CONTRACTS / name).rename(target)
        except OSError as error:
            raise PackageRefused(f"{target}: cannot be moved in: {error.strerror}") from error
        return target

    def _write_examples(self, folder: Path, samples: Samples) -> None:
        folder.mkdir(exist_ok=True)
        for name, body, address in (
            ("request.xml", samples.request, self._hub_address),
            ("request.min.xml", samples.request_min, self._hub_address),
            ("response.xml", samples.response, None),
            ("response.min.xml", samples.response_min, None),
        ):
            (folder / name).write_bytes(whole_message(body, address))

    def _refuse_what_is_there(self, interaction: Interaction) -> None:
        """Before anybody is asked anything."""
        urn = ContractUrn(interaction.request_element.rpartition("}")[0].removeprefix("{"))
        if urn in services_without_folder():
            raise PackageRefused(f"{urn} is a service of the hub itself")
        there = self._there.contracts.get(urn)
        if there is None:
            return
        if urn in self._there.added:
            raise PackageRefused(f"{urn} is there already: take {there.folder} away first")
        raise PackageRefused(
            f"{urn} comes with the program, as {there.folder.name}; that is never replaced"
        )

    def _free_name(self, proposal: Proposal) -> str:
        """The usual name; with the domain before it where another domain has taken it."""
        taken = {one.folder.name for one in self._there.contracts.values()}
        if proposal.name not in taken:
            return proposal.name
        domain = str(proposal.tables["top"]["service_domain"]).removeprefix("riv:")
        return f"{domain.replace(':', '_')}_{proposal.name}"


@contextlib.contextmanager
def incoming(package: Package, data: Path, wishes: Wishes, hub_address: str) -> Iterator[Incoming]:
    """Stage one interaction of a package; what is not moved in is gone when the block ends.

    Raises:
        PackageRefused: it cannot be used, whatever the file says.
        ContractsInvalid: what lies in the data folder already is not usable.
    """
    for folder in (data / CONTRACTS, data / WSDL):
        folder.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=data / CONTRACTS))
    try:
        yield Incoming(package, data, staged, wishes, hub_address)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _common_folder(files: dict[str, bytes]) -> str:
    """The folder that all files lie below, as a path in the package; empty: its top."""
    folders = [posixpath.dirname(name) for name in files]
    return posixpath.commonpath(folders) if all(folders) else ""


__all__ = ["Checked", "ContractsInvalid", "Incoming", "Wishes", "choose_wsdl", "incoming"]
