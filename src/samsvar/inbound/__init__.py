"""Doors in: each turns what comes over a wire into a Call, and an Answer into bytes."""
