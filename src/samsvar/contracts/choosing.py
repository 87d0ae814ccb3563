"""Which WSDL of a package is meant: of its interactions, minor versions, profiles and copies.

Knows how RIV-TA names files and operations. Knows nothing of what is in a contract.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from samsvar.contracts.package import Package, PackageRefused

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_VERSION = re.compile(r"_([0-9]{1,4})\.([0-9]{1,4})_")
_AGGREGATED = "GetAggregated"


def choose_wsdl(package: Package, wanted: str | None) -> str:
    """The one WSDL that is meant. Of two profiles of one interaction, RIV-TA BP 2.1; of its minor
    versions the newest, since they share one namespace and messages of the others fit it.

    Raises:
        PackageRefused: none or several fit; the text lists what there is.
    """
    operations = _without_aggregating(_operations(package))
    offered = operations
    if wanted is not None:
        bare = wanted.removesuffix("Interaction")
        operations = (
            {bare: operations[bare]} if bare in operations else _by_path(operations, wanted)
        )
    fitting = {
        name: _one_of_copies(package, _newest_minor(package, _newest_profile(paths)))
        for name, paths in operations.items()
    }
    if len(fitting) == 1 and len(chosen := next(iter(fitting.values()))) == 1:
        return chosen[0]
    problem = "no WSDL fits" if not fitting else "the package has several WSDLs"
    listed = "\n".join(
        f"  {name}: {path}"
        for name, paths in sorted((fitting or offered).items())
        for path in paths
    )
    raise PackageRefused(
        f"{problem}; name one with --interaction and its operation, or a part of its path:\n"
        f"{listed}"
    )


def _operations(package: Package) -> dict[str, list[str]]:
    """Paths of WSDLs by the names of their operations. What cannot be read is passed by if
    another can."""
    operations: dict[str, list[str]] = {}
    unreadable: list[PackageRefused] = []
    for path in package.wsdls():
        try:
            root = package.root(path)
        except PackageRefused as error:
            unreadable.append(error)
            continue
        names = [one.get("name", "") for one in root.iterfind(f"{_WSDL}portType/{_WSDL}operation")]
        operations.setdefault(", ".join(names), []).append(path)
    if not operations:
        raise unreadable[0]
    return operations


def _without_aggregating(operations: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Some packages describe the aggregating service beside the service: it has the same messages,
    and is what the hub is."""
    return {
        name: paths
        for name, paths in operations.items()
        if not (
            name.startswith(_AGGREGATED) and f"Get{name.removeprefix(_AGGREGATED)}" in operations
        )
    }


def _by_path(operations: Mapping[str, list[str]], wanted: str) -> dict[str, list[str]]:
    found = {
        name: [path for path in paths if wanted.lower() in path.lower()]
        for name, paths in operations.items()
    }
    return {name: paths for name, paths in found.items() if paths}


def _newest_profile(paths: Sequence[str]) -> Sequence[str]:
    modern = [path for path in paths if "RIVTABP20" not in path.upper()]
    return modern or paths


def _newest_minor(package: Package, paths: Sequence[str]) -> Sequence[str]:
    namespaces = {package.root(path).get("targetNamespace") for path in paths}
    versions = [_VERSION.search(posixpath.basename(path)) for path in paths]
    if len(namespaces) > 1 or None in versions:
        return paths
    numbers = [(int(found[1]), int(found[2])) for found in versions if found is not None]
    newest = max(numbers)
    return [path for path, number in zip(paths, numbers, strict=True) if number == newest]


def _one_of_copies(package: Package, paths: Sequence[str]) -> Sequence[str]:
    """One, where the others are the same files at another place of the package."""
    if len(paths) < 2:
        return paths
    contents = []
    for path in paths:
        try:
            reached = package.reached(path)
        except PackageRefused:
            return paths  # whoever names that one is told what is wrong with it
        contents.append({posixpath.basename(name): package.files[name] for name in reached})
    return paths[:1] if all(one == contents[0] for one in contents) else paths
