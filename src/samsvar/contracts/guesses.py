"""Guesses what the elements of a schema are for: the person, the source, the owner, the result.

Goes by names and shapes that Swedish contracts use, and scores each guess; whoever asks decides
whether the best one is good enough. Knows outlines only. A guess is never more than that: the
patient check at run time holds, whatever was guessed here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from samsvar.contracts import guess_words as words
from samsvar.soap.outline import ElementDeclaration, Outline

SURE = 8.0
"""At least so good, and so much ahead of the next, a guess is no question."""
AHEAD = 1.5
_ALONE = 5.5
"""Where nothing else comes in question, less will do."""
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Guess:
    """A path of local names, and how good a guess it is. ``root``: the path of its OID."""

    path: str
    score: float
    root: str | None = None


@dataclass(frozen=True, slots=True)
class ResultGuess:
    """The element that says how it went, with its code and its log id."""

    name: str
    code: str
    log_id: str | None
    score: float


def decided(guesses: Sequence[Guess]) -> bool:
    """Whether the first is good, and far enough ahead of the second."""
    if not guesses:
        return False
    if len(guesses) == 1:
        return guesses[0].score >= _ALONE
    return guesses[0].score >= SURE and guesses[0].score - guesses[1].score >= AHEAD


def persons(outline: Outline, element_type: str) -> list[Guess]:
    """Where the person's number may stand below a type, the best first."""
    found: list[Guess] = []
    for path, declaration in _walk(outline, element_type):
        score = _person_score(local(declaration.name))
        place = _identifier(outline, declaration, path)
        if score is None or place is None:
            continue
        score -= 0.5 * path.count("/")
        # The record's own header may be called by any word.
        above = [one for one in path.lower().split("/")[:-1] if not one.endswith("header")]
        if any(word in one for word in words.OTHER_PEOPLE for one in above):
            score -= words.FAR
        if place.root is not None:
            score += 1.0
        elif place.number != path:
            score -= 1.0
        found.append(Guess(place.number, score, place.root))
    return _best_first(found)


def persons_in_attributes(outline: Outline, element_type: str) -> list[str]:
    """Paths of elements that a person's number may stand in, but as an attribute."""
    return [
        path
        for path, declaration in _walk(outline, element_type)
        if declaration.type in outline.without_text
        and _person_score(local(declaration.name)) is not None
    ]


def persons_several_times(outline: Outline, element_type: str) -> list[str]:
    """Elements for a person's number that may come several times."""
    return [
        local(child.name)
        for child in outline.children(element_type)
        if child.repeated and _person_score(local(child.name)) is not None
    ]


def sources(outline: Outline, element_type: str) -> list[Guess]:
    """Where the source system may stand below a type, the best first."""
    return _identifiers(outline, element_type, words.SOURCE)


def owners(outline: Outline, element_type: str) -> list[Guess]:
    """Where the party that answers for the record may stand below a type, the best first."""
    return _identifiers(outline, element_type, words.OWNER)


def results(outline: Outline, element_type: str) -> list[ResultGuess]:
    """Which child of the response says how it went, the best first."""
    found = []
    for child in outline.children(element_type):
        score = words.RESULT.get(local(child.name).lower())
        names = {local(one.name).lower(): local(one.name) for one in outline.children(child.type)}
        code = next((names[name] for name in words.CODES if name in names), None)
        if score is None or code is None or child.repeated:
            continue
        log_id = next((names[name] for name in words.LOG_IDS if name in names), None)
        found.append(ResultGuess(local(child.name), code, log_id, score))
    return sorted(found, key=lambda guess: -guess.score)


def local(name: str) -> str:
    """A Clark name without its namespace."""
    return etree.QName(name).localname


def _person_score(name: str) -> float | None:
    lower = _plain(name)
    if lower in words.STAFF or any(word in lower for word in words.NOT_THE_PERSON):
        return None
    if lower in words.PERSON:
        return words.PERSON[lower]
    if lower.endswith(("id", "number", "identity")) and any(w in lower for w in words.PERSON_WORDS):
        return 6.0
    return None


def _identifiers(outline: Outline, element_type: str, names: dict[str, float]) -> list[Guess]:
    found: list[Guess] = []
    for path, declaration in _walk(outline, element_type):
        score = names.get(_plain(local(declaration.name)))
        place = _identifier(outline, declaration, path)
        if score is not None and place is not None:
            found.append(Guess(place.number, score - 0.5 * path.count("/")))
    return _best_first(found)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an identifier's value stands, and its root where it has one."""

    number: str
    root: str | None


def _identifier(
    outline: Outline, declaration: ElementDeclaration, path: str, depth: int = 0
) -> _Place | None:
    """The value inside an element that is an identifier, or that holds one in its ``id``."""
    children = outline.children(declaration.type)
    if declaration.type in outline.without_text:
        return None
    if not children:
        return _Place(path, None)
    inside = {_plain(local(one.name)): one for one in children if not one.repeated}
    values = {name for name, one in inside.items() if not outline.children(one.type)}
    for number, root in (("extension", "root"), ("id", "type")):
        if number in values and root in values:
            return _Place(
                f"{path}/{local(inside[number].name)}", f"{path}/{local(inside[root].name)}"
            )
    for name in words.NUMBERS:
        if name in inside and depth < _DEEPEST:
            child = inside[name]
            return _identifier(outline, child, f"{path}/{local(child.name)}", depth + 1)
    return None


def _plain(name: str) -> str:
    """A name as the tables have it: ``subject_of_care`` and ``subjectOfCare`` are one, and so are
    ``källsystem`` and ``kallsystem``."""
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[_.-]", "", bare).lower()


def _walk(outline: Outline, element_type: str) -> Iterator[tuple[str, ElementDeclaration]]:
    """Every element below a type that can stand there once, with its path; not endlessly deep."""
    waiting: list[tuple[str, str, tuple[str, ...]]] = [("", element_type, (element_type,))]
    while waiting:
        above, current, types = waiting.pop(0)
        for child in outline.children(current):
            if child.repeated:
                continue
            path = f"{above}{local(child.name)}"
            yield path, child
            if child.type not in types and len(types) < _DEEPEST:
                waiting.append((f"{path}/", child.type, (*types, child.type)))


def _best_first(guesses: list[Guess]) -> list[Guess]:
    """Of two that are as good, the one that the schema has first: headers come before bodies."""
    return sorted(guesses, key=lambda guess: -guess.score)
