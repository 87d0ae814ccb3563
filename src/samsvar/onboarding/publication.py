"""Publishing: asking, a registrar's answer, out of service and back. Each yes is a version.

Knows when it may be done, and does it again on whatever others have published in between. What
rows it makes is ``onboarding.registering``'s. Long, for each no is told in both languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from samsvar.model.catalogue import Disabled
from samsvar.model.words import Words
from samsvar.observe.masking import masked
from samsvar.onboarding.application import STATE_WORDS, Application, Happening, State
from samsvar.onboarding.form import missing_secrets
from samsvar.onboarding.records import Records, Standing, draft_of, must
from samsvar.onboarding.refusals import NotAllowed, NotNow, NotValid, RegistryMoved
from samsvar.onboarding.registering import (
    connected,
    somebody_is_shown,
    somebody_may_ask,
    suspended,
)
from samsvar.onboarding.roles import Right, Role, User
from samsvar.registry import Registry

_ATTEMPTS = 5  # others publish too, but not all the time
_MOST_CONSUMERS = 100
_LONGEST_NOTICE = 200
_CONSUMER = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_SUSPENDED = ("disabled", "enabled")


class Publication(Records):
    """What changes the registry."""

    def ask_publication(self, user: User, name: str, comment: str = "") -> Standing:
        """Ask that the producer be taken into the registry. A registrar finds a draft of it.

        Raises:
            NotNow: it has been asked for already, or cannot be published as it stands.
        """
        application = self._own(user, Right.ASK_PUBLICATION, name)
        if application.state in (State.ASKED, State.PUBLISHED):
            raise NotNow(
                Words(
                    f"ansökan är redan {STATE_WORDS[application.state]}",
                    f"the application is {application.state.value} already",
                )
            )
        house = self._house()
        self._check_still_valid(application)
        base, registry = self._office.newest()
        draft = connected(registry, application, None, house, self._clock.now())
        self._office.keep_draft(draft_of(application), base, draft, user.name)
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
        social_care: bool = False,
        revision: int | None = None,
    ) -> tuple[int, Standing]:
        """Publish: routes and permissions are in force at once. The registry's new version.

        Args:
            consumers: who may ask it; None: all who may ask this hub by the same contracts.
            social_care: they have declared that they keep the rules for social care's information.
            revision: that which the registrar has looked at.

        Raises:
            NotNow: it has not been asked for, was changed since, or the registry refuses it.
        """
        application = self._own(user, Right.DECIDE_PUBLICATION, name)
        if application.state is not State.ASKED:
            raise NotNow(
                Words(
                    f"ingen har bett om det: ansökan är {STATE_WORDS[application.state]}",
                    f"nobody has asked for it: the application is {application.state.value}",
                )
            )
        if revision is not None and revision != application.revision:
            raise NotNow(
                Words(
                    "ansökan har ändrats sedan den utgåvan: se på den igen",
                    "the application was changed since that revision: look at it again",
                )
            )
        _check_consumers(consumers)
        house = self._house()
        self._check_still_valid(application)
        if lacking := missing_secrets(application.form, house):
            raise NotNow(
                Words(
                    "adapterns hemligheter finns inte alla på plats",
                    "the adapter's secrets are not all there",
                ),
                lacking,
            )

        def with_it(registry: Registry) -> Registry:
            now = self._clock.now()
            if not somebody_may_ask(registry, application.form, consumers, house, now):
                raise NotNow(
                    Words(
                        "ingen får fråga det här navet än: säg vilka som får fråga (consumers)",
                        "nobody may ask this hub yet: say who may ask it (consumers)",
                    )
                )
            made = connected(registry, application, consumers, house, now, social_care=social_care)
            if not somebody_is_shown(made, application.form, now):
                raise NotNow(
                    Words(
                        "ingen som får fråga har intygat att den håller reglerna för"
                        " socialtjänstens uppgifter, så inga av dem skulle visas: har de"
                        " intygat det, ange social_care",
                        "nobody who may ask it has declared that it keeps the rules for social"
                        " care's"
                        " information, so none of it would be shown: if they have, say social_care",
                    )
                )
            return made

        version = self._published(
            with_it,
            user,
            f"producer {application.id}: {comment or 'approved'}",
            draft=draft_of(application),
        )
        happening = self._happening(user, "published", comment)
        return version, self._noted(application, happening, state=State.PUBLISHED)

    def reject(self, user: User, name: str, comment: str) -> Standing:
        """Say no, and why.

        Raises:
            NotValid: there is no comment.
            NotNow: it has not been asked for.
        """
        application = self._own(user, Right.DECIDE_PUBLICATION, name)
        if application.state is not State.ASKED:
            raise NotNow(
                Words(
                    f"ingen har bett om det: ansökan är {STATE_WORDS[application.state]}",
                    f"nobody has asked for it: the application is {application.state.value}",
                )
            )
        if not comment:
            raise NotValid(
                Words("säg varför", "say why"), [Words("kommentar: saknas", "comment: is missing")]
            )
        self._office.drop_draft(draft_of(application))
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
        must(user, Right.SUSPEND)
        standing = self._in_force(user, name)
        self._check_notice(notice, until)
        return self._suspended(user, standing, Disabled(notice, until), "disabled", notice)

    def enable(self, user: User, name: str) -> tuple[int, Standing]:
        """Put it back in service.

        Raises:
            NotAllowed: somebody of the hub has put it out of service, and a producer asks.
            NotNow: it is not in the registry, or not out of service.
        """
        must(user, Right.SUSPEND)
        standing = self._in_force(user, name)
        if standing.disabled is None:
            raise NotNow(Words("den är redan i drift", "it is in service already"))
        if user.role is Role.PRODUCER:
            last = standing.application.last(*_SUSPENDED) if standing.application else None
            if last is None or last.role != Role.PRODUCER.value:
                raise NotAllowed(
                    Words(
                        "navets operatörer har tagit den ur drift: fråga dem",
                        "the hub's operators have put it out of service: ask them",
                    )
                )
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
            return version, self._noted(standing.application, happening)
        return version, self.one(user, standing.id)

    def _noted(self, application: Application, happening: Happening, **changes: object) -> Standing:
        """It has been done: that is kept also where somebody has changed the form meanwhile."""
        done = application.then(happening, **changes)
        if self._applications.replace(done):
            return self._now(done)
        current = self._applications.get(application.id)
        return self._kept((current or application).then(happening))

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
        raise NotNow(
            Words(
                "andra publicerar hela tiden: försök igen",
                "others are publishing all the time: try again",
            )
        )

    def _in_force(self, user: User, name: str) -> Standing:
        standing = self.one(user, name)
        if standing.producer is None:
            raise NotNow(
                Words(
                    "den finns inte i registret än: det finns inget att ta ur drift",
                    "it is not in the registry yet: there is nothing to put out of service",
                )
            )
        return standing

    def _check_notice(self, notice: str, until: datetime | None) -> None:
        faults = []
        if not notice or notice != notice.strip() or not notice.isprintable():
            faults.append(
                Words(
                    "meddelande: en rad text, utan blanksteg i ändarna",
                    "notice: one line of text, without blanks at its ends",
                )
            )
        elif len(notice) > _LONGEST_NOTICE:
            faults.append(
                Words(
                    f"meddelande: högst {_LONGEST_NOTICE} tecken",
                    f"notice: at most {_LONGEST_NOTICE} characters",
                )
            )
        elif masked(notice) != notice:
            faults.append(
                Words(
                    "meddelande: innehåller något som kan vara ett personnummer: ta bort det",
                    "notice: holds what could be a personal number: leave it out",
                )
            )
        if until is not None and until.tzinfo is None:
            faults.append(
                Words(
                    "till: med tidszon, som 2026-01-31T18:00:00+01:00",
                    "until: with its zone, such as 2026-01-31T18:00:00+01:00",
                )
            )
        elif until is not None and until <= self._clock.now():
            faults.append(Words("till: tiden har redan varit", "until: is past"))
        if faults:
            raise NotValid(
                Words("så kan den inte tas ur drift", "it cannot be put out of service so"), faults
            )


def _check_consumers(consumers: Sequence[str] | None) -> None:
    if consumers is None:
        return
    if not 0 < len(consumers) <= _MOST_CONSUMERS or not all(map(_CONSUMER.fullmatch, consumers)):
        raise NotValid(
            Words("de kan inte vara konsumenter", "these cannot be consumers"),
            [
                Words(
                    f"konsumenter: 1 till {_MOST_CONSUMERS} HSA-id: bokstäver, siffror och -",
                    f"consumers: 1 to {_MOST_CONSUMERS} HSA-ids: letters, digits and -",
                )
            ],
        )
