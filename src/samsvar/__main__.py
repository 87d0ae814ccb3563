"""``python -m samsvar``."""

from samsvar.cli import main

main()
