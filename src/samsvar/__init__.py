"""Samsvar: one question to many care systems, one collected and honest answer.

Read ``pipeline/__init__.py`` first: the whole walk is there.
"""

__version__ = "0.1.0"
