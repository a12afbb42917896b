"""Communities and resources."""

from collections.abc import Callable
from typing import Any

import pytest

from canlian_sheets.columns import COMMUNITIES, RESOURCES
from canlian_sheets.communities import CommunityLine, read_communities
from canlian_sheets.outcomes import Accepted, Outcome, Refused, Repeat
from canlian_sheets.resources import ProviderLine, ResourceLine, ServiceLine, read_resources

Write = Callable[..., bytes]
PLACES = {"梧桐社区": "429999002001", "望江社区": "429999002005"}


def communities(as_csv: Write, *rows: list[Any]) -> Outcome[CommunityLine]:
    return read_communities(as_csv([[field.zh for field in COMMUNITIES], *rows], "utf-8-sig"), "communities.csv")


def test_communities_are_read_with_who_answers_for_them(as_csv: Write) -> None:
    read = communities(
        as_csv, ["429999002001", "梧桐社区", "安和平", ""], ["４２９９９９００２００５", "望江 社区", "", "-"]
    )
    assert [row.value for row in read.accepted] == [
        CommunityLine("429999002001", "梧桐社区", "安和平", None),
        CommunityLine("429999002005", "望江社区", None, None),
    ]
    assert read.accepted[1].mended == ("code.width", "name.spaces")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["42999900200", "甲社区"], "bad_code"),
        (["429999002000", "甲社区"], "bad_code"),
        (["4.29999E+11", "甲社区"], "bad_code"),
        (["", "甲社区"], "bad_code"),
        (["429999002009", ""], "no_name"),
        (["429999002001", "甲社区"], "code_conflict"),
        (["429999002009", "梧桐社区"], "name_conflict"),
    ],
)
def test_a_community_that_cannot_be_is_refused(row: list[Any], reason: str, as_csv: Write) -> None:
    read = communities(as_csv, ["429999002001", "梧桐社区"], row)
    assert [refused.reason for refused in read.refused] == [reason]


def test_the_same_community_again_is_a_repeat(as_csv: Write) -> None:
    line = ["429999002001", "梧桐社区", "安和平", ""]
    assert communities(as_csv, line, line).rows[1] == Repeat(3, 2)


LINE: dict[str, Any] = {
    "provider_name": "远山助残服务中心",
    "provider_number": "S001",
    "provider_kind": "社会组织",
    "demonstration": "是",
    "service_name": "远山·康复指导",
    "domain": "康复指导",
    "layer": "机构",
    "communities": "梧桐社区、望江社区",
    "classes": "肢体、视力",
    "lowest_grade": "二级",
    "age_from": 18,
    "age_to": 120,
    "weekly_places": 15,
    "fee": 12.5,
    "access": "手语、无障碍坡道",
    "opening_hours": "每日 9:00-20:00",
    "phone": "19900000001",
    "address": "学府街1号",
}
SERVICE = ServiceLine(
    name="远山·康复指导",
    domain="rehabilitation",
    layer="institution",
    communities=("429999002001", "429999002005"),
    classes=(1, 4),
    lowest_grade=2,
    age_from=18,
    age_to=120,
    weekly_places=15,
    fee=1250,
    access=("sign_language", "ramp"),
    access_note=None,
    opening_hours="每日 9:00-20:00",
    phone="19900000001",
    address="学府街1号",
)
RESOURCE = ResourceLine(ProviderLine("S001", "远山助残服务中心", "social_organisation", True, "19900000001"), SERVICE)


def resources(as_xlsx: Write, *changes: dict[str, Any]) -> Outcome[ResourceLine]:
    titles = {field.name: field.zh for field in RESOURCES} | {"fee": "收费(元/次)"}
    rows = [[titles[name] for name in LINE], *(list((LINE | change).values()) for change in changes)]
    return read_resources(as_xlsx(rows), "resources.xlsx", PLACES)


def test_a_service_is_read_in_the_systems_own_codes(as_xlsx: Write) -> None:
    assert resources(as_xlsx, {}).rows == (Accepted(2, RESOURCE),)


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"communities": "全街道"}, "communities", ()),
        ({"communities": "梧桐,望江"}, "communities", ("429999002001", "429999002005")),
        ({"classes": "全部"}, "classes", ()),
        ({"classes": "不限"}, "classes", ()),
        ({"classes": "肢体残疾/1"}, "classes", (1, 4)),
        ({"lowest_grade": "不限"}, "lowest_grade", None),
        ({"lowest_grade": 3}, "lowest_grade", 3),
        ({"age_from": None}, "age_from", None),
        ({"age_to": "60岁"}, "age_to", 60),
        ({"weekly_places": "15人"}, "weekly_places", 15),
        ({"fee": "免费"}, "fee", 0),
        ({"fee": "￥5元/次"}, "fee", 500),
        ({"fee": 0.1}, "fee", 10),
        ({"fee": None}, "fee", None),
        ({"access": None}, "access", ()),
        ({"access": "手语；有茶水"}, "access_note", "有茶水"),
        ({"domain": "文体"}, "domain", "culture_sport"),
        ({"domain": "day_care"}, "domain", "day_care"),
        ({"layer": None}, "layer", None),
    ],
)
def test_a_services_words_have_several_forms(change: dict[str, Any], field: str, value: Any, as_xlsx: Write) -> None:
    (row,) = resources(as_xlsx, change).accepted
    assert getattr(row.value.service, field) == value


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"provider_name": None}, "no_provider"),
        ({"provider_number": None}, "no_provider_number"),
        ({"provider_kind": "星球"}, "bad_kind"),
        ({"demonstration": "也许"}, "bad_yes_no"),
        ({"service_name": None}, "no_service"),
        ({"domain": "占卜"}, "bad_domain"),
        ({"domain": None}, "bad_domain"),
        ({"layer": "云端"}, "bad_layer"),
        ({"communities": None}, "no_community"),
        ({"communities": "梧桐社区、别处"}, "unknown_community"),
        ({"classes": "肢体、味觉"}, "bad_class"),
        ({"lowest_grade": "五级"}, "bad_grade"),
        ({"age_from": -1}, "bad_age"),
        ({"age_from": 61, "age_to": 60}, "bad_age"),
        ({"age_to": 151}, "bad_age"),
        ({"weekly_places": None}, "bad_places"),
        ({"weekly_places": 1.5}, "bad_places"),
        ({"weekly_places": -4}, "bad_places"),
        ({"fee": -5}, "bad_fee"),
        ({"fee": 0.001}, "bad_fee"),
        ({"fee": "面议"}, "bad_fee"),
    ],
)
def test_a_service_that_cannot_be_is_refused(change: dict[str, Any], reason: str, as_xlsx: Write) -> None:
    (row,) = resources(as_xlsx, change).refused
    assert row.reason == reason


def test_a_providers_facts_agree_in_all_its_rows(as_xlsx: Write) -> None:
    other = {"service_name": "远山·心理支持", "provider_name": "近水助残服务中心"}
    _, refused = resources(as_xlsx, {}, other).rows
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.facts) == ("provider_conflict", {"row": 2, "fields": "机构名称"})


def test_the_same_service_again_is_a_repeat_and_with_other_details_refused(as_xlsx: Write) -> None:
    _, repeat, refused = resources(as_xlsx, {}, {}, {"fee": 99}).rows
    assert repeat == Repeat(3, 2)
    assert isinstance(refused, Refused)
    assert refused.reason == "repeat_service"
