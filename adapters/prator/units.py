"""Prator's local unit codes, resolved to HSA-ids by the producer's ``unit_registry`` option.

Knows the option's form and what an HSA-id looks like. Never makes an HSA-id of a local code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from samsvar.adapter_api import ProducerError, care
from samsvar_adapters.prator.native import Remarks, line_of

_CODE = re.compile(r"[A-ZÅÄÖ]{2,10}(?:-[A-ZÅÄÖ0-9]{1,12})+")
# SE, the organisation number (12 digits in old ones), a hyphen, a suffix: 31 characters in all.
_HSA_ID = re.compile(r"SE\d{10}(?:\d{2})?-[A-Z0-9]{1,20}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry knows of one code."""

    unit: str | None
    care_giver: str | None = None


UnitRegistry = Mapping[str, Registered]


def read_registry(option: str) -> UnitRegistry:
    """``VC-017=SE...-00A1@SE...-0001;SOC-2480=``, where ``@`` leads the care giver's HSA-id.

    Raises:
        ProducerError: the option is not of that form; the text says which entry.
    """
    registry: dict[str, Registered] = {}
    for number, entry in enumerate(option.split(";"), start=1):
        if not entry.strip():
            continue
        code, equals, value = (part.strip() for part in entry.partition("="))
        unit, at, care_giver = (part.strip() for part in value.partition("@"))
        if not equals or not code or any(
            part and not _HSA_ID.fullmatch(part) for part in (unit, care_giver)
        ) or (at and not care_giver):  # fmt: skip
            raise ProducerError(
                f"option unit_registry, entry {number}: must be CODE=HSA-id@HSA-id or CODE="
            )
        if _folded(code) in registry:
            raise ProducerError(f"option unit_registry, entry {number}: the code stands twice")
        registry[_folded(code)] = Registered(unit or None, care_giver or None)
    return registry


def is_code(text: str) -> bool:
    """True for what is written as a unit code; ``Patient`` and ``Dotter`` are not."""
    return bool(_CODE.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Units:
    """Makes canonical units of codes."""

    registry: UnitRegistry

    def named(
        self, code: object, name: object, hsa_id: object, path: str, remarks: Remarks
    ) -> care.Unit | None:
        """A unit of what the source says about it; None if it says nothing."""
        local, title = line_of(code), line_of(name)
        own = self._own_id(hsa_id, path, remarks)
        if own is None and local is not None:
            own = self.registered(local).unit
            if own is None:
                remarks.add(
                    care.QualityCode.MISSING_HSA_UNIT, path, "a unit code without an HSA-id"
                )
        if local is None and title is None and own is None:
            return None
        return care.Unit(name=title, hsa_id=own, local_id=local)

    def registered(self, code: str | None) -> Registered:
        """The registry's row; an empty one if it has none."""
        return self.registry.get(_folded(code), Registered(None)) if code else Registered(None)

    def participating(
        self, known: Iterable[care.Unit | None], codes: Iterable[str], remarks: Remarks
    ) -> tuple[care.Unit, ...]:
        """Each unit once, in order; what is no unit code (a person) is not handed on."""
        by_code: dict[str, care.Unit] = {}
        for unit in known:
            if unit is not None:
                by_code.setdefault(_folded(unit.local_id or unit.hsa_id or unit.name or ""), unit)
        for code in codes:
            if is_code(code) and _folded(code) not in by_code:
                unit = self.named(code, None, None, "deltagande", remarks)
                if unit is not None:
                    by_code[_folded(code)] = unit
        return tuple(by_code.values())

    def _own_id(self, hsa_id: object, path: str, remarks: Remarks) -> str | None:
        written = line_of(hsa_id)
        if written is None:
            return None
        # Blanks are typing; letter case is kept, since ids are compared without it.
        joined = "".join(written.split())
        if _HSA_ID.fullmatch(joined):
            return joined
        remarks.add(care.QualityCode.LOCAL_UNIT_ID, path, "hsaId holds a local code")
        return None


def _folded(code: str) -> str:
    return "".join(code.split()).casefold()
