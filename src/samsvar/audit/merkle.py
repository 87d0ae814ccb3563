"""A Merkle tree over a log that only grows, as RFC 6962 section 2.1 defines it.

Its root stands for all leaves so far, in their order. A proof of a few hashes shows that one leaf
is in the tree (2.1.1), or that a smaller tree is the beginning of a larger one (2.1.2). Leaves and
nodes are hashed with different first bytes, so that no node can be shown as a leaf.
Knows hashes alone; whatever the leaves stand for is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""


class ProofRefused(Exception):
    """A proof, or what was asked to be proven, cannot be: the text says why."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node from those below it."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class CompactRange:
    """All of a tree that must be kept so that it can grow: the roots of its whole subtrees, the
    largest first. One for each bit of the size that is set."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError("a tree of that size has another number of whole subtrees")
        if any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise ValueError("a hash has another length")

    @classmethod
    def read(cls, size: int, peaks: bytes) -> CompactRange:
        """What ``stored`` made of one.

        Raises:
            ValueError: it is none.
        """
        cut = (peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES))
        return cls(size, tuple(cut))

    @property
    def stored(self) -> bytes:
        """The peaks, one after the other."""
        return b"".join(self.peaks)

    def grown(self, leaves: Iterable[bytes]) -> CompactRange:
        """The range with these leaf hashes after it."""
        growing = Growing(self)
        for leaf in leaves:
            growing.add(leaf)
        return growing.range

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        return _root_of(self.peaks)


class Growing:
    """A range that leaves are added to one by one."""

    def __init__(self, begun: CompactRange) -> None:
        self.size = begun.size
        self._peaks = list(begun.peaks)

    def add(self, leaf: bytes) -> None:
        """Take one more leaf hash: two subtrees of one size become one of twice that."""
        peaks, carried = self._peaks, self.size
        while carried & 1:
            leaf = node_hash(peaks.pop(), leaf)
            carried >>= 1
        peaks.append(leaf)
        self.size += 1

    @property
    def range(self) -> CompactRange:
        """What has been made so far."""
        return CompactRange(self.size, tuple(self._peaks))

    @property
    def root(self) -> bytes:
        """The root so far."""
        return _root_of(self._peaks)


class Tree:
    """All nodes over leaves that are at hand: makes proofs."""

    def __init__(self, leaves: Iterable[bytes], begun: CompactRange | None = None) -> None:
        """``begun``: what is kept of leaves before these. It is all that a proof of a later leaf
        needs of them: each node beside its way to the root that lies before them is such a peak.
        """
        begun = begun or CompactRange()
        peaks = list(begun.peaks)  # the smallest last
        level = list(leaves)
        self._size = begun.size + len(level)
        self._begun = begun.size
        self._levels: list[list[bytes]] = []  # whole subtrees only: 1, 2, 4 ... leaves wide
        self._firsts: list[int] = []
        """The number of the first node of each level that is at hand."""
        for height in range(max(1, self._size.bit_length())):
            first = begun.size >> height
            if first & 1:
                level.insert(0, peaks.pop())
                first -= 1
            self._levels.append(level)
            self._firsts.append(first)
            level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]

    @property
    def size(self) -> int:
        """How many leaves."""
        return self._size

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` leaves; of all, if left out."""
        size = self.size if size is None else size
        self._check(0, size)
        return self._over(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """The proof that the leaf at ``index`` (the first is 0) is in the tree of ``size`` leaves.

        Raises:
            ProofRefused: there is no such leaf, or no such tree.
        """
        if not self._begun <= index < size <= self.size:
            raise ProofRefused("there is no such leaf in a tree of that size")
        return tuple(self._path(index, 0, size))

    def consistency(self, first: int, second: int) -> tuple[bytes, ...]:
        """The proof that the tree of ``first`` leaves is the beginning of that of ``second``.

        Raises:
            ProofRefused: the sizes do not fit.
        """
        self._check(first, second)
        return tuple(self._shared(first, 0, second, whole=True)) if first else ()

    def _check(self, first: int, second: int) -> None:
        if not (first == 0 or self._begun <= first) or not 0 <= first <= second <= self.size:
            raise ProofRefused("there are no trees of those sizes")

    def _over(self, begin: int, end: int) -> bytes:
        """The hash over leaves ``begin`` to ``end``, where ``begin`` is where RFC 6962 splits."""
        width = end - begin
        if width & (width - 1) == 0:
            height = width.bit_length() - 1
            place = begin // width - self._firsts[height]
            if place < 0:
                raise ProofRefused("the leaves below it are not at hand")
            return self._levels[height][place]
        middle = begin + _split(width)
        return node_hash(self._over(begin, middle), self._over(middle, end))

    def _path(self, index: int, begin: int, end: int) -> Iterator[bytes]:
        if end - begin == 1:
            return
        middle = begin + _split(end - begin)
        if index < middle:
            yield from self._path(index, begin, middle)
            yield self._over(middle, end)
        else:
            yield from self._path(index, middle, end)
            yield self._over(begin, middle)

    def _shared(self, size: int, begin: int, end: int, *, whole: bool) -> Iterator[bytes]:
        """``whole``: the smaller tree's root is the hash over this part, and known."""
        if size == end:
            if not whole:
                yield self._over(begin, end)
            return
        middle = begin + _split(end - begin)
        if size <= middle:
            yield from self._shared(size, begin, middle, whole=whole)
            yield self._over(middle, end)
        else:
            yield from self._shared(size, middle, end, whole=False)
            yield self._over(begin, middle)


def is_included(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf hash to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False  # longer than the tree is high
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the old root's tree is the beginning of the new root's
    (RFC 9162, 2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and old == new
    if first == 0:
        return not proof and old == EMPTY_ROOT
    steps = list(proof)
    if first & (first - 1) == 0:
        steps.insert(0, old)  # a whole subtree: its root is the first step
    if not steps:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    smaller = larger = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            smaller, larger = node_hash(step, smaller), node_hash(step, larger)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            larger = node_hash(larger, step)
        at, last = at >> 1, last >> 1
    return last == 0 and smaller == old and larger == new


def _root_of(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def _split(width: int) -> int:
    """The largest power of two below a width over 1."""
    return 1 << ((width - 1).bit_length() - 1)
