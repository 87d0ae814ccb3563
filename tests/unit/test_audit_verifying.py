"""A falsified access log is found out, wherever it was done, and the first bad row is named."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from samsvar.audit.heads import hand_over
from samsvar.audit.merkle import CompactRange
from samsvar.audit.row_form import NAMES_1, leaf_of_values
from tests.audit_log import AT, LOG, Log, Mutation, changed, each_place, made, row, signed_for

SIZE, EVERY = 200, 40
OLD = len(NAMES_1)
PLACES = 1000
WHOLE = made(SIZE, EVERY, outside=True)
ALONE = replace(WHOLE, outside=[])
"""Without a heads file: for what the database itself shows."""
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def flip(log: Log, dice: random.Random) -> int:
    at = dice.randrange(SIZE)
    values, leaf = log.rows[at]
    log.rows[at] = changed(values, dice), leaf
    return at + 1


def flip_in_leaf(log: Log, dice: random.Random) -> int:
    at = dice.randrange(SIZE)
    values, leaf = log.rows[at]
    log.rows[at] = values, bytes([leaf[0] ^ 1]) + leaf[1:]
    return at + 1


def delete(log: Log, dice: random.Random) -> int:
    at = dice.randrange(SIZE - 1)
    del log.rows[at]
    return at + 1


def insert(log: Log, dice: random.Random) -> int:
    """In the middle: those after it get the next number, and leaves of their own again."""
    at = dice.randrange(SIZE)
    later = [row(number)[0][1:] for number in range(at + 1, SIZE + 1)]
    new = [changed(log.rows[at][0], dice)[1:], *later]
    # As a hub of today would write them.
    new[0] = (*new[0][: OLD - 1], 2, *new[0][OLD:])
    moved = [(number, *values) for number, values in enumerate(new, at + 1)]
    log.rows[at:] = [(values, leaf_of_values(values)) for values in moved]
    return at + 1


def swap(log: Log, dice: random.Random) -> int:
    """Two rows take each other's numbers, and keep their leaves."""
    one, other = sorted(dice.sample(range(SIZE), 2))
    first, second = log.rows[one], log.rows[other]
    log.rows[one] = (first[0][0], *second[0][1:]), second[1]
    log.rows[other] = (second[0][0], *first[0][1:]), first[1]
    return one + 1


def cut_tail(log: Log, dice: random.Random) -> int:
    at = dice.randrange(SIZE)
    del log.rows[at:]
    return at + 1


def older_copy(log: Log, dice: random.Random) -> int:
    """A whole database of an earlier moment: only the heads file knows better."""
    heads = dice.randrange(1, SIZE // EVERY)
    size = heads * EVERY
    del log.rows[size:]
    del log.heads[heads:]
    log.tree = CompactRange().grown(leaf for _, leaf in log.rows)
    return size + 1


def replay(log: Log, dice: random.Random) -> int:
    """An old row once more, in place of a later one, with its old leaf."""
    old, at = sorted(dice.sample(range(SIZE), 2))
    values, leaf = log.rows[old]
    log.rows[at] = (at + 1, *values[1:]), leaf
    return at + 1


NEAR: dict[str, Mutation] = {
    "flip": flip,
    "flip-in-leaf": flip_in_leaf,
    "delete": delete,
    "swap": swap,
    "cut-tail": cut_tail,
    "older-copy": older_copy,
    "replay": replay,
}


def test_a_whole_log_is_whole() -> None:
    report = WHOLE.report()
    assert (report.faults, report.first_bad) == ((), None)
    assert (report.rows, report.heads, report.unsigned) == (SIZE, SIZE // EVERY, 0)
    assert report.keys == (WHOLE.keys[0].key,)


@pytest.mark.slow
@pytest.mark.parametrize("kind", NEAR)
def test_a_thousand_places_are_found_and_the_first_bad_row_is_named(kind: str) -> None:
    missed = []
    for dice in each_place(PLACES, seed=len(kind)):
        log = (WHOLE if kind == "older-copy" else ALONE).copy()
        first = NEAR[kind](log, dice)
        bad = log.report().first_bad
        if bad is None or bad[0] != first:
            missed.append((first, bad))
    assert missed == []


@pytest.mark.slow
def test_a_thousand_insertions_with_leaves_made_anew_are_found_to_the_next_head() -> None:
    """Every row fits its leaf; the heads say between which two of them the first wrong one is."""
    missed = []
    for dice in each_place(PLACES, seed=6):
        log = ALONE.copy()
        first = insert(log, dice)
        bad = log.report().first_bad
        before = (first - 1) // EVERY * EVERY
        if bad != (before + 1, before + EVERY):
            missed.append((first, bad))
    assert missed == []


def test_a_row_put_after_the_last_is_not_the_hubs() -> None:
    log = WHOLE.copy()
    log.rows.append(row(SIZE + 1))
    (fault,) = log.report().faults
    assert fault.rows == (SIZE + 1, SIZE + 1)
    assert "was not written by the hub" in fault.text


def rewritten(at: int, key: Ed25519PrivateKey) -> Log:
    """By one who has everything, the key too: rows, leaves, tree and heads are made anew."""
    rows = [row(number) for number in range(1, SIZE + 1)]
    values = changed(rows[at - 1][0][:OLD], random.Random(at)) + rows[at - 1][0][OLD:]
    rows[at - 1] = values, leaf_of_values(values)
    log = Log(rows, CompactRange(), [], [hand_over(LOG, AT, key, None)], WHOLE.heads)
    for begin in range(0, SIZE, EVERY):
        log.tree = log.tree.grown(leaf for _, leaf in rows[begin : begin + EVERY])
        log.heads.append(signed_for(log.tree, log.heads[-1] if log.heads else None, key))
    return log


@pytest.mark.parametrize("at", [1, 120, SIZE])
def test_who_rewrites_the_database_is_found_out_by_the_heads_file(at: int) -> None:
    log = rewritten(at, KEY)
    before = (at - 1) // EVERY * EVERY
    report = log.report()
    assert report.first_bad == (before + 1, before + EVERY)
    assert f"its head {before // EVERY + 1} is another one in database" in report.faults[0].text
    log.outside = []
    assert log.report().faults == ()  # without the file nobody can tell: so it is needed


def test_a_database_with_another_key_is_found_out_by_the_heads_file() -> None:
    log = rewritten(120, Ed25519PrivateKey.generate())
    texts = [fault.text for fault in log.report().faults]
    assert "heads file: head 1: it is signed with a key that is not the log's" in texts


@pytest.mark.parametrize("number", [1, 3, SIZE // EVERY])
def test_a_head_that_was_changed_taken_away_or_moved_is_named(number: int) -> None:
    for change in ("root", "gone", "moved"):
        log = WHOLE.copy()
        log.outside = []
        told = log.heads[number - 1]
        if change == "gone":
            del log.heads[number - 1]
        elif change == "moved":
            log.heads.append(log.heads.pop(number - 1))
        else:
            log.heads[number - 1] = replace(told, head=replace(told.head, root="00" * 32))
        faults = log.report().faults
        last = number == SIZE // EVERY
        assert bool(faults) == (not last or change == "root"), (change, faults)


def test_the_last_head_taken_away_is_missed_by_nobody_but_the_heads_file() -> None:
    log = WHOLE.copy()
    del log.heads[-1]
    last = len(WHOLE.heads)
    assert [fault.text for fault in log.report().faults] == [
        f"heads file: its head {last} is missing in database"
    ]
    log.outside = []
    assert log.report().faults == ()


def test_old_heads_are_checked_with_old_keys() -> None:
    second = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
    log = made(100, 50, KEY, outside=False)
    log.rows += [row(number) for number in range(101, 151)]
    log.tree = log.tree.grown(leaf for _, leaf in log.rows[100:])
    log.heads.append(signed_for(log.tree, log.heads[-1], second))
    assert "not the log's" in log.report().faults[0].text
    log.keys.append(hand_over(LOG, AT, second, KEY))
    assert log.report().faults == ()
    log.keys[1] = hand_over(LOG, AT, second, Ed25519PrivateKey.generate())
    assert "does not follow" in log.report().faults[0].text


def test_heads_and_keys_of_another_log_are_refused() -> None:
    log = WHOLE.copy()
    log.keys = [hand_over("ff" * 16, AT, KEY, None)]
    assert log.report().faults
