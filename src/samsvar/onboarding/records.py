"""Producers as they stand, read and kept again: every errand begins and ends with that.

Knows applications and the registry in force, and whose business each is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from samsvar.model.catalogue import Disabled, Producer
from samsvar.model.words import Words
from samsvar.observe.masking import masked
from samsvar.onboarding.application import Application, Happening
from samsvar.onboarding.form import form_faults
from samsvar.onboarding.ports import Applications, House, RegistryOffice
from samsvar.onboarding.refusals import NotAllowed, NotNow, NotThere, NotValid
from samsvar.onboarding.registering import (
    find,
    routes_by_producer,
)
from samsvar.onboarding.roles import Right, User
from samsvar.ports import Clock
from samsvar.registry import Registry

_LONGEST_COMMENT = 500


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


class Records:
    """Reads, looks whether the user may, and keeps."""

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
        must(user, Right.SEE_PRODUCERS)
        _, registry = self._office.newest()
        applications = {each.id: each for each in self._applications.all()}
        ids = sorted({*applications, *(producer.id for producer in registry.producers)})
        seen = [name for name in ids if user.sees(name, _registered_by(applications.get(name)))]
        return self._standings(seen, applications, registry)

    def one(self, user: User, name: str) -> Standing:
        """One producer.

        Raises:
            NotThere: nobody of that name, or not the user's business.
        """
        must(user, Right.SEE_PRODUCERS)
        _, registry = self._office.newest()
        application = self._applications.get(name)
        if application is None and find(registry, name) is None:
            raise _not_there()
        if not user.sees(name, _registered_by(application)):
            raise _not_there()
        return self._standing(name, application, registry)

    def _own(self, user: User, right: Right, name: str) -> Application:
        """The application, if the user may do this with it."""
        must(user, right)
        application = self._applications.get(name)
        if application is None:
            self.one(user, name)
            raise NotNow(
                Words(
                    "den finns i registerfilen, inte här: ändra den där",
                    "it is kept in the registry file, not here: change it there",
                )
            )
        if not user.sees(name, application.registered_by):
            raise _not_there()
        return application

    def _kept(self, application: Application) -> Standing:
        if not self._applications.replace(application):
            raise NotNow(
                Words(
                    "någon annan har ändrat den under tiden: se på den igen",
                    "somebody else has changed it in the meantime: look at it again",
                )
            )
        return self._now(application)

    def _now(self, application: Application) -> Standing:
        _, registry = self._office.newest()
        return self._standing(application.id, application, registry)

    def _standing(self, name: str, application: Application | None, registry: Registry) -> Standing:
        known = {name: application} if application else {}
        return self._standings([name], known, registry)[0]

    def _standings(
        self, names: Iterable[str], known: Mapping[str, Application], registry: Registry
    ) -> list[Standing]:
        """One for each name; the registry is gone through once."""
        producers = {producer.id: producer for producer in registry.producers}
        routes = routes_by_producer(registry)
        now = self._clock.now()
        found = []
        for name in names:
            producer = producers.get(name)
            disabled = producer.out_of_service(now) if producer else None
            found.append(Standing(name, known.get(name), producer, routes.get(name, ()), disabled))
        return found

    def _happening(self, user: User, what: str, comment: str = "") -> Happening:
        if len(comment) > _LONGEST_COMMENT or masked(comment) != comment:
            raise NotValid(
                Words("kommentaren kan inte sparas", "the comment cannot be kept"),
                [
                    Words(
                        f"kommentar: högst {_LONGEST_COMMENT} tecken, utan personnummer",
                        f"comment: at most {_LONGEST_COMMENT} characters, without personal numbers",
                    )
                ],
            )
        return Happening(self._clock.now(), user.name, user.role.value, what, comment)

    def _check_still_valid(self, application: Application) -> None:
        """Contracts and adapters may have gone since the form was taken."""
        if faults := form_faults(application.form, self._house()):
            raise NotNow(
                Words(
                    "formuläret håller inte längre: ändra det",
                    "the form does not hold any more: change it",
                ),
                faults,
            )


def must(user: User, right: Right) -> None:
    """Raises NotAllowed: the role does not have the right."""
    if not user.may(right):
        raise NotAllowed(
            Words(
                "din roll får inte göra det här",
                f"the role {user.role.value} may not do this ({right.value})",
            )
        )


def _not_there() -> NotThere:
    return NotThere(
        Words(
            "det finns ingen sådan producent, eller så är den inte din",
            "there is no such producer, or it is not yours",
        )
    )


def _registered_by(application: Application | None) -> str | None:
    return application.registered_by if application else None


def draft_of(application: Application) -> str:
    """The draft of the registry in which a registrar looks at it."""
    return f"producer-{application.id}"
