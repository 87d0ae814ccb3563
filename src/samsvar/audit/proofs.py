"""That one row stands in the log, as a file that can be checked anywhere: no database, no hub.

The file has the row, the hashes from its leaf to the root of a signed head, the head, and the keys.
Whoever checks it must know by other ways that the head or the key is the hub's: from the heads
file, or a key id that was handed over once. Knows no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from samsvar.audit.heads import (
    KeyHandOver,
    SignedHead,
    StatementRefused,
    check_hand_over,
    check_head,
    head_of,
    key_of,
)
from samsvar.audit.merkle import HASH_BYTES, CompactRange, Tree, is_included
from samsvar.audit.row_form import NAMES, NAMES_1, SEALED, RowUnreadable, leaf_of

_FORM = 2
_FORM_1 = 1
"""Of proofs that were made when all rows were of form 1: it has their columns only."""


class NotProven(Exception):
    """The file proves nothing. The text says why."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What a good proof says: this row stood there when this head was signed by this key."""

    sequence: int
    head: SignedHead
    key: str


def proof_of(
    values: Sequence[Any],
    leaves: Iterable[bytes],
    head: SignedHead,
    keys: Sequence[KeyHandOver],
    begun: CompactRange | None = None,
) -> dict[str, Any]:
    """The proof as JSON has it. ``leaves``: of all rows that the head was signed for, but those
    of ``begun``, which were let go.

    Raises:
        NotProven: the leaves are not those that the head was signed for, or not the row's.
    """
    row = dict(zip(NAMES, values, strict=True))
    tree = Tree(leaves, begun)
    size = head.head.size
    if tree.size < size or tree.root(size).hex() != head.head.root:
        raise NotProven("the log is not as it was signed: run samsvar audit verify")
    proof = {
        "form": _FORM,
        "row": {**row, **{name: _hex(row[name]) for name in SEALED}},
        "path": [step.hex() for step in tree.inclusion(row["sequence"] - 1, size)],
        "head": asdict(head.head),
        "signature": head.signature,
        "keys": [asdict(key) for key in keys],
    }
    checked(proof)
    return proof


def checked(proof: object) -> Proven:
    """What a proof says, if it is one.

    Raises:
        NotProven: it is none.
    """
    try:
        if not isinstance(proof, Mapping) or proof["form"] not in (_FORM, _FORM_1):
            raise NotProven("it is not a proof of this form")
        row = dict(proof["row"])
        if proof["form"] == _FORM_1 and row.keys() == set(NAMES_1):
            row = {**dict.fromkeys(NAMES), **row, "form": 1}
        for name in SEALED:
            row[name] = bytes.fromhex(row[name]) if row[name] is not None else None
        path = [bytes.fromhex(step) for step in proof["path"]]
        head = head_of({"head": proof["head"], "signature": proof["signature"]})
        keys = [key_of(key) for key in proof["keys"]]
        if row.keys() != set(NAMES) or any(len(step) != HASH_BYTES for step in path):
            raise NotProven("it has not the fields of a proof")
        leaf = leaf_of(row)
        _check_keys(keys, head)
    except StatementRefused as error:
        raise NotProven(str(error)) from error
    except RowUnreadable as error:
        raise NotProven(f"the row: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise NotProven("it has not the fields of a proof") from error
    root = bytes.fromhex(head.head.root)
    if not is_included(row["sequence"] - 1, head.head.size, leaf, path, root):
        raise NotProven("the row is not one that the head was signed for, or it was changed")
    return Proven(row["sequence"], head, head.head.key)


def _check_keys(keys: Sequence[KeyHandOver], head: SignedHead) -> None:
    for place, key in enumerate(keys):
        check_hand_over(key)
        if key.log != head.head.log or key.previous != (keys[place - 1].public if place else ""):
            raise NotProven("the keys do not follow one another")
    signer = [key.public for key in keys if key.key == head.head.key]
    if not signer:
        raise NotProven("the key that signed the head is not among the keys")
    check_head(head, signer[0])


def _hex(sealed: bytes | None) -> str | None:
    return None if sealed is None else sealed.hex()
