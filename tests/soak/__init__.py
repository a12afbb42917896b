"""The soak: a whole system under load while its programs are killed at random; nothing acknowledged may be lost.

`make soak FOR=300`, or `python -m tests.soak --for 300 --seed 7`.
"""
