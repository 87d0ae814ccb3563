"""The growing edge of the access log's tree: one row, written in the transaction that appends.

Knows that one row. Whoever appends reads it after the access log's lock is taken, so that
several hubs of one database write one sequence of rows.
"""

from __future__ import annotations

from samsvar.audit.merkle import CompactRange
from samsvar.store.database import Raw, Values

_READ = "SELECT size, peaks FROM audit_tree WHERE id = 1"
_KEEP = "UPDATE audit_tree SET size = ?, peaks = ? WHERE id = 1"
_WHAT_TO_DO = ": run samsvar audit verify, restore what it names, and restart"


class TreeBroken(Exception):
    """The tree in the database is not one that this log can have. The text says what to do."""


def stored_tree(connection: Raw) -> CompactRange:
    """The tree as the last append left it.

    Raises:
        TreeBroken: there is none, or it is none.
    """
    found = connection.all(_READ)
    if not found:
        raise TreeBroken("the access log's tree is missing" + _WHAT_TO_DO)
    try:
        return CompactRange.read(*found[0])
    except (TypeError, ValueError) as error:
        raise TreeBroken("the access log's tree is damaged" + _WHAT_TO_DO) from error


def continued(connection: Raw, known: CompactRange) -> CompactRange:
    """The tree to append to, which must not be behind, or another than, the one that is known.

    Raises:
        TreeBroken: it is.
    """
    tree = stored_tree(connection)
    if tree.size < known.size:
        raise TreeBroken("rows of the access log have gone" + _WHAT_TO_DO)
    if tree.size == known.size and tree.peaks != known.peaks:
        raise TreeBroken("the access log was changed by another hand" + _WHAT_TO_DO)
    return tree


def kept(tree: CompactRange) -> tuple[str, Values]:
    """The statement that stores the tree, for the transaction that appends."""
    return _KEEP, (tree.size, tree.stored)
