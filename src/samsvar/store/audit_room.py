"""The access log for auditors at the console: its state, a whole verification, proofs, searches.

Puts the views and the judgement of ``audit`` together, as the commands do. A person is searched
for by ``AuditDesk``, which makes each search a row of the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from samsvar.audit.proofs import NotProven, proof_of
from samsvar.audit.verifying import Chain, verify
from samsvar.errors import ResourcesMissing
from samsvar.model.identifiers import PersonId
from samsvar.onboarding.rooms import LogState, Verified
from samsvar.ports import Clock
from samsvar.store.audit_search import AuditDesk, Wanted
from samsvar.store.audit_view import viewed
from samsvar.store.database import Database
from samsvar.store.heads_file import read as read_heads
from samsvar.store.secrets import PersonVault


class StoredAccessLogRoom:
    """Implements the console's port. Every method raises ResourcesMissing if it cannot."""

    def __init__(
        self, database: Database, vault: PersonVault, clock: Clock, heads_file: Path | None
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._heads_file = heads_file

    def state(self) -> LogState:
        """How it stands, without looking at each row."""
        with viewed(self._database) as view:
            size, last = view.tree().size, view.last_head()
        head = last[0].head if last else None
        return LogState(
            size,
            head.size if head else 0,
            head.at if head else None,
            head.key if head else "",
            str(self._heads_file) if self._heads_file else None,
        )

    def verify(self) -> Verified:
        """Look at each row; takes its time."""
        notes: list[str] = []
        chains = []
        if self._heads_file is None:
            notes.append("no heads file")
        else:
            try:
                heads, keys, unreadable = read_heads(self._heads_file)
                chains.append(Chain("heads file", heads, keys))
                if unreadable:
                    notes.append(f"{unreadable} lines of the heads file are no heads")
            except OSError as error:
                raise ResourcesMissing("the heads file cannot be read") from error
        with viewed(self._database) as view:
            own = Chain("database", list(view.heads()), view.keys())
            report = verify(view.rows(), view.tree(), [own, *chains], view.log)
        return Verified(
            self._clock.now(),
            report.rows,
            report.heads,
            report.unsigned,
            tuple(fault.text for fault in report.faults),
            tuple(notes),
        )

    def proof(self, sequence: int) -> bytes | None:
        """The proof that a row stands there, as a file; None: no head covers it yet."""
        with viewed(self._database) as view:
            row, head = view.row(sequence), view.head_over(sequence)
            if row is None or head is None:
                return None
            try:
                proof = proof_of(row[0], view.leaves(head.head.size), head, view.keys())
            except NotProven as error:
                raise ResourcesMissing(f"row {sequence}: {error}") from error
        return orjson.dumps(proof, option=orjson.OPT_INDENT_2)

    def about(self, person: PersonId, who: str, most: int) -> Sequence[Mapping[str, Any]]:
        """Rows about a person, the latest first. The search is itself a row."""
        desk = AuditDesk(self._database, self._vault, self._clock, who)
        return desk.search(Wanted(person), most)
