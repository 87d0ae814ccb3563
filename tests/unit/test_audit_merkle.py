"""The tree: the vectors of RFC 6962's reference code, and every proof of every size."""

from __future__ import annotations

import random
from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    ProofRefused,
    Tree,
    is_consistent,
    is_included,
    leaf_hash,
)

#: the leaves that Certificate Transparency's reference code is tested with, and its roots
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 1000
SIZES = st.integers(1, MOST)


@cache
def tree() -> Tree:
    return Tree(leaf_hash(str(number).encode()) for number in range(MOST))


@cache
def root(size: int) -> bytes:
    """By the definition in words: RFC 6962, section 2.1."""

    def over(begin: int, end: int) -> bytes:
        if end - begin == 1:
            return leaf_hash(str(begin).encode())
        split = 1
        while split * 2 < end - begin:
            split *= 2
        return sha256(b"\x01" + over(begin, begin + split) + over(begin + split, end)).digest()

    return over(0, size) if size else sha256(b"").digest()


def test_the_roots_are_those_of_the_reference() -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    grown = CompactRange()
    for size, expected in enumerate(ROOTS, 1):
        grown = grown.grown([hashes[size - 1]])
        assert grown.root.hex() == expected
        assert Tree(hashes).root(size).hex() == expected
    assert CompactRange().root == Tree([]).root() == EMPTY_ROOT


def test_the_proofs_are_those_of_the_reference() -> None:
    """Paths of the reference code's tests: leaf 6 of 8, and from 6 leaves to 8."""
    made = Tree(leaf_hash(leaf) for leaf in LEAVES)
    assert [step.hex() for step in made.inclusion(5, 8)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [step.hex() for step in made.consistency(6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(size=SIZES, cut=st.integers(0, MOST))
def test_a_tree_grown_in_parts_has_the_root_of_the_definition(size: int, cut: int) -> None:
    hashes = [leaf_hash(str(number).encode()) for number in range(size)]
    grown = CompactRange().grown(hashes[:cut])
    kept = CompactRange.read(grown.size, grown.stored).grown(hashes[cut:])
    assert kept.root == tree().root(size) == root(size)


def test_every_leaf_of_every_small_tree_is_proven() -> None:
    for size in range(1, 66):
        for index in range(size):
            proof = tree().inclusion(index, size)
            assert is_included(index, size, leaf_hash(str(index).encode()), proof, root(size))


def test_a_tree_whose_first_leaves_have_gone_proves_all_others() -> None:
    """The roots of the whole subtrees over them are all that was kept."""
    hashes = [leaf_hash(str(number).encode()) for number in range(34)]
    whole = Tree(hashes)
    for cut in range(35):
        left = Tree(hashes[cut:], CompactRange().grown(hashes[:cut]))
        assert left.size == 34
        for size in range(max(1, cut), 35):
            assert left.root(size) == whole.root(size)
            for index in range(cut, size):
                assert left.inclusion(index, size) == whole.inclusion(index, size)
            if cut:
                assert left.consistency(cut, size) == whole.consistency(cut, size)
        for gone in range(cut):
            with pytest.raises(ProofRefused):
                left.inclusion(gone, 34)
    with pytest.raises(ProofRefused):
        Tree(hashes[9:], CompactRange().grown(hashes[:9])).root(7)


def test_every_small_tree_is_the_beginning_of_every_larger_one() -> None:
    for second in range(66):
        for first in range(second + 1):
            proof = tree().consistency(first, second) if first else ()
            assert is_consistent(first, second, root(first), root(second), proof)


@given(size=SIZES, at=st.integers(0, MOST - 1))
def test_any_leaf_is_proven(size: int, at: int) -> None:
    index = at % size
    leaf = leaf_hash(str(index).encode())
    assert is_included(index, size, leaf, tree().inclusion(index, size), root(size))


@given(first=SIZES, second=SIZES)
def test_any_tree_is_shown_to_be_a_beginning(first: int, second: int) -> None:
    first, second = sorted((first, second))
    proof = tree().consistency(first, second)
    assert is_consistent(first, second, root(first), root(second), proof)


def _mutated(proof: list[bytes], dice: random.Random) -> list[bytes]:
    """Another proof: a bit turned, a step gone, doubled, added, or two that changed places."""
    changed = list(proof)
    at = dice.randrange(len(changed)) if changed else 0
    match dice.randrange(5) if changed else 4:
        case 0:
            step = bytearray(changed[at])
            step[dice.randrange(32)] ^= 1 << dice.randrange(8)
            changed[at] = bytes(step)
        case 1:
            del changed[at]
        case 2:
            changed.insert(at, changed[at])
        case 3:
            changed.reverse()
        case _:
            changed.insert(at, dice.randbytes(32))
    return changed


def test_no_mutated_proof_is_taken() -> None:
    """Five thousand of each kind."""
    dice = random.Random(6962)
    taken = tried = 0
    while tried < 10_000:
        first, second = sorted((dice.randint(1, MOST), dice.randint(1, MOST)))
        index = first - 1
        leaf = leaf_hash(str(index).encode())
        path = list(tree().inclusion(index, second))
        shared = list(tree().consistency(first, second))
        for proof, inclusion in ((path, True), (shared, False)):
            changed = _mutated(proof, dice)
            if changed == proof:
                continue
            tried += 1
            taken += (
                is_included(index, second, leaf, changed, tree().root(second))
                if inclusion
                else is_consistent(first, second, tree().root(first), tree().root(second), changed)
            )
    assert taken == 0


@given(size=st.integers(2, MOST), at=st.integers(0, MOST - 1), other=st.integers(0, MOST - 1))
def test_a_proof_is_for_one_leaf_one_place_and_one_root(size: int, at: int, other: int) -> None:
    index, wrong = at % size, other % size
    proof, leaf = tree().inclusion(index, size), leaf_hash(str(index).encode())
    if wrong != index:
        assert not is_included(index, size, leaf_hash(str(wrong).encode()), proof, root(size))
        assert not is_included(wrong, size, leaf, proof, root(size))
    assert not is_included(index, size, leaf, proof, root(size - 1))
    assert not is_included(size, size, leaf, proof, root(size))
    assert not is_included(-1, size, leaf, proof, root(size))


def test_a_tree_that_was_rewritten_is_no_beginning() -> None:
    other = Tree(leaf_hash(b"other %d" % number) for number in range(20))
    for first in range(1, 20):
        proof = tree().consistency(first, 20)
        assert not is_consistent(first, 20, other.root(first), root(20), proof)
        assert not is_consistent(first, 20, root(first), other.root(20), proof)
    assert not is_consistent(5, 4, root(5), root(4), ())
    assert not is_consistent(4, 4, root(4), root(5), ())
    assert not is_consistent(0, 4, root(1), root(4), ())
    assert not is_consistent(3, 4, root(3), root(4), ())


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (0, MOST + 1)])
def test_what_is_not_there_cannot_be_proven(index: int, size: int) -> None:
    with pytest.raises(ProofRefused):
        tree().inclusion(index, size)
    with pytest.raises(ProofRefused):
        tree().consistency(size + 1, size)


@pytest.mark.parametrize(("size", "peaks"), [(1, b""), (2, b"x" * 64), (1, b"x"), (-1, b"")])
def test_what_is_no_tree_is_refused(size: int, peaks: bytes) -> None:
    with pytest.raises(ValueError, match=r"subtrees|length"):
        CompactRange.read(size, peaks)
