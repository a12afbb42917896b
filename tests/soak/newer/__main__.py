"""`python -m tests.soak.newer PART`: one part of the newer release; where forked, CANLIAN_NEWER_PART names it."""

from __future__ import annotations

import os
import runpy
import sys

from canlian_operator.running.parts import chosen
from tests.soak.newer import VARIABLE
from tests.soak.newer.rules import bring_in

if __name__ == "__main__":
    [part] = chosen(sys.argv[1:] or [os.environ[VARIABLE]])
    bring_in(part.name)
    sys.argv = [part.module]
    runpy.run_module(part.module, run_name="__main__", alter_sys=True)
