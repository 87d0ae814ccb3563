"""What the access rules made of a source's records, in words: for who knows no rule by its id."""

from __future__ import annotations

import re

from samsvar.access import BY_ID, DEFAULT, Verdict
from samsvar.model.words import Words

_COUNTED = re.compile(r"(\w+) (\w+) (\d+)", re.ASCII)
#: the paragraphs with which a rule's basis begins; what follows them is a remark
_PARAGRAPHS = re.compile(r"(?:2022:913|PDL)[\d:;, ]*(?:PDL[\d:;, ]*)?", re.ASCII)
_BECAME = {
    Verdict.ALLOW: Words("visas", "shown"),
    Verdict.MASK: Words("maskeras", "masked"),
    Verdict.DENY: Words("visas inte", "not shown"),
    Verdict.EXISTENCE: Words("bara att de finns", "only that they exist"),
    Verdict.REJECT: Words("ärendet nekas", "the errand is refused"),
}


def told(counts: str) -> Words:
    """``pipeline.weigh.told``'s counts; what has another form stays as it is."""
    pieces = [_piece(each) for each in counts.split(", ")]
    return Words(
        "; ".join(each.swedish for each in pieces), "; ".join(each.english for each in pieces)
    )


def _piece(text: str) -> Words:
    found = _COUNTED.fullmatch(text)
    if found is None or found[2] not in Verdict.__members__:
        return Words(text, text)
    rule, verdict, count = found.groups()
    became, why = _BECAME[Verdict[verdict]], _why(rule)
    one = count == "1"
    return Words(
        f"{count} {'uppgift' if one else 'uppgifter'} {became.swedish} ({why.swedish})",
        f"{count} {'element' if one else 'elements'} {became.english} ({why.english})",
    )


def _why(rule: str) -> Words:
    if rule == "GATES":
        return Words(
            "inget villkor för system hindrade det", "no condition for systems stood in the way"
        )
    if rule == DEFAULT:
        return Words("ingen regel tillåter det", "no rule allows it")
    known = BY_ID.get(rule)
    paragraphs = _PARAGRAPHS.match(known.basis) if known is not None else None
    law = f", {paragraphs[0].strip(' ,;')}" if paragraphs else ""
    return Words(f"regel {rule}{law}", f"rule {rule}{law}")
