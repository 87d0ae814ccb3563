"""The settings file as text: read with a bound, and its faults told with line and what is allowed.

Knows TOML, and how people misspell; knows no setting.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

MOST_BYTES = 1_000_000
"""A file of settings is a page or two; one of megabytes is something else."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")
_WORDS = {
    "tuple_type": "must be a list, [...]",
    "model_type": "must be a table, [{key}]",
    "model_attributes_type": "must be a table, [{key}]",
    "path_type": "must be a path, in quotes",
    "string_type": "must be a text, in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "missing": "must be given",
}


_WITHOUT = "a hub that nobody has set up is started without a settings file"


class FileUnreadable(Exception):
    """The file is none; the text says which, and what to do."""


def read(path: Path, without: str = _WITHOUT) -> tuple[dict[str, Any], str]:
    """The file's tables, and its text. ``without``: what is told where it is empty.

    Raises:
        FileUnreadable: it is not there, too large, empty, or not TOML in UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileUnreadable(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise FileUnreadable(f"{path}: larger than {MOST_BYTES} bytes: this is no settings file")
    if data.startswith(b"\xef\xbb\xbf"):
        raise FileUnreadable(
            f"{path}: not TOML in UTF-8: begins with a byte order mark; save it without one"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileUnreadable(
            f"{path}: not TOML in UTF-8: line {line} is in another encoding; save it as UTF-8"
        ) from error
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = str(error).replace("Cannot overwrite a value", "a key is given a second time")
        raise FileUnreadable(f"{path}: not TOML in UTF-8: {told}") from error
    if not tree:
        raise FileUnreadable(f"{path}: is empty: {without}")
    return tree, text


def sentence(where: str, model: type[BaseModel], fault: Mapping[str, Any], text: str) -> str:
    """The file, the setting, what is wrong with it, and its line. ``model``: of the whole file."""
    place = tuple(fault["loc"])
    told = in_words(fault, names_at(model, place[:-1]))
    if not place:
        return f"{where}: {told}"
    line = line_of(text, place)
    at = "" if line is None else f" (line {line})"
    return f"{where}: {'.'.join(str(part) for part in place)}: {told}{at}"


def names_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """The settings that there are in a section; the sections, at the top."""
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            model = section_of(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, or holds a list of."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def in_words(fault: Mapping[str, Any], known: Sequence[str]) -> str:
    """What is wrong with one value. ``known``: the names there are where a name is unknown."""
    kind = fault["type"]
    if kind == "extra_forbidden":
        name = str(fault["loc"][-1])
        near = difflib.get_close_matches(name, known, 1)
        meant = f"; did you mean {near[0]}?" if near else ";"
        return f"no such setting{meant} there are {', '.join(known)}"
    if kind in _WORDS:
        return _WORDS[kind].format(key=fault["loc"][0])
    text = str(fault["msg"]).removeprefix("Value error, ")
    return text.replace("Input should be", "must be").replace("String should", "must")


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """The line where a setting stands, or the header of its table; None: it is not to be seen."""
    names = [one for one in place if isinstance(one, str)]
    numbers = [one for one in place if isinstance(one, int)]
    number = numbers[-1] if numbers else 0
    whole, above = ".".join(names), ".".join(names[:-1])
    seen: dict[str, int] = {}
    current = ""
    headers: dict[str, int] = {}
    for line, written in enumerate(text.splitlines(), start=1):
        if (found := _HEADER.match(written)) is not None:
            current = found[2]
            seen[current] = seen.get(current, -1) + 1
            if seen[current] == number or (current not in headers and not numbers):
                headers[current] = line
            if current == whole and seen[current] == number:
                return line
        elif (key := _KEY.match(written)) is not None and key[1] == names[-1]:
            of_list = isinstance(place[-1], int)  # a member of a list of plain values
            counted = seen.get(current, 0) == (0 if of_list else number)
            if current == above and counted:
                return line
    return headers.get(above)
