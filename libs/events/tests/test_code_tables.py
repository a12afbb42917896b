"""The code tables of the domain, and the two numbers a person bears: each rule by its name, with its number in it."""

from datetime import date

import pytest

from canlian_events.numbers import (
    CERTIFICATE_LENGTH,
    CHECK_CHARACTERS,
    ID_LENGTH,
    SUFFIX_SHAPE,
    WEIGHTS,
    CertificateNumber,
    CitizenId,
    make_citizen_id,
)
from canlian_events.terms import DisabilityClass, Grade, Hardship, SpecialKind

BORN = date(1969, 7, 6)
CITIZEN_ID = make_citizen_id("429999", BORN, 60)


def test_disability_class_is_one_of_seven_by_gb_t_26341() -> None:
    words = {1: "视力", 2: "听力", 3: "言语", 4: "肢体", 5: "智力", 6: "精神", 7: "多重"}
    assert {int(code): code.zh for code in DisabilityClass} == words


def test_grade_is_one_of_four_and_1_is_the_most_severe() -> None:
    assert {int(code): code.zh for code in Grade} == {1: "一级", 2: "二级", 3: "三级", 4: "四级"}


def test_citizen_id_is_18_characters_region_birth_sequence_and_check() -> None:
    assert (len(CITIZEN_ID), ID_LENGTH) == (18, 18)
    assert CITIZEN_ID.startswith("429999" + "19690706" + "060")
    read = CitizenId.read(CITIZEN_ID)
    assert (read.region, read.birth_date) == ("429999", BORN)


def test_citizen_id_sequence_is_odd_for_men() -> None:
    assert [CitizenId.read(make_citizen_id("429999", BORN, number)).sex for number in (60, 61)] == ["female", "male"]


def test_citizen_id_check_is_the_weighted_sum_mod_11() -> None:
    assert WEIGHTS == (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    assert CHECK_CHARACTERS == "10X98765432"


def test_certificate_number_is_20_characters_citizen_id_class_and_grade() -> None:
    assert CERTIFICATE_LENGTH == 20
    read = CertificateNumber.read(f"{CITIZEN_ID}43")
    assert (read.citizen_id.number, read.disability, read.grade, read.suffix) == (CITIZEN_ID, 4, 3, "")


@pytest.mark.parametrize("suffix", ["B1", "B2", "B10"])
def test_a_replaced_certificate_may_bear_a_suffix_b1_b2_and_on(suffix: str) -> None:
    assert CertificateNumber.read(f"{CITIZEN_ID}43{suffix}").suffix == suffix
    assert SUFFIX_SHAPE.fullmatch(suffix)


def test_special_hardship_is_of_four_kinds() -> None:
    assert [kind.zh for kind in Hardship] == ["一户多残", "老残一体", "孤残重残", "多重残疾"]


def test_special_associations_are_five() -> None:
    words = ["盲人", "聋人", "肢残人", "智力残疾人及亲友", "精神残疾人及亲友"]
    assert [kind.zh for kind in SpecialKind] == words
