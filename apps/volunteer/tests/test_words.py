from canlian_web.language.i18n import untranslated, unused


def test_every_text_has_its_chinese():
    assert untranslated("canlian_volunteer", "canlian_person_file") == []
    assert unused("canlian_volunteer") == []
