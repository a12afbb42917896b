"""What a tool of pages takes from here: `Tool(…, libraries=[PERSON_FILE])`."""

from __future__ import annotations

from canlian_person_file import access_reason
from canlian_web.library import Library

PERSON_FILE = Library("canlian_person_file", [access_reason.router])
