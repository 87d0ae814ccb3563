"""``samsvar contracts``: take in a contract package, list, check and show what is served."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samsvar.cli.listing import print_json, print_rows
from samsvar.cli.options import JsonOption, SettingsOption, settings_from, text_of
from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop

if TYPE_CHECKING:
    from samsvar.contracts.adding import Checked, Incoming
    from samsvar.contracts.served import Repertoire
    from samsvar.model.contract import ServiceContract

app = typer.Typer(help="The service contracts that the hub speaks: packaged, and added as data.")

NameArgument = Annotated[
    str, typer.Argument(help="folder name or namespace, as `contracts list` shows them")
]


@app.command("add")
def add(
    package: Annotated[
        Path, typer.Argument(help="folder or zip with WSDL and XSD, or one WSDL file")
    ],
    settings: SettingsOption = None,
    interaction: Annotated[
        str | None, typer.Option(help="which one, where the package has several: its operation")
    ] = None,
    domain: Annotated[str | None, typer.Option(help="service domain of the index posts")] = None,
    categorization: Annotated[
        str | None, typer.Option(help="categorization of the index posts")
    ] = None,
    title: Annotated[str | None, typer.Option(help="for people")] = None,
    toml: Annotated[
        Path | None, typer.Option(help="use this contract file instead of a proposal")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="take the best guess on every question, and store")
    ] = False,
) -> None:
    """Take a contract in: propose its file, check it whole, serve it in all running hubs."""
    from samsvar.contracts import ContractsInvalid
    from samsvar.contracts.adding import Wishes, incoming
    from samsvar.contracts.package import PackageRefused, open_package

    told = settings_from(settings)
    wishes = Wishes(interaction, domain, categorization, title)
    try:
        opened = open_package(package)
        with incoming(opened, told.hub.data, wishes, told.hub.addresses[0]) as coming:
            text = _contract_text(coming, toml, yes=yes)
            checked = coming.check(text)
            _say(checked.notes, "note")
            if not yes and not typer.confirm(f"Serve {checked.contract.title}?", err=True):
                raise Stop(REFUSED, "nothing is stored")
            folder = coming.move_in()
            _say_what_is_served(checked, folder)
    except PackageRefused as error:
        raise Stop(WRONG_INPUT, f"{error}\nnothing is stored") from error
    except ContractsInvalid as error:
        faults = "\n".join(error.faults)
        raise Stop(WRONG_INPUT, f"{faults}\nnothing is stored") from error


def _contract_text(coming: Incoming, toml: Path | None, *, yes: bool) -> str:
    """The contract file: somebody's, or the proposal; questions end the command here."""
    if toml is not None:
        return text_of(toml)
    proposal = coming.proposal
    text = proposal.toml(answered=yes)
    sys.stdout.write(f"{text}\n")
    _say([question.text for question in proposal.questions], "guessed" if yes else "QUESTION")
    if proposal.questions and not yes:
        draft = Path(f"{proposal.name}.contract.toml")
        draft.write_text(text, encoding="utf-8")
        raise Stop(
            WRONG_INPUT,
            f"nothing is stored before every QUESTION has its answer. Answer in "
            f"{draft}, take the QUESTION lines away, and add the package again with --toml "
            f"{draft}; or say --yes to take the best guesses",
        )
    return text


def _say(texts: list[str] | tuple[str, ...], kind: str) -> None:
    for text in dict.fromkeys(texts):
        sys.stderr.write(f"{kind}: {text}\n")


def _say_what_is_served(checked: Checked, folder: Path) -> None:
    contract = checked.contract
    sys.stdout.write(
        f"{contract.title} is stored in {folder}\n"
        f"running hubs serve it within hub.refresh_seconds at {checked.url}?wsdl\n"
        "nobody may ask before the registry says so:\n\n"
        f'[[contract]]\nurn = "{contract.urn}"\ntitle = "{contract.title}"\n'
    )


@app.command("list")
def list_contracts(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Every contract that the hub speaks: what it answers with, and where it came from."""
    repertoire = _repertoire(settings)
    rows: list[dict[str, str]] = [
        {
            "name": contract.folder.name,
            "title": contract.title,
            "urn": urn,
            "operation": contract.operation,
            "items": ", ".join(_local(element) for element in contract.item_elements),
            "from": "added" if urn in repertoire.added else "packaged",
        }
        for urn, contract in sorted(repertoire.contracts.items())
    ]
    if as_json:
        print_json(rows)
        return
    print_rows(
        ("Name", "Operation", "Records", "From", "Namespace"),
        ([row[key] for key in ("name", "operation", "items", "from", "urn")] for row in rows),
    )


@app.command("check")
def check(
    name: Annotated[str | None, typer.Argument(help="only this one; left out: all")] = None,
    settings: SettingsOption = None,
) -> None:
    """Read every contract, its schemas and its samples, and try to merge: all faults at once."""
    from samsvar.contracts.checking import check_folder, folders

    told = settings_from(settings)
    found = folders(told.hub.data)
    wanted = [one for one in found if name in (None, one.folder.name)]
    if not wanted:
        names = ", ".join(one.folder.name for one in found)
        raise Stop(REFUSED, f"no contract folder is called {name}; there is: {names}")
    faulty = 0
    for one in wanted:
        faults, notes = check_folder(one, found)
        faulty += bool(faults)
        sys.stdout.write(f"{'FAULT' if faults else 'ok':6}{one.folder.name}\n")
        for text in (*faults, *(f"note: {note}" for note in notes)):
            sys.stdout.write(f"      {text}\n")
    if faulty:
        raise Stop(WRONG_INPUT, f"{faulty} contracts have faults")


@app.command("show")
def show(name: NameArgument, settings: SettingsOption = None) -> None:
    """Print a contract's file, the URL it is served at, and a sample question."""
    from samsvar.contracts import CONTRACT_FILE
    from samsvar.soap.rivta import service_path

    contract = _named(_repertoire(settings), name)
    sys.stdout.write(f"# {contract.folder / CONTRACT_FILE}\n")
    sys.stdout.write((contract.folder / CONTRACT_FILE).read_text(encoding="utf-8"))
    sys.stdout.write(f"\n# URL: {service_path(contract.wsdl_namespace)}, with ?wsdl\n")
    sys.stdout.write(f"# namespace: {contract.urn}\n")
    example = contract.folder / "examples" / "request.xml"
    if example.is_file():
        sys.stdout.write(f"\n# {example}\n{example.read_text(encoding='utf-8')}")
    else:
        sys.stdout.write("\n# it has no sample question\n")


def _repertoire(settings: Path | None) -> Repertoire:
    from samsvar.contracts import ContractsInvalid
    from samsvar.contracts.served import packaged_repertoire, with_added

    try:
        return with_added(packaged_repertoire(), settings_from(settings).hub.data)
    except ContractsInvalid as error:
        raise Stop(WRONG_INPUT, "\n".join(error.faults)) from error


def _named(repertoire: Repertoire, name: str) -> ServiceContract:
    for urn, contract in repertoire.contracts.items():
        if name in (urn, contract.folder.name):
            return contract
    names = ", ".join(sorted(one.folder.name for one in repertoire.contracts.values()))
    raise Stop(REFUSED, f"no contract is called {name}; there is: {names}")


def _local(name: str) -> str:
    return name.rpartition("}")[2]
