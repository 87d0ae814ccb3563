"""What stands in the messages between hub and worker: strict both ways, and nothing more.

Headers are read by anybody at the broker: random names, a logical address, a contract, times.
All that is about a person stands in the content, which is sealed. Knows no key and no broker.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

VERSION: Literal[1] = 1

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, Field(pattern=r"^[0-9A-Za-z_.:-]{1,64}$")]
Key = Annotated[str, Field(pattern=r"^x25519:[0-9A-Za-z_-]{43}$")]
Urn = Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]
Line = Annotated[str, Field(max_length=300)]
Milliseconds = Annotated[int, Field(ge=0, le=2**53)]
Count = Annotated[int, Field(ge=0, le=2**53)]
_Form = TypeVar("_Form", bound="Form")

QUESTION_TYPE = "application/vnd.samsvar.question"
ANSWER_TYPE = "application/vnd.samsvar.answer"
ANNOUNCEMENT_TYPE = "application/vnd.samsvar.announcement"

#: milliseconds that any question may have: ten minutes, as in the registry
LONGEST = 600_000


class NotTheForm(Exception):
    """It does not have its form. The text names the fields that are wrong, and no value."""


class Form(BaseModel):
    """Base of all. Made of what does not fit, it raises ValueError."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    def written(self) -> bytes:
        """As bytes."""
        return self.model_dump_json().encode()

    @classmethod
    def read(cls: type[_Form], data: bytes) -> _Form:
        """From bytes.

        Raises:
            NotTheForm: with the fields that are wrong.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            places = {".".join(str(part) for part in one["loc"][:2]) for one in error.errors()}
            # A field that is not known has a name that anybody may have chosen.
            known = sorted(place for place in places if place.split(".")[0] in cls.model_fields)
            where = ", ".join(known) or "its fields"
            raise NotTheForm(f"{cls.__name__}: {where}") from None


class QuestionHeader(Form):
    """Of a question. ``left`` milliseconds were left when the hub sent it, at ``sent`` by its
    own clock."""

    v: Literal[1] = VERSION
    id: Id
    hub: Key
    address: Name
    contract: Urn
    sent: Milliseconds
    left: Annotated[int, Field(gt=0, le=LONGEST)]
    reply: Name
    """The routing key of the answer."""


class QuestionContent(Form):
    """What the worker is asked, and the key that the answer is sealed to: of this question only."""

    reply_key: Key
    correlation_id: Name
    instance: Name
    sender: Line
    original_consumer: Line | None
    routing_history: Annotated[str, Field(max_length=4096)] | None
    forwarded: list[tuple[str, str]]
    profile: Literal["RIVTABP20", "RIVTABP21"]
    soap_action: Line
    body: str = Field(repr=False)
    """The request element."""
    envelope: str | None = Field(repr=False)
    """The whole message, where the consumer addressed this source."""


class AnswerHeader(Form):
    """Of an answer."""

    v: Literal[1] = VERSION
    id: Id
    worker: Key


class WorkerName(Form):
    """Who answers."""

    id: Name
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z_.+-]{1,32}$")]
    adapter: Name
    """Which adapter; ``riv`` where the source speaks the contract."""


class RecordForm(Form):
    """One record: whose it is, and what it says. Of another person than asked: no more than whose.
    ``records`` reads the rest."""

    root: Annotated[str, Field(max_length=64)]
    extension: Annotated[str, Field(max_length=64, repr=False)]
    source: Annotated[str, Field(max_length=64)]
    record: dict[str, Any] | None = Field(repr=False)


class RecordsForm(Form):
    """An adapter's answer."""

    kind: Literal["records"] = "records"
    items: list[RecordForm] = Field(repr=False)
    warnings: list[Line]


class MessageForm(Form):
    """The answer of a source that speaks the contract: its bytes come after this form."""

    kind: Literal["message"] = "message"
    status: Annotated[int, Field(ge=100, le=599)]
    headers: list[tuple[str, str]]


class FailureForm(Form):
    """The source gave nothing."""

    kind: Literal["failure"] = "failure"
    code: Name
    text: Line


class AnswerContent(Form):
    """What the worker answers."""

    worker: WorkerName
    said: Annotated[RecordsForm | MessageForm | FailureForm, Field(discriminator="kind")]


class AnnouncementHeader(Form):
    """Of a worker's word that it is there."""

    v: Literal[1] = VERSION
    worker: Key
    boot: Id
    number: Count
    sent: Milliseconds


class AnnouncementContent(Form):
    """How a worker is."""

    worker: WorkerName
    addresses: Annotated[list[Name], Field(max_length=1000)]
    leaving: bool
    in_work: Count
    answered: Count
    failed: Count
    refused: Count
    last_success: Milliseconds | None
    """When the source last answered it, by the worker's clock."""
    note: Line
    """What is wrong with the source, if anything is."""


def with_bytes(form: Form, rest: bytes) -> bytes:
    """A form, and bytes after it."""
    written = form.written()
    return len(written).to_bytes(4, "big") + written + rest


def split_bytes(content: bytes) -> tuple[bytes, bytes]:
    """What :func:`with_bytes` put together: the form, not yet read, and the rest."""
    length = int.from_bytes(content[:4], "big")
    if len(content) < 4 + length:
        raise NotTheForm("it is cut short")
    return content[4 : 4 + length], content[4 + length :]
