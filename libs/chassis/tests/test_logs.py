"""What is logged of an error: its kind and its place, never what somebody typed."""

import json
import subprocess
import sys

from pydantic import BaseModel, ValidationError

from canlian_chassis.logs import describe

FAILS = """
import structlog
from canlian_chassis import logs
logs.configure("toy")
log = structlog.get_logger()
try:
    raise RuntimeError("王秀兰")
except RuntimeError:
    log.exception("it.failed", command="MakeBox")
"""


def test_a_logged_exception_has_its_traceback_and_not_its_text() -> None:
    said = subprocess.run([sys.executable, "-c", FAILS], capture_output=True, text=True, check=True).stderr
    line = json.loads(said)
    assert line["exception"].endswith("RuntimeError at <string>:7")
    assert "王秀兰" not in json.dumps(line, ensure_ascii=False)


def test_an_error_of_validation_names_the_fields() -> None:
    class Box(BaseModel):
        things: int

    try:
        Box(things="王秀兰")
    except ValidationError as error:
        said = describe(error)
    assert said.endswith("(things)")
    assert "王秀兰" not in said
