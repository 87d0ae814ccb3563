"""Versions and drafts of the registry as the console works with them.

Puts the published versions, the drafts and the access log's last questions together. What cannot
be done is told in the desk's words. Knows no page.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import QuestionRecord
from samsvar.model.identifiers import ContractUrn
from samsvar.model.words import Words
from samsvar.onboarding.refusals import NotNow, NotThere, NotValid
from samsvar.onboarding.rooms import Loss, Version
from samsvar.pipeline.preview import Preview, preview, standings
from samsvar.ports import Clock
from samsvar.registry import Registry, RegistryInvalid
from samsvar.registry.difference import ChangedByBoth, Kind, RowChange, difference, rebased
from samsvar.registry.file import write_registry
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.catalogue import (
    CatalogueMoved,
    CatalogueShrinks,
    SqlCatalogue,
    counted,
    shrinking,
)
from samsvar.store.drafts import DraftRefused, Drafts

_EMPTY = Registry((), (), (), ())
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

    def move_draft(self, name: str, who: str) -> int:
        """Do what a draft changes to the version in force instead; that version's number."""
        newest = self._newest()
        with _told():
            draft = self._drafts.get(name)
            mine = self._parse(draft.registry)
        theirs = self._registry(str(newest))
        base = self._registry(str(draft.base_version)) if draft.base_version else _EMPTY
        with _told():
            moved = rebased(base, mine, theirs)
            self._parse(write_registry(moved))  # a draft could be published as it stands
            self._drafts.edit(name, moved, who, base_version=newest)
        return newest

    def loss(self, name: str) -> Loss | None:
        """What would go; None: not so much that it is asked."""
        return self._loss(self._newest(), self._registry(name))

    def publish(self, name: str, who: str, comment: str, seen: str = "") -> int:
        """Put a draft in force; its number."""
        with _told():
            draft = self._drafts.get(name)
            registry = self._parse(draft.registry)
        agreed = bool(seen) and self._agreed(self._newest(), registry, seen)
        with _told():
            return self._catalogue.publish(
                registry, who, comment, may_shrink=agreed, base=draft.base_version, draft=name
            )

    def roll_back(self, version: int, who: str, comment: str, seen: str = "") -> int:
        """Put the content of an old version in force; its number."""
        newest, registry = self._newest(), self._registry(str(version))
        agreed = bool(seen) and self._agreed(newest, registry, seen)
        with _told():
            return self._catalogue.publish(registry, who, comment, may_shrink=agreed, base=newest)

    def _loss(self, newest: int, after: Registry) -> Loss | None:
        before = self._registry(str(newest))
        much = shrinking(counted(before), counted(after))
        if not much:
            return None
        rows = tuple(each for each in difference(before, after) if each.kind is Kind.REMOVED)
        seen = sha256(f"{newest}\n{write_registry(after)}".encode()).hexdigest()[:32]
        return Loss(tuple(much), rows, seen)

    def _agreed(self, newest: int, after: Registry, seen: str) -> bool:
        """Whether somebody has seen just what would go. What was seen of another content, or in
        place of another version, is no yes to this."""
        loss = self._loss(newest, after)
        if loss is not None and not compare_digest(loss.seen.encode(), seen.encode()):
            raise NotNow(
                Words(
                    "det är inte längre vad du har sett, eller så gäller en annan version sedan"
                    " dess: se en gång till på vad som skulle försvinna",
                    "it is no longer what you have seen, or another version is in force since:"
                    " look at what would go once more",
                )
            )
        return loss is not None

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
                f"{error.words.swedish}: flytta utkastet till den versionen, på dess sida, och se"
                " på skillnaden",
                f"{error}: move the draft to that version, on its page, and look at the difference",
            )
        ) from error
    except CatalogueShrinks as error:
        raise NotNow(
            Words(
                "mer än en femtedel skulle försvinna: dess sida visar vad, och frågar dig",
                "more than a fifth would go: its page shows what, and asks you",
            )
        ) from error
    except ChangedByBoth as error:
        raise NotNow(
            Words(
                "någon annan har ändrat samma rader sedan utkastet började: redigera utkastet så"
                " att de är som i den version som gäller, flytta det, och ändra dem igen",
                "somebody else has changed the same rows since the draft was begun: edit the draft"
                " so that they are as in the version in force, move it, and change them again",
            ),
            [" ".join(key) for key in error.keys],
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
