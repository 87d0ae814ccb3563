"""?wsdl and ?xsd: packaged and added files, with our address in place of the publisher's.

Knows which URL path each interaction is served at, and how the files point at each other.
Only files that a WSDL on the shelf reaches by its imports can be asked for: a name is looked
up, never joined to a folder. Knows nothing of HTTP, nor of what a contract is used for.
"""

from __future__ import annotations

import os.path
import posixpath
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from lxml import etree

from samsvar.soap.interaction import read_interaction
from samsvar.soap.parsing import parse_trusted
from samsvar.soap.rivta import service_path

MISSING_STATUS = 500
MISSING_TYPE = "text/plain; charset=utf-8"
"""An unknown path is answered as the national platform does: not with 404."""

_IMPORT = "{http://www.w3.org/2001/XMLSchema}import"
_INCLUDE = "{http://www.w3.org/2001/XMLSchema}include"
_ADDRESS = "{http://schemas.xmlsoap.org/wsdl/soap/}address"


@dataclass(frozen=True, slots=True)
class _Volume:
    """One WSDL and all schemas that it reaches, by their names below the folder of them all:
    ``schemas``, in a RIV-TA package."""

    wsdl: str
    files: dict[str, etree._ElementTree]


Volumes = dict[str, _Volume]
"""By URL path, sorted."""


class WsdlShelf:
    """All interactions that lie packaged, and those that were added; each read once."""

    def __init__(self, wsdl_dir: Path, added: Iterable[Path] = ()) -> None:
        """Read everything below the folder, and the WSDLs of added contracts.

        Raises:
            InteractionUnreadable: a WSDL is not what it should be.
        """
        self._packaged = dict(_volume(file) for file in wsdl_dir.rglob("*.wsdl"))
        self.show(self.read(added))

    def read(self, added: Iterable[Path]) -> Volumes:
        """The packaged ones and these, to be shown. Changes nothing, and may run in a thread.

        Raises:
            InteractionUnreadable: a WSDL is not what it should be.
        """
        volumes = {**dict(_volume(file) for file in added), **self._packaged}
        return dict(sorted(volumes.items()))

    def show(self, volumes: Volumes) -> None:
        """Put these in place of what was shown, in one step."""
        self._volumes = volumes

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


def _volume(file: Path) -> tuple[str, _Volume]:
    interaction = read_interaction(file)
    trees: dict[str, etree._ElementTree] = {}
    waiting = [file.resolve().as_posix()]
    while waiting:
        name = waiting.pop()
        if name in trees:
            continue
        trees[name] = parse_trusted(Path(name))
        waiting.extend(target for _, target in _references(name, trees[name]))
    top = os.path.commonpath([posixpath.dirname(name) for name in trees])
    files = {posixpath.relpath(name, top): tree for name, tree in trees.items()}
    wsdl = posixpath.relpath(file.resolve().as_posix(), top)
    return service_path(interaction.target_namespace), _Volume(wsdl, files)


def _references(name: str, tree: etree._ElementTree) -> Iterator[tuple[etree._Element, str]]:
    """Every element that points at another file, and that file's name."""
    for element in tree.iter(_IMPORT, _INCLUDE):
        if (location := element.get("schemaLocation")) is not None:
            beside = posixpath.join(posixpath.dirname(name), unquote(location))
            yield element, posixpath.normpath(beside)


def _shown(volume: _Volume, name: str, url: str) -> bytes:
    """The file as seen from outside: every address in it leads back to ``url``."""
    tree = deepcopy(volume.files[name])
    for element, target in _references(name, tree):
        element.set("schemaLocation", f"{url}?xsd={quote(target)}")
    for address in tree.iter(_ADDRESS):
        address.set("location", url)
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")
