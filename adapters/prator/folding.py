"""A case's flow of messages folded into one state: which messages hold, and what they amount to.

The state is the *highest* that any valid message says, never the last row's: a receipt or an
information message that comes late must not lower it. Knows nothing of what a plan contains.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from samsvar.adapter_api import care
from samsvar_adapters.prator import vocabulary
from samsvar_adapters.prator.native import Remarks, line_of, number_of, objects_of, yes_or_no


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the flow."""

    place: int
    """Where it stands in the list: numbers have gaps, and may be missing."""
    number: int | None
    kind: str
    body: Mapping[str, object]

    @property
    def path(self) -> str:
        """Where it stands in the case."""
        return f"meddelanden[{self.place}]"

    @property
    def order(self) -> tuple[int, int]:
        """The flow's order: by number, and by place where numbers do not tell."""
        return (self.place if self.number is None else self.number, self.place)


@dataclass(frozen=True, slots=True)
class Flow:
    """The messages of a case that hold, in the flow's order, and whether the case itself does."""

    messages: tuple[Message, ...]
    withdrawn: bool
    """The whole case was nullified or sent by mistake."""
    retracted: bool
    """Some message no longer holds; a print of the case may still show it."""

    def of_kind(self, kind: str) -> tuple[Message, ...]:
        """Those of one type."""
        return tuple(message for message in self.messages if message.kind == kind)

    def last(self, kind: str) -> Message | None:
        """The last of one type."""
        found = self.of_kind(kind)
        return found[-1] if found else None

    @property
    def plan(self) -> Message | None:
        """The latest version of the plan: by its version, then by the flow's order."""
        return max(
            self.of_kind(vocabulary.PLAN),
            key=lambda message: (number_of(message.body.get("version")) or 0, message.order),
            default=None,
        )


def read_flow(rows: object, remarks: Remarks) -> Flow:
    """The messages that hold. One that another says was sent by mistake does not."""
    messages = [
        Message(place, number_of(body.get("löpnr")), _kind(body), body)
        for place, body in objects_of(rows, remarks)
    ]
    gone: set[int] = set()
    withdrawn = False
    for message in messages:
        if yes_or_no(message.body.get("makulerad")):
            gone.add(message.place)
        elif message.kind in vocabulary.WITHDRAWALS:
            gone.add(message.place)
            about = message.body.get("avser")
            number = number_of(about)
            if number is None:
                # About the case itself, or about something that we cannot read: fail closed.
                withdrawn = True
            # A number that is not here is a gap in the numbering: that row is gone already.
            gone.update(other.place for other in messages if other.number == number is not None)
    held = [message for message in messages if message.place not in gone]
    known = vocabulary.CASE_STATE.keys() | vocabulary.NOT_OF_THE_PLAN
    for message in held:
        if message.kind not in known:
            remarks.add(
                care.QualityCode.STATUS_UNMAPPED, f"{message.path}.typ", "no known type of message"
            )
    return Flow(tuple(sorted(held, key=lambda message: message.order)), withdrawn, bool(gone))


def state_of(flow: Flow, status: object, discharge: bool, remarks: Remarks) -> care.PlanStatus:
    """The case's state: the highest of what messages and status text say.

    In a case of discharge ``avslutad`` means that the person went home, not that the plan was
    closed: there that word does not count.
    """
    if flow.withdrawn:
        return care.PlanStatus.ENTERED_IN_ERROR
    said = {
        vocabulary.CASE_STATE[message.kind]
        for message in flow.messages
        if message.kind in vocabulary.CASE_STATE
    }
    text = vocabulary.squeezed(line_of(status))
    by_text = vocabulary.STATUS_TEXT.get(text)
    if by_text is not None and not (discharge and by_text is care.PlanStatus.CLOSED):
        said.add(by_text)
    if (text and by_text is None and not discharge) or not said:
        remarks.add(care.QualityCode.STATUS_UNMAPPED, "status", "no known status")
    return max(said, key=vocabulary.RANK.__getitem__, default=care.PlanStatus.UNKNOWN)


def _kind(body: Mapping[str, object]) -> str:
    return "_".join((line_of(body.get("typ")) or "").upper().split())
