"""The desk where producers are registered, looked at, published and put out of service.

One method for each thing that can be done, for every door: each looks whether the user may, and
whether things stand so that it can be. Plain functions that take milliseconds: call them outside
the event loop. Knows no HTTP, no SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from samsvar.model.catalogue import Disabled, Producer, ProducerKind
from samsvar.model.identifiers import ContractUrn, LogicalAddress
from samsvar.observe.masking import masked
from samsvar.onboarding import certificates
from samsvar.onboarding.application import Application, Form, Happening, State, id_from, is_id
from samsvar.onboarding.form import form_faults, missing_secrets, secret_names
from samsvar.onboarding.ports import Applications, House, RegistryOffice
from samsvar.onboarding.refusals import NotAllowed, NotNow, NotThere, NotValid, RegistryMoved
from samsvar.onboarding.registering import (
    addresses_of,
    connected,
    find,
    somebody_may_ask,
    suspended,
)
from samsvar.onboarding.roles import Right, Role, User
from samsvar.ports import Clock
from samsvar.registry import Registry

_ATTEMPTS = 5  # others publish too, but not all the time
_MOST_CONSUMERS = 100
_LONGEST_COMMENT = 500
_LONGEST_NOTICE = 200
_CONSUMER = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_SUSPENDED = ("disabled", "enabled")


@dataclass(frozen=True, slots=True)
class Standing:
    """One producer as it stands: its application, what is in force, or both."""

    id: str
    application: Application | None
    producer: Producer | None
    """As the registry in force has it."""
    routes: tuple[tuple[str, str], ...] = ()
    """Contract and logical address of each route to it."""
    disabled: Disabled | None = None
    """Why it is not asked now."""


class ProducerDesk:
    """Everything that is done with producers from outside."""

    def __init__(
        self,
        applications: Applications,
        office: RegistryOffice,
        house: Callable[[], House],
        clock: Clock,
    ) -> None:
        """``house`` is asked each time: contracts may be added while the hub runs."""
        self._applications = applications
        self._office = office
        self._house = house
        self._clock = clock

    def all(self, user: User) -> list[Standing]:
        """Every producer that the user may see, by id."""
        _must(user, Right.SEE_PRODUCERS)
        _, registry = self._office.newest()
        applications = {each.id: each for each in self._applications.all()}
        ids = sorted({*applications, *(producer.id for producer in registry.producers)})
        return [
            self._standing(name, applications.get(name), registry)
            for name in ids
            if user.sees(name, _registered_by(applications.get(name)))
        ]

    def one(self, user: User, name: str) -> Standing:
        """One producer.

        Raises:
            NotThere: nobody of that name, or not the user's business.
        """
        _must(user, Right.SEE_PRODUCERS)
        _, registry = self._office.newest()
        application = self._applications.get(name)
        if application is None and find(registry, name) is None:
            raise _not_there()
        if not user.sees(name, _registered_by(application)):
            raise _not_there()
        return self._standing(name, application, registry)

    def register(self, user: User, form: Form, wanted_id: str | None = None) -> Standing:
        """Take a new form.

        Raises:
            NotValid: with every fault of the form.
            NotNow: the id is taken, or the HSA-id is another application's.
        """
        _must(user, Right.REGISTER)
        _, registry = self._office.newest()
        known = self._applications.all()
        taken = {each.id for each in known} | {each.id for each in registry.producers}
        self._check(user, form, None)
        if wanted_id is not None and not is_id(wanted_id):
            raise NotValid("the form has a fault", ["id: 1 to 30 of a-z 0-9 -"])
        if wanted_id in taken:
            raise NotNow("another producer has this id: choose another, or leave it out")
        self._check_hsa_id_free(form, None, known)
        application = Application(
            id=wanted_id or id_from(form.name, taken),
            form=form,
            state=State.DRAFT,
            registered_by=user.id,
            history=(self._happening(user, "registered"),),
        )
        if not self._applications.add(application):
            raise NotNow("another producer has got this id in the meantime: send it again")
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
                raise NotNow("a published producer keeps its HSA-id: register the new one anew")
            self._check_hsa_id_free(form, application.id, self._applications.all())
        same_id = form.hsa_id == application.form.hsa_id
        self._office.drop_draft(_draft(application))
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

    def to_test(self, user: User, name: str) -> tuple[str, LogicalAddress, tuple[ContractUrn, ...]]:
        """URL, logical address and contracts of a producer that is to be tested.

        Raises:
            NotNow: it does not speak the contracts itself.
        """
        form = self._own(user, Right.TEST, name).form
        if form.kind is not ProducerKind.SOAP:
            raise NotNow("it stands behind an adapter: that is tested by its own cases")
        return form.url, LogicalAddress(form.hsa_id), form.contracts

    def tested(self, user: User, name: str, result: str) -> Standing:
        """Note that it was tested, and how it went: for the registrar to see."""
        application = self._own(user, Right.TEST, name)
        return self._kept(application.then(self._happening(user, "tested", result)))

    def ask_publication(self, user: User, name: str, comment: str = "") -> Standing:
        """Ask that the producer be taken into the registry. A registrar finds a draft of it.

        Raises:
            NotNow: it has been asked for already, or cannot be published as it stands.
        """
        application = self._own(user, Right.ASK_PUBLICATION, name)
        if application.state in (State.ASKED, State.PUBLISHED):
            raise NotNow(f"the application is {application.state.value} already")
        house = self._house()
        self._check_still_valid(application)
        base, registry = self._office.newest()
        draft = connected(registry, application, None, house, self._clock.now())
        self._office.keep_draft(_draft(application), base, draft, user.name)
        return self._kept(
            application.then(self._happening(user, "asked", comment), state=State.ASKED)
        )

    def approve(
        self,
        user: User,
        name: str,
        comment: str,
        *,
        consumers: Sequence[str] | None = None,
        revision: int | None = None,
    ) -> tuple[int, Standing]:
        """Publish: routes and permissions are in force at once. The registry's new version.

        Args:
            consumers: who may ask it; None: all who may ask this hub by the same contracts.
            revision: that which the registrar has looked at.

        Raises:
            NotNow: it has not been asked for, was changed since, or the registry refuses it.
        """
        application = self._own(user, Right.DECIDE_PUBLICATION, name)
        if application.state is not State.ASKED:
            raise NotNow(f"nobody has asked for it: the application is {application.state.value}")
        if revision is not None and revision != application.revision:
            raise NotNow("the application was changed since that revision: look at it again")
        _check_consumers(consumers)
        house = self._house()
        self._check_still_valid(application)
        if lacking := missing_secrets(application.form, house):
            raise NotNow("the adapter's secrets are not all there", lacking)

        def with_it(registry: Registry) -> Registry:
            now = self._clock.now()
            if not somebody_may_ask(registry, application.form, consumers, house, now):
                raise NotNow("nobody may ask this hub yet: say who may ask it (consumers)")
            return connected(registry, application, consumers, house, now)

        version = self._published(
            with_it,
            user,
            f"producer {application.id}: {comment or 'approved'}",
            draft=_draft(application),
        )
        happening = self._happening(user, "published", comment)
        return version, self._kept(application.then(happening, state=State.PUBLISHED))

    def reject(self, user: User, name: str, comment: str) -> Standing:
        """Say no, and why.

        Raises:
            NotValid: there is no comment.
            NotNow: it has not been asked for.
        """
        application = self._own(user, Right.DECIDE_PUBLICATION, name)
        if application.state is not State.ASKED:
            raise NotNow(f"nobody has asked for it: the application is {application.state.value}")
        if not comment:
            raise NotValid("say why", ["comment: is missing"])
        self._office.drop_draft(_draft(application))
        return self._kept(
            application.then(self._happening(user, "rejected", comment), state=State.REJECTED)
        )

    def disable(
        self, user: User, name: str, notice: str, until: datetime | None
    ) -> tuple[int, Standing]:
        """Put a producer out of service: it is not asked, and consumers read the notice.

        Raises:
            NotValid: the notice cannot be shown, or the time is past.
            NotNow: it is not in the registry.
        """
        _must(user, Right.SUSPEND)
        standing = self._in_force(user, name)
        self._check_notice(notice, until)
        return self._suspended(user, standing, Disabled(notice, until), "disabled", notice)

    def enable(self, user: User, name: str) -> tuple[int, Standing]:
        """Put it back in service.

        Raises:
            NotAllowed: somebody of the hub has put it out of service, and a producer asks.
            NotNow: it is not in the registry, or not out of service.
        """
        _must(user, Right.SUSPEND)
        standing = self._in_force(user, name)
        if standing.disabled is None:
            raise NotNow("it is in service already")
        if user.role is Role.PRODUCER:
            last = standing.application.last(*_SUSPENDED) if standing.application else None
            if last is None or last.role != Role.PRODUCER.value:
                raise NotAllowed("the hub's operators have put it out of service: ask them")
        return self._suspended(user, standing, None, "enabled", "")

    def _suspended(
        self, user: User, standing: Standing, disabled: Disabled | None, what: str, notice: str
    ) -> tuple[int, Standing]:
        version = self._published(
            lambda registry: suspended(registry, standing.id, disabled),
            user,
            f"producer {standing.id}: {what}",
        )
        if standing.application is not None:
            happening = self._happening(user, what, notice)
            return version, self._kept(standing.application.then(happening))
        return version, self.one(user, standing.id)

    def _published(
        self,
        change: Callable[[Registry], Registry],
        user: User,
        comment: str,
        *,
        draft: str | None = None,
    ) -> int:
        """The change made to whatever is in force, however many others publish meanwhile."""
        for _ in range(_ATTEMPTS):
            base, registry = self._office.newest()
            changed = change(registry)
            try:
                return self._office.publish(base, changed, user.name, comment, draft=draft)
            except RegistryMoved:
                continue
        raise NotNow("others are publishing all the time: try again")

    def _own(self, user: User, right: Right, name: str) -> Application:
        """The application, if the user may do this with it."""
        _must(user, right)
        application = self._applications.get(name)
        if application is None:
            self.one(user, name)
            raise NotNow("it is kept in the registry file, not here: change it there")
        if not user.sees(name, application.registered_by):
            raise _not_there()
        return application

    def _in_force(self, user: User, name: str) -> Standing:
        standing = self.one(user, name)
        if standing.producer is None:
            raise NotNow("it is not in the registry yet: there is nothing to put out of service")
        return standing

    def _kept(self, application: Application) -> Standing:
        if not self._applications.replace(application):
            raise NotNow("somebody else has changed it in the meantime: look at it again")
        _, registry = self._office.newest()
        return self._standing(application.id, application, registry)

    def _standing(self, name: str, application: Application | None, registry: Registry) -> Standing:
        producer = find(registry, name)
        disabled = producer.out_of_service(self._clock.now()) if producer else None
        return Standing(name, application, producer, addresses_of(registry, name), disabled)

    def _happening(self, user: User, what: str, comment: str = "") -> Happening:
        if len(comment) > _LONGEST_COMMENT or masked(comment) != comment:
            raise NotValid(
                "the comment cannot be kept",
                [f"comment: at most {_LONGEST_COMMENT} characters, without personal numbers"],
            )
        return Happening(self._clock.now(), user.name, user.role.value, what, comment)

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
            raise NotValid("the form has faults", faults)

    def _check_still_valid(self, application: Application) -> None:
        """Contracts and adapters may have gone since the form was taken."""
        if faults := form_faults(application.form, self._house()):
            raise NotNow("the form does not hold any more: change it", faults)

    @staticmethod
    def _check_hsa_id_free(form: Form, own: str | None, known: Sequence[Application]) -> None:
        if any(
            each.form.hsa_id.lower() == form.hsa_id.lower() and each.id != own for each in known
        ):
            raise NotNow("another application has this HSA-id: change that one instead")

    def _check_notice(self, notice: str, until: datetime | None) -> None:
        faults = []
        if not notice or notice != notice.strip() or not notice.isprintable():
            faults.append("notice: one line of text, without blanks at its ends")
        elif len(notice) > _LONGEST_NOTICE:
            faults.append(f"notice: at most {_LONGEST_NOTICE} characters")
        elif masked(notice) != notice:
            faults.append("notice: holds what could be a personal number: leave it out")
        if until is not None and until.tzinfo is None:
            faults.append("until: with its zone, such as 2026-01-31T18:00:00+01:00")
        elif until is not None and until <= self._clock.now():
            faults.append("until: is past")
        if faults:
            raise NotValid("it cannot be put out of service so", faults)


def _check_consumers(consumers: Sequence[str] | None) -> None:
    if consumers is None:
        return
    if not 0 < len(consumers) <= _MOST_CONSUMERS or not all(map(_CONSUMER.fullmatch, consumers)):
        raise NotValid(
            "these cannot be consumers",
            [f"consumers: 1 to {_MOST_CONSUMERS} HSA-ids: letters, digits and -"],
        )


def _must(user: User, right: Right) -> None:
    if not user.may(right):
        raise NotAllowed(f"the role {user.role.value} may not do this ({right.value})")


def _not_there() -> NotThere:
    return NotThere("there is no such producer, or it is not yours")


def _registered_by(application: Application | None) -> str | None:
    return application.registered_by if application else None


def _draft(application: Application) -> str:
    return f"producer-{application.id}"
