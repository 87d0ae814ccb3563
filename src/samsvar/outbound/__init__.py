"""Doors out: one protocol, one producer at a time. Each implements a port."""
