"""What goes in and out as JSON: the desk's words with the types that the description is made of.

Unknown keys are refused. Knows nothing of HTTP; judges only what is no question of the desk's.
Long, for each shape is a class.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from samsvar.model.care import LegalBasis
from samsvar.model.catalogue import CareGiverKind, Contact, OrganisationKind, ProducerKind
from samsvar.model.identifiers import ContractUrn, folded
from samsvar.onboarding.application import CertificateFacts, Form, Happening
from samsvar.onboarding.desk import Standing
from samsvar.registry import short_name

Text = Annotated[str, Field(max_length=2000)]
Comment = Annotated[str, Field(max_length=500)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ContactBody(_In):
    """Whom to reach: a function rather than a person."""

    name: Text
    email: Text | None = None


class ProducerForm(_In):
    """A system that wants to be a producer."""

    id: Text | None = Field(default=None, description="left out: made of the name")
    name: Text = Field(description="what people call it")
    hsa_id: Text = Field(description="its logical address, and serialNumber of its certificate")
    owner: Text = Field(description="who is responsible for the information")
    organisation: OrganisationKind
    contact: ContactBody
    data_controller: Text = Field(description="personuppgiftsansvarig: SE and number, or HSA-id")
    url: Text = Field(description="where it is asked")
    kind: ProducerKind = Field(description="soap: it speaks the contracts; adapter: one does")
    adapter: Text | None = Field(default=None, description="which adapter, where kind is adapter")
    options: dict[str, Text] = Field(default={}, description="of the adapter")
    contracts: list[Text] = Field(description='URNs, or in short: "GetCarePlans 2"')
    timeout: float | None = Field(default=None, description="seconds it may take at most")
    care_giver_kind: CareGiverKind | None = Field(
        default=None, description="of the owner; needed where it is private and not known yet"
    )
    legal_basis: LegalBasis | None = Field(
        default=None,
        description="what its records are written under, where they cannot say; so they are marked"
        " for sharing. Needed for a nämnd that speaks the contract",
    )

    def form(self, known: Collection[ContractUrn]) -> Form:
        """As the desk takes it."""
        return Form(
            name=self.name,
            hsa_id=self.hsa_id,
            owner=self.owner,
            organisation=self.organisation,
            contact=Contact(self.contact.name, self.contact.email),
            data_controller=self.data_controller,
            url=self.url,
            kind=self.kind,
            contracts=urns(self.contracts, known),
            adapter=self.adapter,
            options=tuple(sorted(self.options.items())),
            timeout=self.timeout,
            care_giver_kind=self.care_giver_kind,
            legal_basis=self.legal_basis,
        )


class ProducerChange(_In):
    """What to change in the form; what is left out stays."""

    # The defaults are of the type only: none of them is ever taken into the form.
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=lambda schema: [
            field.pop("default", None) for field in schema["properties"].values()
        ].clear(),
    )

    name: Text = ""
    hsa_id: Text = ""
    owner: Text = ""
    organisation: OrganisationKind = OrganisationKind.REGION
    contact: ContactBody = ContactBody(name="")
    data_controller: Text = ""
    url: Text = ""
    kind: ProducerKind = ProducerKind.SOAP
    adapter: Text | None = None
    options: dict[str, Text] = {}
    contracts: list[Text] = []
    timeout: float | None = None
    care_giver_kind: CareGiverKind | None = None
    legal_basis: LegalBasis | None = None

    def changed(self, form: Form, known: Collection[ContractUrn]) -> Form:
        """The form with what was sent in it."""
        told: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if "contact" in told:
            told["contact"] = Contact(self.contact.name, self.contact.email)
        if "contracts" in told:
            told["contracts"] = urns(self.contracts, known)
        if "options" in told:
            told["options"] = tuple(sorted(self.options.items()))
        return replace(form, **told)


class PublicationBody(_In):
    """Asking for publication."""

    comment: Comment = ""


class ApprovalBody(_In):
    """A registrar's yes."""

    comment: Comment = ""
    consumers: list[Text] | None = Field(
        default=None, description="who may ask it; left out: all who may ask this hub"
    )
    social_care: bool = Field(
        default=False,
        description="they have declared that they keep the rules for social care's information",
    )
    revision: int | None = Field(default=None, description="that which was looked at")


class RejectionBody(_In):
    """A registrar's no."""

    comment: Comment = Field(description="why")


class DisabledBody(_In):
    """Out of service: it is not asked, and those who wanted it read the notice."""

    notice: Text
    until: AwareDatetime | None = Field(default=None, description="from then on it is asked again")


class NothingBody(_In):
    """Nothing needs to be said: ``{}``."""


class MeBody(BaseModel):
    """Who the caller was recognised as."""

    id: str
    name: str
    role: str
    rights: list[str]


class FormBody(BaseModel):
    """The form as it stands. Where secrets are is for registrars to see."""

    name: str
    hsa_id: str
    owner: str
    organisation: OrganisationKind
    contact: ContactBody
    data_controller: str
    url: str
    kind: ProducerKind
    adapter: str | None
    options: dict[str, str]
    secrets_set: list[str] = Field(description="options that are secrets, and have been given")
    contracts: list[str]
    timeout: float | None
    care_giver_kind: CareGiverKind | None
    legal_basis: LegalBasis | None


class CertificateBody(BaseModel):
    """What the system's certificate says."""

    subject: str
    issuer: str
    valid_from: datetime
    valid_to: datetime
    usages: list[str]
    fingerprint: str = Field(description="SHA-256")

    @classmethod
    def of(cls, facts: CertificateFacts) -> CertificateBody:
        """From the facts."""
        return cls(
            subject=facts.subject,
            issuer=facts.issuer,
            valid_from=facts.valid_from,
            valid_to=facts.valid_to,
            usages=list(facts.usages),
            fingerprint=facts.fingerprint,
        )


class HappeningBody(BaseModel):
    """One thing that was done."""

    at: datetime
    who: str
    role: str
    what: str
    comment: str

    @classmethod
    def of(cls, happening: Happening) -> HappeningBody:
        """From the history."""
        return cls(
            at=happening.at,
            who=happening.who,
            role=happening.role,
            what=happening.what,
            comment=happening.comment,
        )


class RouteBody(BaseModel):
    """By this contract it is asked at this address."""

    contract: str
    logical_address: str


class InForceBody(BaseModel):
    """The producer as the registry in force has it."""

    title: str
    url: str
    kind: ProducerKind
    routes: list[RouteBody]
    disabled: DisabledBody | None


class ProducerBody(BaseModel):
    """A producer: its application, what is in force, or both."""

    id: str
    state: Literal["draft", "asked", "published", "rejected", "in-registry-file"]
    revision: int | None
    form: FormBody | None
    certificate: CertificateBody | None
    in_force: InForceBody | None = Field(description="null: it is not asked by anybody")
    history: list[HappeningBody]

    @classmethod
    def of(
        cls, standing: Standing, secrets: Collection[str], *, show_secrets: bool
    ) -> ProducerBody:
        """From the desk. ``secrets``: the options of its adapter that are."""
        application, producer = standing.application, standing.producer
        in_force = None
        if producer is not None:
            off = standing.disabled
            in_force = InForceBody(
                title=producer.title,
                url=producer.address,
                kind=producer.kind,
                routes=[RouteBody(contract=c, logical_address=a) for c, a in standing.routes],
                disabled=DisabledBody(notice=off.notice, until=off.until) if off else None,
            )
        if application is None:
            return cls(
                id=standing.id,
                state="in-registry-file",
                revision=None,
                form=None,
                certificate=None,
                in_force=in_force,
                history=[],
            )
        facts = application.certificate
        return cls(
            id=standing.id,
            state=application.state.value,
            revision=application.revision,
            form=_form_body(application.form, () if show_secrets else secrets, secrets),
            certificate=CertificateBody.of(facts) if facts else None,
            in_force=in_force,
            history=[HappeningBody.of(one) for one in application.history],
        )


class ProducersBody(BaseModel):
    """All that the user may see."""

    producers: list[ProducerBody]


class PublishedBody(BaseModel):
    """The registry has a new version."""

    version: int
    producer: ProducerBody


class RequestBody(BaseModel):
    """A certificate request, judged."""

    acceptable: bool
    faults: list[str]
    wanted: list[str] = Field(description="what must be in one, and how it can be made")


def urns(names: Collection[str], known: Collection[ContractUrn]) -> tuple[ContractUrn, ...]:
    """Contracts by their short names; what is no such name is taken for a URN."""
    by_name = {folded(short_name(urn) or urn): urn for urn in known}
    return tuple(by_name.get(folded(name), ContractUrn(name)) for name in names)


def _form_body(form: Form, hidden: Collection[str], secrets: Collection[str]) -> FormBody:
    options = dict(form.options)
    return FormBody(
        name=form.name,
        hsa_id=form.hsa_id,
        owner=form.owner,
        organisation=form.organisation,
        contact=ContactBody(name=form.contact.name, email=form.contact.email),
        data_controller=form.data_controller,
        url=form.url,
        kind=form.kind,
        adapter=form.adapter,
        options={name: value for name, value in options.items() if name not in hidden},
        secrets_set=sorted(options.keys() & set(secrets)),
        contracts=list(form.contracts),
        timeout=form.timeout,
        care_giver_kind=form.care_giver_kind,
        legal_basis=form.legal_basis,
    )
