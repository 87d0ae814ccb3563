"""Puts contracts, schemas and adapters into the wheel; a clone has links to them instead."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = {
    "contracts": "samsvar/_data/contracts",
    "wsdl": "samsvar/_data/wsdl",
    "adapters": "samsvar_adapters",
}


class CarryData(BuildHookInterface):  # type: ignore[type-arg]
    """Only for a real wheel: an editable install must see the files themselves."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects files."""
        if version == "standard":
            build_data["force_include"].update(CARRIED)
