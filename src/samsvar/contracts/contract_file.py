"""``contract.toml``: its keys, read strictly. Every fault at once, each with file and key.

A question that ``contracts add`` left in the file, and nobody has answered, is a fault too.
Knows the file alone: whether its paths lead anywhere is for ``contracts.reading`` to say.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from samsvar.settings_file import in_words

CONTRACT_FILE = "contract.toml"
QUESTION = "# QUESTION:"
"""Begins a line that somebody must answer, and take away, before the contract is served."""


class ContractsInvalid(Exception):
    """The contract folders cannot be used. ``faults`` has all that is wrong, one line each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("the contracts are not usable:\n" + "\n".join(faults))
        self.faults = faults


class Table(BaseModel):
    """One table of the file. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RequestTable(Table):
    """Where the question says about whom it is, and of whom it asks."""

    subject_id: str
    subject_root: str | None = None
    subject_root_value: str | None = None
    subject_root_by_form: bool = False
    source_filter: str | None = None


class ResponseTable(Table):
    """What the answer holds: records, and how it went."""

    container: str | None = None
    items: list[str] = Field(min_length=1)
    result: str | None = None
    result_code: str | None = None
    result_log_id: str | None = None


class FieldsTable(Table):
    """Where a record says whose it is. Paths of local names."""

    subject_id: str
    subject_root: str | None = None
    source: str | None = None
    owner: str | None = None


class ItemTable(FieldsTable):
    """The same for all records, and for kinds of record that differ."""

    kinds: dict[str, FieldsTable] = Field(default_factory=dict)


class ContractFile(Table):
    """The whole file."""

    title: str = Field(min_length=1)
    wsdl: str
    service_domain: str = Field(min_length=1)
    categorization: str = Field(min_length=1)
    deadline: float | None = Field(default=None, gt=0)
    request: RequestTable
    response: ResponseTable
    item: ItemTable


_TABLES: dict[str, type[Table]] = {
    "request": RequestTable,
    "response": ResponseTable,
    "item": ItemTable,
}


def read_contract_file(file: Path) -> ContractFile:
    """The keys of one contract.

    Raises:
        ContractsInvalid: with every fault of the file.
    """
    try:
        text = file.read_text(encoding="utf-8")
        settings = ContractFile.model_validate(tomllib.loads(text))
    except FileNotFoundError as error:
        raise ContractsInvalid((f"{file}: is missing",)) from error
    except UnicodeDecodeError as error:
        raise ContractsInvalid((f"{file}: is not in UTF-8: save it so",)) from error
    except tomllib.TOMLDecodeError as error:
        raise ContractsInvalid((f"{file}: is not TOML: {error}",)) from error
    except OSError as error:
        raise ContractsInvalid((f"{file}: cannot be read: {error.strerror}",)) from error
    except ValidationError as error:
        raise ContractsInvalid(tuple(_told(file, error))) from error
    open_questions = tuple(
        f"{file}: line {number}: not answered: {line.strip().removeprefix(QUESTION).strip()} "
        "(answer it, and take the line away)"
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip().startswith(QUESTION)
    )
    if open_questions:
        raise ContractsInvalid(open_questions)
    return settings


def _told(file: Path, error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            table = _TABLES.get(str(fault["loc"][0]), ContractFile)
            allowed = ", ".join(table.model_fields)
            yield f"{file}: {key}: no such key; allowed: {allowed}"
        else:
            yield f"{file}: {key}: {in_words(fault, ())}"
