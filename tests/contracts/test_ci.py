"""A skipped test fails a run on CI, and only there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("on_ci", "code"), [("true", 1), ("", 0)])
def test_a_skip_fails_the_run_on_ci_only(tmp_path: Path, on_ci: str, code: int) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\ndef test_it(): pytest.skip('no such thing here')\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.needs", "--rootdir", str(tmp_path), str(tmp_path)],
        # the plugins of the project have nothing to do with it and take longer than all the rest
        env={**os.environ, "CI": on_ci, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code, run.stdout + run.stderr
