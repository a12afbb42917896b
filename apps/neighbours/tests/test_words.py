from canlian_web.i18n import untranslated, unused


def test_every_text_has_its_chinese():
    assert untranslated("canlian_neighbours") == []
    assert unused("canlian_neighbours") == []
