"""Whom the visitor is told they visit."""

import pytest

from canlian_volunteer.visits.form_of_address import surname


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("王秀兰", "王"),
        ("欧阳娜娜", "欧阳"),
        ("单于", "单于"),
        ("阳光", "阳"),
        ("阿依古丽·买买提", "阿依古丽"),
        ("John Smith", "John"),
        ("", ""),
    ],
)
def test_only_the_surname_is_kept(name, said):
    assert surname(name) == said
