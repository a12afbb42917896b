"""What stands in a PDF."""

from __future__ import annotations

from typing import Any

import pypdfium2  # type: ignore[import-untyped]


def text_of(pdf: Any) -> str:
    """The text of all pages of a file, or of its bytes."""
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
