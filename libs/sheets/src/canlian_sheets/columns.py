"""Which column holds what, by the names clerks give to columns."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    name: str
    zh: str
    en: str
    others: tuple[str, ...] = ()
    needed: bool = False

    @property
    def heading(self) -> str:
        """As it may stand over a column, in both languages: a sheet keeps to one of them."""
        return f"{self.zh} ({self.en})"


@dataclass(frozen=True)
class Recognised:
    columns: Mapping[str, int]
    """Field to column index, from 0."""
    missing: tuple[str, ...]
    """Needed fields that no column holds."""
    unknown: Mapping[int, str]
    """Columns with a heading that means nothing here: index to heading."""


IGNORED = Field("ignored", "序号", "no.", ("编号", "行号", "退回原因", "原行号", "reason", "row", "number", "no"))
"""Columns that are passed over: running numbers, and those `giving_back` adds."""

ROSTER = (
    Field(
        "community",
        "社区",
        "community",
        (
            "所属社区",
            "所在社区",
            "社区名称",
            "居委会",
            "所属居委会",
            "社区居委会",
            "村社区",
            "村居",
            "社区村",
            "所属村社区",
            "管理社区",
            "户籍社区",
            "居住社区",
        ),
        needed=True,
    ),
    Field("name", "姓名", "name", ("名字", "残疾人姓名", "持证人姓名", "持证人", "full name"), needed=True),
    Field(
        "certificate_number",
        "残疾人证号",
        "certificate number",
        (
            "残疾证号",
            "证号",
            "残疾人证号码",
            "残疾证号码",
            "残疾证编号",
            "残疾人证编号",
            "残疾人证",
            "残疾证",
            "证件编号",
            "持证号",
            "残疾证件号",
            "certificate",
        ),
        needed=True,
    ),
    Field(
        "citizen_id",
        "身份证号",
        "citizen id",
        (
            "身份证",
            "身份证号码",
            "公民身份号码",
            "公民身份证号",
            "公民身份证号码",
            "居民身份证号",
            "居民身份证号码",
            "身份号码",
            "证件号码",
            "id number",
            "id",
        ),
    ),
    Field("sex", "性别", "sex", ("男女", "gender")),
    Field("ethnicity", "民族", "ethnicity", ("族别", "ethnic group")),
    Field(
        "disability",
        "残疾类别",
        "disability class",
        ("残疾类型", "残疾种类", "类别", "残疾人类别", "残疾类别名称", "残类", "class", "disability"),
    ),
    Field("grade", "残疾等级", "grade", ("等级", "残疾级别", "残疾程度", "级别", "残级", "残疾等级名称")),
    Field(
        "birth_date", "出生日期", "birth date", ("出生年月", "出生年月日", "生日", "出生时间", "date of birth", "born")
    ),
    Field(
        "phone",
        "联系电话",
        "phone",
        (
            "电话",
            "手机",
            "手机号",
            "手机号码",
            "联系方式",
            "本人电话",
            "联系手机",
            "电话号码",
            "本人联系电话",
            "mobile",
        ),
    ),
    Field(
        "address",
        "家庭住址",
        "address",
        ("住址", "地址", "现住址", "居住地址", "家庭地址", "详细地址", "现居住地址", "户籍地址", "联系地址"),
    ),
    Field(
        "guardian_name",
        "监护人",
        "guardian",
        ("监护人姓名", "法定监护人", "监护人名字", "联系人", "家属姓名", "guardian name"),
    ),
    Field(
        "guardian_phone",
        "监护人电话",
        "guardian phone",
        ("监护人联系电话", "监护人手机", "监护人手机号", "监护人联系方式", "联系人电话", "家属电话"),
    ),
    Field(
        "certificate_issued",
        "发证日期",
        "issued",
        (
            "办证日期",
            "发证时间",
            "办证时间",
            "签发日期",
            "残疾证发证日期",
            "残疾人证发证日期",
            "领证日期",
            "date of issue",
        ),
    ),
    Field(
        "low_income",
        "是否低保",
        "low income",
        ("低保", "低保户", "享受低保", "是否低保户", "是否享受低保", "低保情况", "最低生活保障"),
    ),
    Field("education", "文化程度", "education", ("学历", "教育程度", "受教育程度")),
    Field("employment", "就业状况", "employment", ("就业情况", "就业", "就业状态", "是否就业")),
    Field("note", "备注", "note", ("说明", "注", "备注说明", "remarks", "notes")),
)

COMMUNITIES = (
    Field(
        "code",
        "社区代码",
        "code",
        ("代码", "社区编码", "区划代码", "统计用区划代码", "行政区划代码", "编码"),
        needed=True,
    ),
    Field("name", "社区名称", "name", ("社区", "名称", "居委会", "社区居委会", "居委会名称", "community"), needed=True),
    Field("director", "社区主任", "director", ("主任", "居委会主任", "社区主任姓名", "书记主任")),
    Field("grid_worker", "网格员", "grid worker", ("助残网格员", "残疾人工作网格员", "网格员姓名")),
)

RESOURCES = (
    Field(
        "provider_name",
        "机构名称",
        "provider",
        ("机构", "服务机构", "单位名称", "组织名称", "服务机构名称"),
        needed=True,
    ),
    Field(
        "provider_number",
        "统一编号",
        "provider number",
        ("机构编号", "统一社会信用代码", "信用代码", "机构代码"),
        needed=True,
    ),
    Field("provider_kind", "机构类型", "provider kind", ("机构性质", "机构类别", "单位性质")),
    Field("demonstration", "是否示范", "demonstration", ("示范", "示范机构", "是否示范机构", "示范单位")),
    Field("service_name", "服务名称", "service", ("服务项目", "项目名称", "服务", "service name"), needed=True),
    Field("domain", "服务领域", "domain", ("领域", "服务类型", "服务类别", "服务内容"), needed=True),
    Field("layer", "照料层次", "layer", ("层次", "托养层次", "服务层次")),
    Field(
        "communities", "服务社区", "communities", ("服务范围", "覆盖社区", "服务区域", "适用社区", "社区"), needed=True
    ),
    Field("classes", "适用类别", "classes", ("残疾类别", "适用残疾类别", "服务类别范围", "适用对象")),
    Field("lowest_grade", "最低等级", "lowest grade", ("残疾等级", "适用等级", "等级要求")),
    Field("age_from", "年龄下限", "age from", ("最小年龄", "最低年龄", "起始年龄")),
    Field("age_to", "年龄上限", "age to", ("最大年龄", "最高年龄", "截止年龄")),
    Field("weekly_places", "每周名额", "weekly places", ("名额", "每周人数", "周名额", "每周服务名额"), needed=True),
    Field("fee", "收费", "fee", ("费用", "价格", "收费标准", "每次收费", "单价")),
    Field("access", "无障碍条件", "access features", ("无障碍", "无障碍设施", "无障碍服务")),
    Field("opening_hours", "开放时间", "opening hours", ("服务时间", "营业时间", "时间")),
    Field("phone", "联系电话", "phone", ("电话", "手机", "联系方式", "电话号码", "服务电话")),
    Field("address", "地址", "address", ("服务地址", "机构地址", "详细地址", "地点")),
)

_LONGEST_HEADING = 200
_BRACKETED = re.compile(r"[(\[【〔<《][^)\]】〕>》]*[)\]】〕>》]")
_DECORATION = re.compile(r"[\s*:;,.、。/\\\-_\"'#]+")


def recognise(header_cells: Sequence[object], fields: Sequence[Field] = ROSTER) -> Recognised:
    """Match headings to fields whatever the order; of two columns with the same meaning the first counts."""
    known = _known(fields)
    columns: dict[str, int] = {}
    unknown: dict[int, str] = {}
    for index, cell in enumerate(header_cells):
        heading = "" if cell is None else str(cell).strip()
        field = known.get(plain_heading(heading))
        if field is not None and field not in columns and field != IGNORED.name:
            columns[field] = index
        elif heading and field != IGNORED.name:
            unknown[index] = heading
    return Recognised(columns, _missing(columns, fields), unknown)


def with_mapping(recognised: Recognised, mapping: Mapping[str, int], fields: Sequence[Field]) -> Recognised:
    """What was recognised, corrected by hand: a field of the mapping takes its column from whatever had it."""
    names = {field.name for field in fields}
    if strange := set(mapping) - names:
        raise KeyError(f"no such field: {', '.join(sorted(strange))}")
    taken = set(mapping.values())
    kept = {name: at for name, at in recognised.columns.items() if name not in mapping and at not in taken}
    columns = {name: at for name, at in {**kept, **mapping}.items() if at >= 0}
    unknown = {at: heading for at, heading in recognised.unknown.items() if at not in taken}
    return Recognised(columns, _missing(columns, fields), unknown)


def plain_heading(text: str) -> str:
    """A heading without brackets and what is in them, spaces, marks and case."""
    text = unicodedata.normalize("NFKC", text[:_LONGEST_HEADING]).lower()
    return _DECORATION.sub("", _BRACKETED.sub("", text))


def _known(fields: Iterable[Field]) -> dict[str, str]:
    names: dict[str, str] = {}
    for field in (*fields, IGNORED):
        for spelling in (field.zh, field.en, field.name, *field.others):
            names.setdefault(plain_heading(spelling), field.name)
    return names


def _missing(columns: Mapping[str, int], fields: Iterable[Field]) -> tuple[str, ...]:
    return tuple(field.name for field in fields if field.needed and field.name not in columns)
