"""Versions and drafts of the registry as the console works with them.

Puts the published versions, the drafts and the access log's last questions together. What cannot
be done is told in the desk's words. Knows no page.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import QuestionRecord
from samsvar.model.identifiers import ContractUrn
from samsvar.model.words import Words
from samsvar.onboarding.refusals import NotNow, NotThere, NotValid
from samsvar.onboarding.rooms import Version
from samsvar.pipeline.preview import Preview, preview, standings
from samsvar.ports import Clock
from samsvar.registry import Registry, RegistryInvalid
from samsvar.registry.difference import RowChange, difference
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.catalogue import CatalogueMoved, CatalogueShrinks, SqlCatalogue
from samsvar.store.drafts import DraftRefused, Drafts

_MOST_READ = 4  # registries of a whole country are large, and two are compared


class StoredRegistryRoom:
    """Implements the console's port."""

    def __init__(
        self,
        catalogue: SqlCatalogue,
        drafts: Drafts,
        parse: Callable[[str], Registry],
        log: AccessLogReader,
        contracts: Mapping[ContractUrn, ServiceContract],
        own_addresses: Collection[str],
        clock: Clock,
    ) -> None:
        self._catalogue = catalogue
        self._drafts = drafts
        self._parse = parse
        self._log = log
        self._contracts = contracts
        self._own = frozenset(own_addresses)
        self._clock = clock
        self._read: OrderedDict[str, Registry] = OrderedDict()

    def versions(self, limit: int) -> Sequence[Version]:
        """The newest first."""
        with _told():
            return [
                Version(
                    str(row.version),
                    row.version,
                    datetime.fromisoformat(row.published),
                    row.who,
                    row.comment,
                    row.routes,
                    row.permissions,
                )
                for row in self._catalogue.history(limit)
            ]

    def drafts(self) -> Sequence[Version]:
        """By name."""
        with _told():
            return [
                Version(
                    draft.name,
                    None,
                    datetime.fromisoformat(draft.changed),
                    draft.who,
                    "",
                    draft.routes,
                    draft.permissions,
                    draft.base_version,
                )
                for draft in self._drafts.all()
            ]

    def text(self, name: str) -> str:
        """The registry file of a draft, or of a version by its number."""
        with _told():
            if not name.isdecimal():
                try:
                    return self._drafts.get(name).registry
                except DraftRefused as error:
                    raise NotThere(
                        Words(
                            "det finns inget utkast med det namnet",
                            "there is no draft of that name",
                        )
                    ) from error
            text = self._catalogue.registry(int(name)) if len(name) < 10 else None
        if text is None:
            raise NotThere(
                Words(
                    "det finns ingen version med det numret", "there is no version of that number"
                )
            )
        return text

    def difference(self, before: str, after: str) -> Sequence[RowChange]:
        """Rows that differ."""
        return difference(self._registry(before), self._registry(after))

    def preview(self, name: str, last: int) -> Preview:
        """What the last questions would have become."""
        number = self._newest()
        return preview(
            [found.record for found in self._log.latest(last)],
            self._registry(str(number)).catalogue(number),
            self._registry(name).catalogue(number + 1),
            contracts=self._contracts,
            own_addresses=self._own,
            at=self._clock.now(),
        )

    def today(self, records: Sequence[QuestionRecord]) -> Sequence[Mapping[str, str]]:
        """What the version in force says of each question's candidates."""
        number = self._newest()
        catalogue = self._registry(str(number)).catalogue(number)
        return [
            standings(record, catalogue, self._contracts, self._own, self._clock.now())
            for record in records
        ]

    def new_draft(self, name: str, text: str, who: str) -> None:
        """Begin a draft."""
        with _told():
            self._drafts.new(name, self._catalogue.newest(), self._parse(text), who)

    def edit_draft(self, name: str, text: str, who: str) -> None:
        """Put another content in it."""
        with _told():
            self._drafts.edit(name, self._parse(text), who)

    def drop_draft(self, name: str) -> None:
        """Throw it away."""
        with _told():
            self._drafts.drop(name)

    def publish(self, name: str, who: str, comment: str) -> int:
        """Put a draft in force; its number."""
        with _told():
            draft = self._drafts.get(name)
            return self._catalogue.publish(
                self._parse(draft.registry), who, comment, base=draft.base_version, draft=name
            )

    def roll_back(self, version: int, who: str, comment: str) -> int:
        """Put the content of an old version in force; its number."""
        registry = self._registry(str(version))
        with _told():
            return self._catalogue.publish(registry, who, comment)

    def _newest(self) -> int:
        with _told():
            number = self._catalogue.newest()
        if not number:
            raise NotNow(
                Words("inget register är publicerat än", "no registry has been published yet")
            )
        return number

    def _registry(self, name: str) -> Registry:
        """Read; versions never change, and are remembered for a while."""
        if name in self._read:
            self._read.move_to_end(name)
            return self._read[name]
        text = self.text(name)
        with _told():
            registry = self._parse(text)
        if name.isdecimal():
            self._read[name] = registry
            while len(self._read) > _MOST_READ:
                self._read.popitem(last=False)
        return registry


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except CatalogueMoved as error:
        raise NotNow(
            Words(
                f"{error.words.swedish}: se på skillnaden, gör ett nytt utkast och lägg in dina"
                " ändringar i det",
                f"{error}: look at the difference, make a new draft, and put your changes in it",
            )
        ) from error
    except CatalogueShrinks as error:
        raise NotNow(
            Words(
                f"{error.words.swedish}, med kommandot samsvar registry publish --force",
                f"{error}, by the command samsvar registry publish --force",
            )
        ) from error
    except DraftRefused as error:
        raise NotNow(error.words) from error
    except RegistryInvalid as error:
        raise NotValid(
            Words(
                "registret håller inte ihop; inget har ändrats",
                "the registry does not hold together; nothing has changed",
            ),
            [fault.words for fault in error.faults],
        ) from error
    except sa.exc.SQLAlchemyError as error:
        raise ResourcesMissing(f"the registry cannot be read ({type(error).__name__})") from error
