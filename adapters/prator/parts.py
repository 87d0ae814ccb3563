"""The parts of a plan, each made of one message: assessment, goals, activities, dates, print.

Knows each message's keys. Which messages count is decided in ``folding``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from samsvar.adapter_api import care
from samsvar_adapters.prator import vocabulary
from samsvar_adapters.prator.folding import Flow, Message
from samsvar_adapters.prator.native import (
    Remarks,
    line_of,
    number_of,
    object_of,
    objects_of,
    text_of,
    time_of,
)
from samsvar_adapters.prator.sharing import Sharing
from samsvar_adapters.prator.wording import read_who, split_sbar

_MOST_EMBEDDED = 100_000  # GetCarePlans 2.0: what may be embedded in content.value is 100 KB


@dataclass(frozen=True, slots=True)
class Parts:
    """Makes parts under one case's conditions."""

    sharing: Sharing
    remarks: Remarks

    def assessment(self, flow: Flow) -> care.Assessment | None:
        """SBAR of the last kartläggning; if there is none, the initiative's reason alone."""
        message = flow.last(vocabulary.ASSESSMENT)
        if message is None:
            initiative = flow.last(vocabulary.INITIATIVE)
            reason = text_of(initiative.body.get("anledning")) if initiative else None
            if initiative is None or reason is None:
                return None
            return care.Assessment(situation=reason, provenance=self.sharing.of_message(initiative))
        provenance = self.sharing.of_message(message)
        if whole := text_of(message.body.get("text")):
            split = split_sbar(whole)
            if split is None:
                self.remarks.add(
                    care.QualityCode.TEXT_NOT_SPLIT,
                    f"{message.path}.text",
                    "not exactly one S, B, A and R, in that order",
                )
                return care.Assessment(source_text=whole, provenance=provenance)
            return _assessment(split, provenance)
        fields = tuple(text_of(message.body.get(letter)) for letter in "SBAR")
        return _assessment(fields, provenance) if any(fields) else None

    def goals(self, flow: Flow) -> tuple[care.Goal, ...]:
        """The person's own goal first, to the letter; then those that were agreed."""
        plan = flow.plan
        if plan is None:
            return ()
        provenance = self.sharing.of_message(plan)
        goals: list[care.Goal] = []
        if own := text_of(plan.body.get("patientensMål")):
            goals.append(care.Goal("eget", care.GoalKind.PATIENT_OWN, own, provenance=provenance))
        results = self._results(flow)
        taken: set[str] = set()
        for place, row in objects_of(plan.body.get("mål"), self.remarks):
            text = text_of(row.get("text"))
            if text is None:
                self.remarks.left_out += 1
                continue
            goal_id = _own_id("m", row.get("nr"), place, taken)
            goals.append(
                care.Goal(
                    goal_id,
                    care.GoalKind.SHARED,
                    text,
                    status=results.get(goal_id, care.GoalStatus.ACTIVE),
                    provenance=provenance,
                )
            )
        return tuple(goals)

    def activities(self, plan: Message, goals: tuple[care.Goal, ...]) -> tuple[care.Activity, ...]:
        """Each activity of the plan, whoever may see it."""
        known = {goal.goal_id for goal in goals}
        taken: set[str] = set()
        activities: list[care.Activity] = []
        for place, row in objects_of(plan.body.get("aktiviteter"), self.remarks):
            text = text_of(row.get("vad"))
            if text is None:
                self.remarks.left_out += 1
                continue
            path = f"{plan.path}.aktiviteter[{place}]"
            who = read_who(line_of(row.get("vem")))
            when = line_of(row.get("när"))
            # "v. 23" and "dagligen" are no faulty dates: they are kept as they stand.
            start = time_of(when, path, Remarks())
            aimed = row.get("mål")
            wanted = (
                f"m{number_of(goal)}" for goal in (aimed if isinstance(aimed, list) else [aimed])
            )
            activities.append(
                care.Activity(
                    activity_id=_own_id("a", row.get("nr"), place, taken),
                    text=text,
                    status=self._activity_status(line_of(row.get("status")), path),
                    goal_ids=tuple(dict.fromkeys(goal for goal in wanted if goal in known)),
                    responsible_principal=who.principal,
                    responsible_unit=self.sharing.units.named(
                        row.get("enhet"), who.unit, None, f"{path}.enhet", self.remarks
                    ),
                    responsible_person=who.person,
                    start=start.date() if start else None,
                    timing_text=None if start else when,
                    provenance=self.sharing.of_activity(row, plan, path),
                )
            )
        return tuple(activities)

    def meetings(self, flow: Flow) -> tuple[care.Meeting, ...]:
        """The summoned meetings; held if a plan was made at or after the time."""
        plan = flow.plan
        made = time_of(plan.body.get("sänt"), f"{plan.path}.sänt", self.remarks) if plan else None
        meetings: list[care.Meeting] = []
        for message in flow.of_kind(vocabulary.SUMMONS):
            at = time_of(message.body.get("möte"), f"{message.path}.möte", self.remarks)
            if at is None:
                continue
            place = line_of(message.body.get("plats"))
            mode = {"video": "VIDEO", "telefon": "PHONE"}.get((place or "").casefold())
            meeting = care.Meeting(
                at, held=made is not None and made >= at, mode=mode, place=None if mode else place
            )
            if meeting not in meetings:
                meetings.append(meeting)
        return tuple(meetings)

    def follow_ups(self, flow: Flow) -> tuple[care.FollowUp, ...]:
        """The follow-ups that were held, and the one that the plan looks forward to."""
        follow_ups: list[care.FollowUp] = []
        for message in flow.of_kind(vocabulary.FOLLOW_UP):
            at = time_of(message.body.get("datum"), f"{message.path}.datum", self.remarks)
            text = text_of(message.body.get("text"))
            follow_ups.append(
                care.FollowUp(
                    held=at.date() if at else None,
                    text=text,
                    provenance=self.sharing.of_message(message),
                )
            )
        plan = flow.plan
        if plan is not None and not follow_ups:
            planned = time_of(
                plan.body.get("uppföljning"), f"{plan.path}.uppföljning", self.remarks
            )
            if planned:
                follow_ups.append(
                    care.FollowUp(planned=planned.date(), provenance=self.sharing.of_message(plan))
                )
        return tuple(follow_ups)

    def closing(self, flow: Flow) -> care.Closing | None:
        """The evaluation that closed the plan, or the word that it was broken off."""
        message = flow.last(vocabulary.CLOSING) or flow.last(vocabulary.INTERRUPTION)
        if message is None:
            return None
        at = time_of(message.body.get("datum"), f"{message.path}.datum", self.remarks) or time_of(
            message.body.get("sänt"), f"{message.path}.sänt", self.remarks
        )
        if at is None:
            self.remarks.left_out += 1
            self.remarks.add(
                care.QualityCode.UNPARSED_DATE, message.path, "a closing without a day"
            )
            return None
        reason = vocabulary.squeezed(line_of(message.body.get("orsak")))
        return care.Closing(
            closed=at.date(),
            reason=vocabulary.CLOSING_REASON.get(reason, "OTHER") if reason else None,
            evaluation=text_of(message.body.get("text")),
            provenance=self.sharing.of_message(message),
        )

    def contacts(self, plan: Message) -> tuple[care.Contact, ...]:
        """Fast vårdkontakt, where the plan names one."""
        named = object_of(plan.body.get("fastVårdkontakt"))
        name = line_of(named.get("namn"))
        unit = self.sharing.units.named(
            named.get("enhet"), named.get("enhetsnamn"), None, plan.path, self.remarks
        )
        if name is None and unit is None:
            return ()
        return (
            care.Contact(
                name=name,
                type_code="1",
                profession=line_of(named.get("befattning")),
                unit=unit,
                phone=line_of(named.get("telefon")),
                provenance=self.sharing.of_message(plan),
            ),
        )

    def attachments(
        self, printed: object, provenance: care.Provenance
    ) -> tuple[care.Attachment, ...]:
        """The print of the case: it shows the whole plan. Only a real PDF is handed on."""
        row = object_of(printed)
        written = row.get("innehåll")
        if not isinstance(written, str) or not written.strip():
            return ()
        try:
            content = base64.b64decode("".join(written.split()), validate=True)
        except (ValueError, binascii.Error):
            content = b""
        if not content.startswith(b"%PDF-"):
            self.remarks.add(
                care.QualityCode.ATTACHMENT_UNREADABLE, "utskrift", "not a PDF in base64"
            )
            return ()
        if len(content) > _MOST_EMBEDDED:
            self.remarks.add(
                care.QualityCode.ATTACHMENT_TOO_BIG, "utskrift", f"{len(content)} bytes"
            )
        return (
            care.Attachment(
                "utskrift", "application/pdf", content, size=len(content), provenance=provenance
            ),
        )

    def _activity_status(self, written: str | None, path: str) -> care.ActivityStatus:
        status = vocabulary.ACTIVITY_STATUS.get(vocabulary.squeezed(written))
        if status is None and written is not None:
            self.remarks.add(care.QualityCode.STATUS_UNMAPPED, f"{path}.status", "no known status")
        return status or care.ActivityStatus.UNKNOWN

    def _results(self, flow: Flow) -> Mapping[str, care.GoalStatus]:
        message = flow.last(vocabulary.CLOSING)
        if message is None:
            return {}
        results: dict[str, care.GoalStatus] = {}
        for _place, row in objects_of(message.body.get("måluppfyllelse"), self.remarks):
            word = vocabulary.squeezed(line_of(row.get("uppfyllt")))
            if word in vocabulary.GOAL_STATUS:
                results[f"m{number_of(row.get('mål'))}"] = vocabulary.GOAL_STATUS[word]
        return results


def _assessment(fields: tuple[str | None, ...], provenance: care.Provenance) -> care.Assessment:
    situation, background, state, recommendation = fields
    return care.Assessment(situation, background, state, recommendation, provenance=provenance)


def _own_id(letter: str, number: object, place: int, taken: set[str]) -> str:
    """The source's number, and the place in the list where that is missing or taken."""
    known = number_of(number)
    wanted = f"{letter}{known}" if known is not None else f"{letter}-rad{place + 1}"
    if wanted in taken:
        wanted = f"{wanted}-rad{place + 1}"
    taken.add(wanted)
    return wanted
