"""Every text of the tool has its Chinese."""

from __future__ import annotations

from canlian_web.language.i18n import untranslated, unused


def test_every_text_has_its_chinese():
    assert untranslated("canlian_provider", "canlian_person_file") == []
    assert unused("canlian_provider") == []
