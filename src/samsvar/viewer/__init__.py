"""The reference viewer: what staff and citizens see of the plans, in a browser.

A program of its own, with a login of its own, that asks a hub as any application does: by the
public interface for users, and in no other way. So it knows nothing of how the hub works inside.
"""
