"""?wsdl and ?xsd: our packaged files, with our address in place of the publisher's.

Knows which URL path each interaction is served at, and how the files point at each other.
Only files that a packaged WSDL reaches by its imports can be asked for: a name is looked up,
never joined to a folder. Knows nothing of HTTP, nor of which contracts are in use.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from lxml import etree

from samsvar.soap.interaction import read_interaction
from samsvar.soap.parsing import parse_trusted

ROOT = "/vp"
"""Where consumers of the national platform are used to find services."""

MISSING_STATUS = 500
MISSING_TYPE = "text/plain; charset=utf-8"
"""An unknown path is answered as the national platform does: not with 404."""

_IMPORT = "{http://www.w3.org/2001/XMLSchema}import"
_INCLUDE = "{http://www.w3.org/2001/XMLSchema}include"
_ADDRESS = "{http://schemas.xmlsoap.org/wsdl/soap/}address"


@dataclass(frozen=True, slots=True)
class _Volume:
    """One WSDL and all schemas that it reaches, by their names below the ``schemas`` folder."""

    wsdl: str
    files: dict[str, etree._ElementTree]


class WsdlShelf:
    """All interactions that lie packaged, read once."""

    def __init__(self, wsdl_dir: Path) -> None:
        """Read everything below the folder.

        Raises:
            InteractionUnreadable: a WSDL there is not what it should be.
        """
        volumes = dict(_volume(file) for file in wsdl_dir.rglob("*.wsdl"))
        self._volumes = dict(sorted(volumes.items()))

    def paths(self) -> tuple[str, ...]:
        """Every path that has a WSDL, sorted."""
        return tuple(self._volumes)

    def wsdl(self, path: str, url: str) -> bytes | None:
        """The WSDL of a path, as seen from ``url``; None if there is none."""
        volume = self._volumes.get(path.rstrip("/"))
        return None if volume is None else _shown(volume, volume.wsdl, url)

    def xsd(self, path: str, name: str, url: str) -> bytes | None:
        """A schema that the path's WSDL reaches; None if it reaches none of that name.

        ``name`` is as our own imports write it, or relative to the WSDL as the file itself does.
        """
        volume = self._volumes.get(path.rstrip("/"))
        if volume is None:
            return None
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(volume.wsdl), name))
        found = next((one for one in (name, beside) if one in volume.files), volume.wsdl)
        return None if found == volume.wsdl else _shown(volume, found, url)

    def missing_text(self) -> str:
        """What a consumer who asked for an unknown path is told."""
        lines = ["No wsdl found on this path, following wsdl paths is available:", *self.paths()]
        return "\n".join(lines) + "\n"


def service_path(target_namespace: str) -> str:
    """The URL path of a WSDL's namespace: ``urn:riv:a:b:GetX:2:rivtabp21`` to
    ``/vp/a/b/GetX/2/rivtabp21``."""
    return "/".join((ROOT, *target_namespace.removeprefix("urn:riv:").split(":")))


def _volume(file: Path) -> tuple[str, _Volume]:
    interaction = read_interaction(file)
    top = file.resolve().parents[2]  # .../schemas/interactions/XInteraction/X.wsdl
    files: dict[str, etree._ElementTree] = {}
    waiting = [file.resolve().relative_to(top).as_posix()]
    while waiting:
        name = waiting.pop()
        if name in files:
            continue
        files[name] = parse_trusted(top / name)
        waiting.extend(target for _, target in _references(name, files[name]))
    wsdl = file.resolve().relative_to(top).as_posix()
    return service_path(interaction.target_namespace), _Volume(wsdl, files)


def _references(name: str, tree: etree._ElementTree) -> Iterator[tuple[etree._Element, str]]:
    """Every element that points at another file, and that file's name."""
    for element in tree.iter(_IMPORT, _INCLUDE):
        if (location := element.get("schemaLocation")) is not None:
            yield element, posixpath.normpath(posixpath.join(posixpath.dirname(name), location))


def _shown(volume: _Volume, name: str, url: str) -> bytes:
    """The file as seen from outside: every address in it leads back to ``url``."""
    tree = deepcopy(volume.files[name])
    for element, target in _references(name, tree):
        element.set("schemaLocation", f"{url}?xsd={quote(target)}")
    for address in tree.iter(_ADDRESS):
        address.set("location", url)
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")
