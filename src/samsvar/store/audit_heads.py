"""Signs heads of the access log while the hub runs, and copies them out to a file.

A head is due when enough rows have come, or the first unsigned row has waited long enough. Before
it signs, it reads the new rows once more, as they lie in the database, so that what is changed or
taken away behind the hub's back is told within that time. Any number of hubs may do this on one
database: the transaction that stores a head looks whether another was quicker.
Knows tables, keys and the file. Knows no clock but the one it is given, and no event.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import sqlalchemy as sa

from samsvar.audit.heads import Head, SignedHead, key_id, public_of, signed
from samsvar.audit.merkle import CompactRange
from samsvar.audit.verifying import Fault, look_through
from samsvar.errors import ResourcesMissing
from samsvar.ports import Clock
from samsvar.store.audit_keys import AuditKeys
from samsvar.store.audit_view import LogView, viewed
from samsvar.store.database import Database
from samsvar.store.heads_file import append
from samsvar.store.tables import AUDIT_HEAD

_MOST_LOOKED_THROUGH = 20_000  # rows; the first head of an old log must not hold up questions


@dataclass(frozen=True, slots=True)
class HeadHabits:
    """When a head is due, and where it is copied to."""

    seconds: float = 60.0
    rows: int = 1000
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What came of looking: a head or none, and what people must hear of."""

    head: SignedHead | None = None
    new_rows: int = 0
    alarms: tuple[str, ...] = ()


class HeadWriter:
    """Writes heads. Its methods wait for the disk: call them in a thread."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        habits: HeadHabits,
        pause: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """``pause``: holds up this process' own writer of rows while a head is stored."""
        self._database = database
        self._clock = clock
        self._habits = habits
        self._pause = pause
        self._keys = AuditKeys(database)
        self._unsigned_since = float("-inf")  # what an earlier process left is signed at once
        self._file_due = float("-inf")
        self._copied = False
        self._alone = threading.Lock()

    def look(self, *, at_once: bool = False) -> Look:
        """Sign what is due; ``at_once``: all there is.

        Raises:
            ResourcesMissing: nothing was signed; the text says why.
        """
        try:
            with self._alone:
                return self._look(at_once=at_once)
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(f"no head can be signed ({type(error).__name__})") from error

    def _look(self, *, at_once: bool) -> Look:
        now = self._clock.monotonic()
        with viewed(self._database) as view:
            tree, before = view.tree(), view.last_head()
            begun = before[1] if before else CompactRange()
            count = tree.size - begun.size
            if count < 0:
                raise ResourcesMissing(
                    f"the access log has lost rows: {begun.size} were signed for, {tree.size}"
                    " are there; run samsvar audit verify"
                )
            if count == 0:
                self._unsigned_since = float("inf")
            elif self._unsigned_since == float("inf"):
                self._unsigned_since = now
            waited = now - self._unsigned_since
            if not count or not (
                at_once or count >= self._habits.rows or waited >= self._habits.seconds
            ):
                return Look(alarms=self._copy_out(view, now, fresh=False))
            faults = self._looked_through(view, begun, tree)
        with self._pause():
            head = self._sign(tree, before[0] if before else None)
        if head is not None:
            self._unsigned_since = float("inf")
        with viewed(self._database) as view:
            alarms = self._copy_out(view, now, fresh=True)
        return Look(head, count if head else 0, (*(fault.text for fault in faults), *alarms))

    def _looked_through(
        self, view: LogView, begun: CompactRange, tree: CompactRange
    ) -> tuple[Fault, ...]:
        if tree.size - begun.size > _MOST_LOOKED_THROUGH:
            return ()
        return look_through(view.rows(begun.size + 1), begun, tree)

    def _sign(self, tree: CompactRange, before: SignedHead | None) -> SignedHead | None:
        """Store a head for the tree. None: another hub has stored one meanwhile."""
        now = self._clock.now()
        key = self._keys.current(now)
        number = before.head.number + 1 if before else 1
        with viewed(self._database) as view:
            log = view.log
        told = signed(
            Head(
                log=log,
                number=number,
                size=tree.size,
                root=tree.root.hex(),
                at=now.astimezone(UTC).isoformat(timespec="milliseconds"),
                previous=before.head.hash if before else "",
                key=key_id(public_of(key)),
            ),
            key,
        )
        newest = sa.select(sa.func.max(AUDIT_HEAD.c.number))
        with self._database.write() as connection, connection.begin():
            if (connection.scalar(newest) or 0) != number - 1:
                return None
            connection.execute(
                sa.insert(AUDIT_HEAD).values(
                    number=number, size=tree.size, peaks=tree.stored, line=told.line
                )
            )
        return told

    def _copy_out(self, view: LogView, now: float, *, fresh: bool) -> tuple[str, ...]:
        """Bring the file up to the database. What went wrong is tried again when next due."""
        path = self._habits.file
        if path is None or (self._copied and not fresh) or now < self._file_due:
            return ()
        try:
            append(path, lambda last: _missing(view, last))
        except OSError as error:
            self._copied = False
            self._file_due = now + self._habits.seconds
            return (f"signed heads cannot be copied to the heads file ({type(error).__name__})",)
        except _FileAhead as ahead:
            self._copied = False
            self._file_due = now + self._habits.seconds
            return (str(ahead),)
        self._copied = True
        return ()


class _FileAhead(Exception):
    """The file knows what this database does not."""


def _missing(view: LogView, last: SignedHead | None) -> Iterator[bytes]:
    """Lines that the file lacks: heads, and before the first head of a key, that key.

    Raises:
        _FileAhead: its last head is not one of this database.
    """
    keys = view.keys()
    known = [key.key for key in keys]
    told = 0
    first = 1
    if last is not None:
        same = next(view.heads(last.head.number), None)
        if same != last:
            raise _FileAhead(
                f"the heads file has a head {last.head.number} of {last.head.size} rows that the"
                " database does not have: was an older copy put in its place? Run samsvar audit"
                " verify with --heads"
            )
        told = known.index(last.head.key) + 1 if last.head.key in known else 0
        first = last.head.number + 1
    for head in view.heads(first):
        wanted = known.index(head.head.key) + 1 if head.head.key in known else told
        for key in keys[told:wanted]:
            yield key.line
        told = max(told, wanted)
        yield head.line
