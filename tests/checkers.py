"""Programs and libraries that not everybody has, and without which a test says nothing.

At home the test is skipped and says what is missing; where CI=true it fails, as ``.ci/checkers``
should have brought it.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_HOW = "make checkers brings it"


def program(name: str) -> str:
    """Its path."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        _absent(name)
    return str(found)


def library(name: str) -> Any:
    """The module."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return _absent(name)


def said(*command: str | Path, code: int = 0, folder: Path | None = None) -> str:
    """What a checker says, which ends with this code."""
    ran = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
    )
    text = ran.stdout + ran.stderr
    assert ran.returncode == code, text
    return text


def _absent(name: str) -> None:
    reason = f"{name} is not here: {_HOW}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
