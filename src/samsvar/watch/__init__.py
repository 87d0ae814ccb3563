"""Watching the hub: metrics, baselines of each producer, the rules that raise alerts.

Knows what the walk's records say, and figures. Knows no database, no socket and no page.
"""
