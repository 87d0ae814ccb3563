"""Goes through an access log from its first row to its last, and names what is not as it was.

Each row must have its number and its own leaf; at the size of each signed head, the tree over all
rows so far must have the head's root. All heads are held against one and the same tree, so the
log of each is the beginning of the log of the next. Heads come from the database and, where
there is one, from a file that was out of reach of whoever could rewrite the database. A log whose
old rows were let go is proven from where it was cut.
Takes rows, heads and keys as they come. Knows no database and no file. Long, for what one fault
hides from another is seen in one walk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from samsvar.audit.cuts import Cut, wrong_with
from samsvar.audit.heads import (
    Head,
    KeyHandOver,
    SignedHead,
    StatementRefused,
    check_hand_over,
    check_head,
)
from samsvar.audit.merkle import CompactRange, Growing
from samsvar.audit.row_form import MISSING, RowUnreadable, leaf_of_values

_MOST_FAULTS = 20
_MOST_OF_ONE_SIZE = 100  # heads: one, or two where a forger has made another
_MOST_MISSING = 10_000_000  # so that a made-up sequence number cannot keep us busy for ever


class RowsDamaged(Exception):
    """The next row cannot be read: raised by those who hand over the rows."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written. ``rows``: the first and the last it may be in."""

    text: str
    rows: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and what was found. Whole if there is no fault."""

    rows: int
    heads: int
    unsigned: int
    """Rows after the last head: nothing outside the database vouches for them yet."""
    keys: tuple[str, ...]
    faults: tuple[Fault, ...]
    begins: int = 1
    """The first row that can be proven: those before it were let go."""

    @property
    def first_bad(self) -> tuple[int, int] | None:
        """The first row that is wrong; from and to, where it cannot be told nearer."""
        told = [fault.rows for fault in self.faults if fault.rows]
        return min(told, key=lambda rows: (rows[0], rows[1])) if told else None


@dataclass(frozen=True, slots=True)
class Chain:
    """Heads and keys in their order, from one place: the database or a file."""

    name: str
    heads: Iterable[SignedHead]
    keys: Sequence[KeyHandOver]


@dataclass(slots=True)
class _Walk:
    growing: Growing
    faults: list[Fault] = field(default_factory=list)
    good_to: int = 0
    """Up to this row the tree is the one that a head was signed for."""
    bad: set[int] = field(default_factory=set)
    cut: Cut | None = None
    teller: Sequence[Any] | None = None
    """The row that tells of the cut."""
    leftover: int = 0
    """Rows that were let go, and stand there."""

    def tell(self, text: str, rows: tuple[int, int] | None = None) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault(text, rows))


def verify(
    rows: Iterable[tuple[Sequence[Any], bytes]],
    tree: CompactRange,
    chains: Sequence[Chain],
    log: str,
    cut: Cut | None = None,
) -> Report:
    """Hold rows against their leaves, heads and keys. The first chain is the database's own.

    Args:
        rows: the values of each row in the order of ``row_form.NAMES``, and its leaf; by number.
        tree: the growing edge, as the last append left it.
        log: the id of the log.
        cut: where it begins, if rows were let go.
    """
    begun = cut.tree if cut else CompactRange()
    walk = _Walk(Growing(begun), good_to=begun.size, cut=cut)
    heads, keys = _checked(chains, log, walk)
    ordered = sorted(heads.values(), key=lambda head: (head.size, head.number))
    due = [head for head in ordered if head.size >= begun.size]
    at = _go_through(walk, rows, due)
    _hold_against_cut(walk, due)
    last = max([tree.size, *(head.size for head in due)])
    count = walk.growing.size
    if count < last:
        by = "signed heads" if due and due[-1].size > tree.size else "the tree"
        walk.tell(
            f"row {count + 1} is missing, and all after it: {by} know of {last} rows",
            (count + 1, last),
        )
    at = _reached(walk, due, at)
    _hold_against_tree(walk, tree)
    signed = min(count, due[-1].size) if due else 0
    rows_seen = count - begun.size
    faults = tuple(walk.faults)
    return Report(rows_seen, len(heads), count - signed, tuple(keys), faults, begun.size + 1)


def look_through(
    rows: Iterable[tuple[Sequence[Any], bytes]], begun: CompactRange, tree: CompactRange
) -> tuple[Fault, ...]:
    """The same for the rows between two moments: those of ``begun`` have been vouched for."""
    walk = _Walk(Growing(begun), good_to=begun.size)
    _go_through(walk, rows, (), tree.size)
    if walk.growing.size < tree.size:
        first = walk.growing.size + 1
        walk.tell(f"row {first} is missing, and all after it", (first, tree.size))
    _hold_against_tree(walk, tree)
    return tuple(walk.faults)


def _go_through(
    walk: _Walk,
    rows: Iterable[tuple[Sequence[Any], bytes]],
    due: Sequence[Head],
    most: int | None = None,
) -> int:
    """Take row after row; how many heads have been reached. ``most``: not those after it."""
    at = 0
    try:
        for values, leaf in rows:
            sequence = values[0]
            if most is not None and sequence > most:
                break
            if walk.cut and isinstance(sequence, int) and 0 < sequence <= walk.cut.tree.size:
                walk.leftover += 1
                continue
            if not isinstance(sequence, int) or sequence <= walk.growing.size:
                walk.tell(f"row {sequence} has a number that no row has", (sequence, sequence))
                continue
            if not _fill(walk, sequence):
                break
            at = _reached(walk, due, at)
            _take(walk, sequence, values, leaf)
    except RowsDamaged:
        next_one = walk.growing.size + 1
        walk.tell(f"row {next_one} cannot be read: the file is damaged", (next_one, next_one))
    return at


def _take(walk: _Walk, sequence: int, values: Sequence[Any], leaf: bytes) -> None:
    try:
        found = leaf_of_values(values)
    except RowUnreadable:
        found = b""
    if found != leaf:
        walk.tell(f"row {sequence} is not as it was written", (sequence, sequence))
        walk.bad.add(sequence)
    elif walk.cut and sequence == walk.cut.told_in:
        walk.teller = values
    # Of a row that was changed the tree knows the leaf: so those after it can still be judged.
    walk.growing.add(leaf if found != leaf and len(leaf) == len(MISSING) else found or MISSING)


def _fill(walk: _Walk, sequence: int) -> bool:
    """Stand-ins for rows that are gone. False: there would be too many."""
    first = walk.growing.size + 1
    if first == sequence:
        return True
    rows = "row" if sequence == first + 1 else f"rows up to {sequence - 1}, from row"
    walk.tell(f"{rows} {first} is missing", (first, first))
    if sequence - first > _MOST_MISSING:
        return False
    for number in range(first, sequence):
        walk.bad.add(number)
        walk.growing.add(MISSING)
    return True


def _reached(walk: _Walk, due: Sequence[Head], at: int) -> int:
    """Hold the tree against each head of its size; the place of the next head."""
    while at < len(due) and due[at].size <= walk.growing.size:
        size = due[at].size
        same = [head for head in due[at : at + _MOST_OF_ONE_SIZE] if head.size == size]
        at += len(same)
        if size < walk.growing.size:
            continue  # between rows that are gone: told already
        root = walk.growing.root.hex()
        wrong = [head for head in same if head.root != root]
        if not wrong:
            walk.good_to = size
        elif not any(walk.good_to < number <= size for number in walk.bad):
            rows, head = (walk.good_to + 1, size), wrong[0]
            walk.tell(
                f"rows {rows[0]} to {rows[1]} are not those that head {head.number} of"
                f" {head.at} was signed for",
                rows,
            )
            return len(due)  # every later head would say the same
    return at


def _hold_against_cut(walk: _Walk, due: Sequence[Head]) -> None:
    if walk.cut is None:
        return
    gone = (1, walk.cut.tree.size)
    if walk.leftover:
        walk.tell(
            f"{walk.leftover} of rows 1 to {gone[1]} are there, which were let go: run samsvar"
            " audit drop once more",
            gone,
        )
    wrong = wrong_with(walk.cut, walk.teller, due)
    if wrong:
        walk.tell(wrong, gone)


def _hold_against_tree(walk: _Walk, tree: CompactRange) -> None:
    count = walk.growing.size
    if count > tree.size:
        first = tree.size + 1
        walk.tell(
            f"row {first} was not written by the hub: the tree ends before it", (first, count)
        )
    elif count == tree.size and walk.growing.range != tree and not walk.faults:
        rows = (walk.good_to + 1, max(count, 1))
        walk.tell(f"rows {rows[0]} to {rows[1]} are not those that the tree was made of", rows)


def _checked(
    chains: Sequence[Chain], log: str, walk: _Walk
) -> tuple[dict[tuple[int, str], Head], list[str]]:
    """All heads that are what their signer wrote, each once; and the ids of the keys."""
    own, *others = chains
    keys = _checked_keys(own, log, walk)
    for chain in others:
        for key, public in _checked_keys(chain, log, walk).items():
            if key not in keys:
                walk.tell(f"{chain.name}: {own.name} does not know of key {key}")
                keys[key] = public
    heads: dict[tuple[int, str], Head] = {}
    numbers: dict[int, Head] = {}
    for chain in chains:
        for head in _checked_heads(chain, log, keys, walk, whole=chain is own):
            first = numbers.get(head.number)
            if chain is own:
                numbers[head.number] = head
            elif first != head:
                another = "is missing" if first is None else "is another one"
                walk.tell(f"{chain.name}: its head {head.number} {another} in {own.name}")
            heads[head.size, head.root] = head
    return heads, list(keys)


def _checked_keys(chain: Chain, log: str, walk: _Walk) -> dict[str, str]:
    found: dict[str, str] = {}
    before = ""
    for place, told in enumerate(chain.keys):
        try:
            check_hand_over(told)
        except StatementRefused as error:
            walk.tell(f"{chain.name}: key {place + 1}: {error}")
            continue
        if told.log != log or (place and told.previous != before):
            walk.tell(f"{chain.name}: key {told.key} does not follow the one before it")
            continue
        found[told.key] = before = told.public
    return found


def _checked_heads(
    chain: Chain, log: str, keys: dict[str, str], walk: _Walk, *, whole: bool
) -> Iterable[Head]:
    before: Head | None = None
    for told in chain.heads:
        head = told.head
        where = f"{chain.name}: head {head.number}"
        if head == before:
            continue  # two hubs may both have copied it out
        if head.key not in keys:
            walk.tell(f"{where}: it is signed with a key that is not the log's")
            continue
        try:
            check_head(told, keys[head.key])
        except StatementRefused as error:
            walk.tell(f"{where}: {error}")
            continue
        if head.log != log:
            walk.tell(f"{where}: it is of another log")
            continue
        if before is None:
            # A file may have been begun anew; the database has all of them.
            follows = not head.previous if head.number == 1 else not whole
        else:
            follows = (
                head.number == before.number + 1
                and head.previous == before.hash
                and head.size >= before.size
            )
        if not follows:
            walk.tell(f"{where}: it does not follow the head before it")
        before = head
        yield head
