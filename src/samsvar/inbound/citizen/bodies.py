"""What goes in and out as JSON, with the types that the description is made of.

Unknown keys are refused. Knows nothing of HTTP and of the model's own classes.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from samsvar.model.care import ActivityStatus, Principal
from samsvar.model.user import Capacity

Handle = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,64}$")]


class _In(BaseModel):
    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )


class _Out(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class CitizenQuestion(_In):
    """About whom, and in what capacity it is asked."""

    person: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Z]{12}$",
        description="12 characters; left out: the user's own number",
    )
    capacity: Capacity | None = Field(
        default=None, description="self if left out; guardian (vårdnadshavare), agent (ombud)"
    )


class PlanQuestion(CitizenQuestion):
    """One plan, and which of its activities are wanted."""

    plan: Handle = Field(description="as the list of plans gave it")
    responsible: Principal | None = Field(default=None, description="who answers for the activity")
    since: date | None = Field(default=None, alias="from", description="it goes on then or later")
    until: date | None = Field(default=None, description="it goes on then or earlier")
    status: ActivityStatus | None = None
    goal: str | None = Field(
        default=None, pattern=r"^g[1-9][0-9]{0,3}$", description="the goal that it serves: g1, ..."
    )
    theme: str | None = Field(
        default=None, max_length=200, description="life area (livsområde) of the needs shown"
    )


class ReportQuestion(CitizenQuestion):
    """Whose accesses, and when they were."""

    since: date | None = Field(default=None, alias="from", description="first day")
    until: date | None = Field(default=None, description="last day")


class Words(_Out):
    """For people."""

    sv: str
    en: str


class Coded(Words):
    """A code with its words."""

    code: str


class NotAnswered(Words):
    """A source that gave nothing this time."""

    source: str | None = Field(description="null: the name would tell too much")


class Collected(_Out):
    """What every answer says of itself."""

    partial: bool = Field(description="something of what is shown is left out")
    not_answered: list[NotAnswered] = Field(description="sources whose information is missing")


class CollectedPlans(Collected):
    """What an answer with plans says of itself."""

    protected_identity: bool = Field(
        default=False,
        description="skyddade personuppgifter: addresses and places are left out; told to the"
        " person alone, never to a guardian or an agent",
    )


class TimelineEntry(_Out):
    """Something that happens, or has happened."""

    kind: Literal["contact", "activity", "followUp", "meeting"]
    start: str | None = Field(description="a day or a moment; null: it is not known when")
    end: str | None = None
    text: str
    unit: str | None = Field(default=None, description="where, or who")
    status: Words | None = None
    plan: str | None = Field(default=None, description="handle of its plan")
    plan_title: str | None = None
    owner: str | None = Field(default=None, description="the care giver that answers for it")
    source: str


class Counts(_Out):
    """How much is shown."""

    plans: int
    contacts: int


class OverviewBody(CollectedPlans):
    """Level 1: what happens, in order."""

    timeline: list[TimelineEntry]
    counts: Counts
    links: dict[str, str]


class PlanLine(_Out):
    """Level 2: one plan."""

    plan: str = Field(description="handle: lets it be read for a while, by this user")
    type: Coded | None
    title: str
    status: Coded
    owner: str | None
    source: str
    established: str | None
    valid_from: date | None
    valid_to: date | None
    last_changed: str
    partial: bool


class PlansBody(CollectedPlans):
    """Level 2: all plans."""

    plans: list[PlanLine]


class NeedBody(_Out):
    """Behov."""

    text: str
    theme: str | None


class GoalBody(_Out):
    """Mål."""

    id: str
    kind: Coded
    text: str
    status: Coded
    target_date: date | None
    evaluation: str | None


class ActivityBody(_Out):
    """Insats."""

    text: str
    status: Coded
    goals: list[str]
    responsible: Coded | None
    unit: str | None
    person: str | None
    start: date | None
    end: date | None
    when: str | None


class ContactPersonBody(_Out):
    """Kontaktperson."""

    name: str | None
    role: str | None
    unit: str | None
    phone: str | None
    email: str | None


class MeetingBody(_Out):
    """SIP-möte."""

    at: str
    held: bool
    mode: str | None
    place: str | None


class FollowUpBody(_Out):
    """Uppföljning."""

    planned: date | None
    held: date | None
    text: str | None


class FileBody(_Out):
    """A document of the plan."""

    title: Words
    media_type: str
    url: str


class WholePlanBody(CollectedPlans):
    """Level 3: one plan, with what the filters leave of its activities, goals and needs."""

    head: PlanLine
    important: str | None = Field(description="what is important to the person, in own words")
    needs: list[NeedBody]
    goals: list[GoalBody]
    activities: list[ActivityBody]
    contacts: list[ContactPersonBody]
    meetings: list[MeetingBody]
    follow_ups: list[FollowUpBody]
    closed: date | None
    text: str = Field(description="the whole plan as text, whatever the filters are")
    files: list[FileBody]


class AccessBody(_Out):
    """Somebody has read."""

    at: str
    reader: str = Field(description="personal, du själv, vårdnadshavare, ombud, annat system")
    care_giver: str | None
    care_unit: str | None
    purpose: str = Field(description="in Swedish, as the national access log has it")
    what: str = Field(description="in Swedish, as the national access log has it")
    reader_text: Words
    purpose_text: Words
    what_text: Words
    activity: str
    emergency: bool
    existence_only: bool
    text: Words = Field(description="the same in one sentence")


class ReportBody(Collected):
    """Who has read, the latest first."""

    accesses: list[AccessBody]
    first_day: date
    last_day: date
