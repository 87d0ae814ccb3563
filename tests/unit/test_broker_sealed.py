"""Sealed messages: what opens, and that nothing else does."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from samsvar.broker.hpke import Aead, CannotOpen, unseal
from samsvar.broker.keys import KeyPair, public_key
from samsvar.broker.sealed import Kind, NotSealed, sealed, taken_apart

HUB, ONE, OTHER, STRANGER = KeyPair.new(), KeyPair.new(), KeyPair.new(), KeyPair.new()
HEADER = b'{"id":"1"}'
CONTENT = b"what only one may read"
MOST = 10_000


def question(content: bytes = CONTENT) -> bytes:
    """For ONE and OTHER, from HUB."""
    receivers = [ONE.public, OTHER.public]
    return sealed(Kind.QUESTION, HEADER, content, sender=HUB, receivers=receivers)


def test_the_rfcs_own_example_opens() -> None:
    """RFC 9180, A.1.3: mode auth, with the cipher of the example."""
    opened = unseal(
        bytes.fromhex(
            "23fb952571a14a25e3d678140cd0e5eb47a0961bb18afcf85896e5453c312e76"
            "5fd92cc9d46dbf8943e72a07e42f363ed5f721212cd90bcfd072bfd9f44e06b80fd17824947496e21b680c14"
            "1b"
        ),
        receiver=X25519PrivateKey.from_private_bytes(
            bytes.fromhex("fdea67cf831f1ca98d8e27b1f6abeb5b7745e9d35348b80fa407ff6958f9137e")
        ),
        sender=X25519PublicKey.from_public_bytes(
            bytes.fromhex("8b0c70873dc5aecb7f9ee4e62406a397b350e57012be45cf53b7105ae731790b")
        ),
        info=bytes.fromhex("4f6465206f6e2061204772656369616e2055726e"),
        bound=bytes.fromhex("436f756e742d30"),
        aead=Aead(1, 16),
    )
    assert opened == b"Beauty is truth, truth beauty"


def test_each_receiver_opens_it_and_knows_who_sealed_it() -> None:
    message = taken_apart(Kind.QUESTION, question(), MOST)
    assert message.header == HEADER
    assert message.opened(ONE, HUB.public) == CONTENT
    assert message.opened(OTHER, HUB.public) == CONTENT


@pytest.mark.parametrize(
    ("own", "sender"),
    [(STRANGER, HUB), (ONE, STRANGER), (HUB, ONE)],
    ids=["receiver", "sender", "own"],
)
def test_nobody_else_does(own: KeyPair, sender: KeyPair) -> None:
    """Not a stranger, not as if from a stranger, and not the one who sealed it."""
    with pytest.raises(CannotOpen):
        taken_apart(Kind.QUESTION, question(), MOST).opened(own, sender.public)


def test_no_byte_can_be_changed() -> None:
    """Kind, header, wrapped keys and content: each is bound to all the others."""
    whole = question()
    for at in range(len(whole)):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        with pytest.raises((CannotOpen, NotSealed)):
            taken_apart(Kind.QUESTION, changed, MOST).opened(ONE, HUB.public)


def test_no_length_but_its_own_opens() -> None:
    whole = question()
    for end in range(len(whole)):
        with pytest.raises((CannotOpen, NotSealed)):
            taken_apart(Kind.QUESTION, whole[:end], MOST).opened(ONE, HUB.public)
    with pytest.raises(CannotOpen):
        taken_apart(Kind.QUESTION, whole + b"\x00", MOST).opened(ONE, HUB.public)


def test_a_question_is_no_answer() -> None:
    """Nor when its first bytes say that it is."""
    with pytest.raises(NotSealed, match="another kind"):
        taken_apart(Kind.ANSWER, question(), MOST)
    dressed = Kind.ANSWER.value + question()[4:]
    with pytest.raises(CannotOpen):
        taken_apart(Kind.ANSWER, dressed, MOST).opened(ONE, HUB.public)


def test_too_much_and_text_are_refused_before_anything_is_looked_at() -> None:
    with pytest.raises(NotSealed, match="over 10000 bytes"):
        taken_apart(Kind.QUESTION, question(bytes(MOST)), MOST)
    with pytest.raises(NotSealed, match="no bytes"):
        taken_apart(Kind.QUESTION, "SVQ1", MOST)


def test_the_same_content_never_looks_the_same_and_shows_nothing_of_itself() -> None:
    first, second = question(), question()
    assert first != second
    assert CONTENT not in first
    assert first[len(HEADER) + 20 :] != second[len(HEADER) + 20 :]


def test_a_key_file_holds_its_pair_and_no_repr_shows_it() -> None:
    assert KeyPair.of(ONE.secret()).public == ONE.public
    assert ONE.secret().removeprefix("private-x25519:") not in repr(ONE)
    assert public_key(ONE.public.text) == ONE.public
    assert ONE.public != OTHER.public


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x25519:",
        ONE.public.text[:-1],
        ONE.public.text + "A",
        ONE.public.text.removeprefix("x25519:"),
        ONE.public.text.upper(),
        "x25519:" + "A" * 43,
        "x25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "x25519:" + "å" * 43,
    ],
    ids=["empty", "short", "cut", "long", "bare", "upper", "zero", "one", "foreign"],
)
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    """Cut, lengthened, another alphabet, or of an order so low that it keeps no secret."""
    with pytest.raises(ValueError, match="must be a key") as refused:
        public_key(text)
    assert len(text) < len("x25519:") + 1 or text not in str(refused.value)
