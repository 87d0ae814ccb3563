"""Registering: form, certificate, test. Nothing here changes the registry.

Knows what a user may write in a form. Publishing is ``onboarding.publication``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from samsvar.model.catalogue import ProducerKind
from samsvar.model.identifiers import ContractUrn, LogicalAddress
from samsvar.model.words import Words
from samsvar.onboarding import certificates
from samsvar.onboarding.application import Application, Form, State, id_from, is_id
from samsvar.onboarding.form import form_faults, secret_names
from samsvar.onboarding.records import Records, Standing, draft_of, must
from samsvar.onboarding.refusals import NotNow, NotValid
from samsvar.onboarding.roles import Right, User


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tested of a producer."""

    url: str
    logical_address: LogicalAddress
    contracts: tuple[ContractUrn, ...]
    approved: bool
    """Whether a registrar has said yes to the form as it stands."""


class Registration(Records):
    """What an applicant does."""

    def register(self, user: User, form: Form, wanted_id: str | None = None) -> Standing:
        """Take a new form.

        Raises:
            NotValid: with every fault of the form.
            NotNow: the id is taken, or the HSA-id is another application's.
        """
        must(user, Right.REGISTER)
        _, registry = self._office.newest()
        known = self._applications.all()
        taken = {each.id for each in known} | {each.id for each in registry.producers}
        self._check(user, form, None)
        if wanted_id is not None and not is_id(wanted_id):
            raise NotValid(
                Words("formuläret har ett fel", "the form has a fault"),
                ["id: 1 to 30 of a-z 0-9 -"],
            )
        if wanted_id in taken:
            raise NotNow(
                Words(
                    "en annan producent har det id:t: välj ett annat, eller utelämna det",
                    "another producer has this id: choose another, or leave it out",
                )
            )
        self._check_hsa_id_free(form, None, known)
        application = Application(
            id=wanted_id or id_from(form.name, taken),
            form=form,
            state=State.DRAFT,
            registered_by=user.id,
            history=(self._happening(user, "registered"),),
        )
        if not self._applications.add(application):
            raise NotNow(
                Words(
                    "en annan producent har fått det id:t under tiden: skicka igen",
                    "another producer has got this id in the meantime: send it again",
                )
            )
        return self._standing(application.id, application, registry)

    def change(self, user: User, name: str, changed: Callable[[Form], Form]) -> Standing:
        """Change the form; it is a draft again until it has been asked for and approved.

        Raises:
            NotValid: with every fault of the form.
            NotNow: what identifies a published producer cannot be changed.
        """
        application = self._own(user, Right.REGISTER, name)
        form = self._with_kept_secrets(user, application.form, changed(application.form))
        self._check(user, form, application.form)
        if form.hsa_id != application.form.hsa_id:
            if application.was_published:
                raise NotNow(
                    Words(
                        "en publicerad producent behåller sitt HSA-id: registrera den nya på nytt",
                        "a published producer keeps its HSA-id: register the new one anew",
                    )
                )
            self._check_hsa_id_free(form, application.id, self._applications.all())
        same_id = form.hsa_id == application.form.hsa_id
        self._office.drop_draft(draft_of(application))
        return self._kept(
            application.then(
                self._happening(user, "changed"),
                form=form,
                state=State.DRAFT,
                certificate=application.certificate if same_id else None,
                certificate_pem=application.certificate_pem if same_id else "",
            )
        )

    def take_certificate(self, user: User, name: str, pem: bytes) -> Standing:
        """Check and keep the system's certificate.

        Raises:
            NotValid: with everything that is wrong with it.
        """
        application = self._own(user, Right.REGISTER, name)
        house = self._house()
        facts = certificates.check_certificate(
            pem,
            application.form.hsa_id,
            self._clock.now(),
            client_authorities=house.client_authorities,
            server_authorities=house.server_authorities,
        )
        return self._kept(
            application.then(
                self._happening(user, "certificate taken"),
                certificate=facts,
                certificate_pem=pem.decode("ascii", "replace"),
            )
        )

    def judge_request(
        self, user: User, name: str, pem: bytes
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is wrong with a certificate request, and what must be in one.

        Raises:
            NotValid: it cannot be read.
        """
        application = self._own(user, Right.REGISTER, name)
        hsa_id = application.form.hsa_id
        return certificates.request_faults(pem, hsa_id), certificates.wanted_in_request(hsa_id)

    def to_test(self, user: User, name: str) -> Trial:
        """What is to be tested of a producer.

        Raises:
            NotNow: it does not speak the contracts itself.
        """
        application = self._own(user, Right.TEST, name)
        form = application.form
        if form.kind is not ProducerKind.SOAP:
            raise NotNow(
                Words(
                    "den står bakom en adapter, som prövas med sina egna fall",
                    "it stands behind an adapter: that is tested by its own cases",
                )
            )
        approved = application.state is State.PUBLISHED
        return Trial(form.url, LogicalAddress(form.hsa_id), form.contracts, approved)

    def tested(self, user: User, name: str, result: str) -> Standing:
        """Note that it was tested, and how it went: for the registrar to see."""
        application = self._own(user, Right.TEST, name)
        return self._kept(application.then(self._happening(user, "tested", result)))

    def _with_kept_secrets(self, user: User, before: Form, after: Form) -> Form:
        """Who may not set secrets does not see them either, and cannot lose them."""
        given = {name for name, _ in after.options}
        if user.may(Right.SET_SECRETS) or after.adapter != before.adapter:
            return after
        hidden = secret_names(before, self._house()) - given
        kept = tuple(pair for pair in before.options if pair[0] in hidden)
        return replace(after, options=(*after.options, *kept))

    def _check(self, user: User, form: Form, before: Form | None) -> None:
        house = self._house()
        faults = form_faults(form, house)
        if not user.may(Right.SET_SECRETS):
            old = dict(before.options) if before else {}
            faults += [
                f"options.{name}: only the hub's registrar says where a secret is: leave it out"
                for name, value in form.options
                if name in secret_names(form, house) and old.get(name) != value
            ]
            # A secret goes to whoever is at the address: with another one it must be given anew.
            if before and form.url != before.url and secret_names(form, house) & old.keys():
                faults.append("url: the registrar must change it, for a secret is sent there")
        if faults:
            raise NotValid(Words("formuläret har fel", "the form has faults"), faults)

    @staticmethod
    def _check_hsa_id_free(form: Form, own: str | None, known: Sequence[Application]) -> None:
        if any(
            each.form.hsa_id.lower() == form.hsa_id.lower() and each.id != own for each in known
        ):
            raise NotNow(
                Words(
                    "en annan ansökan har det HSA-id:t: ändra den i stället",
                    "another application has this HSA-id: change that one instead",
                )
            )
