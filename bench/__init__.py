"""The benchmark: what a question costs in the hub, against a bare conventional hub.

Run with ``python -m bench``; read ``docs/benchmark.md`` first. Figures are ratios within one run,
never promises about a machine, so no test asserts any of them.
"""
