"""The administrative interface: JSON under /admin/v1, on listeners that the settings name.

``routes`` is the one table: what serves a request and what describes it are the same rows.
Knows the desk and what it is handed; knows no SQL, and not how a producer is reached.
"""
