"""The registry in force as the desk needs it: read whole, changed whole, drafts beside.

Puts ``store.catalogue`` and ``store.drafts`` together, and says what they refuse in the desk's
words. Knows no rule of what a registry holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.words import Words
from samsvar.onboarding.ports import RegistryOffice
from samsvar.onboarding.refusals import NotNow, RegistryMoved
from samsvar.registry import Registry, RegistryInvalid
from samsvar.store.catalogue import CatalogueMoved, CatalogueShrinks, SqlCatalogue
from samsvar.store.drafts import DraftRefused, Drafts

_EMPTY = Registry((), (), (), ())
_UNREADABLE = Words(
    "det här programmet kan inte läsa det register som gäller",
    "the registry in force cannot be read by this program",
)
_UNSOUND = Words(
    "registret skulle inte hålla ihop med den", "the registry would not be sound with it"
)


class SqlRegistryOffice:
    """Implements ``onboarding.ports.RegistryOffice``."""

    def __init__(
        self, catalogue: SqlCatalogue, drafts: Drafts, parse: Callable[[str], Registry]
    ) -> None:
        self._catalogue = catalogue
        self._drafts = drafts
        self._parse = parse
        self._read: tuple[int, Registry] = (0, _EMPTY)

    def newest(self) -> tuple[int, Registry]:
        """The version in force with its number; 0 and an empty one before the first."""
        try:
            number = self._catalogue.newest()
            if number == 0:
                return 0, _EMPTY
            if self._read[0] != number:  # to read a whole country takes seconds
                self._read = (number, self._parse(self._catalogue.registry(number) or ""))
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the registry cannot be read ({type(error).__name__})"
            ) from error
        except RegistryInvalid as error:
            raise _refused(_UNREADABLE, error) from error
        return self._read

    def publish(
        self, base: int, registry: Registry, who: str, comment: str, *, draft: str | None
    ) -> int:
        """Put the registry in force; its number. A draft of that name goes in the same moment."""
        with _in_the_desks_words():
            return self._catalogue.publish(registry, who, comment, base=base, draft=draft)

    def keep_draft(self, name: str, base: int, registry: Registry, who: str) -> None:
        """Let a registrar look at what would be published."""
        with _in_the_desks_words():
            self.drop_draft(name)
            self._drafts.new(name, base, registry, who)

    def drop_draft(self, name: str) -> None:
        """The draft is no longer wanted, if it is there."""
        with suppress(DraftRefused):
            self._drafts.drop(name)


@contextmanager
def _in_the_desks_words() -> Iterator[None]:
    try:
        yield
    except CatalogueMoved as error:
        raise RegistryMoved from error
    except (CatalogueShrinks, DraftRefused) as error:
        raise NotNow(error.words) from error
    except RegistryInvalid as error:
        raise _refused(_UNSOUND, error) from error


def _refused(words: Words, error: RegistryInvalid) -> NotNow:
    return NotNow(words, [fault.words for fault in error.faults])


_: type[RegistryOffice] = SqlRegistryOffice  # interface guard
