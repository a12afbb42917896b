"""A release newer than this one, made for the test: the same code, and what a next release may bring.

An event in a new version, which the old release cannot read; an event of a type it does not know, in aggregates that it
must load; a policy that answers it, and a tool that shows it. `python -m tests.soak.newer assistance` runs one part.
"""

VARIABLE = "CANLIAN_NEWER_PART"
"""Which part a forked process is, which has no command line of its own."""
