"""The code tables' words as sheets spell them, to the codes the system uses."""

import re
from collections.abc import Mapping

SEXES = {"男": "male", "女": "female"}
CLASSES = {"视力": 1, "听力": 2, "言语": 3, "肢体": 4, "智力": 5, "精神": 6, "多重": 7}
GRADES = {"一级": 1, "二级": 2, "三级": 3, "四级": 4}

DOMAINS = {
    "日间照料": "day_care",
    "政策咨询": "policy_advice",
    "康复指导": "rehabilitation",
    "心理支持": "psychological",
    "教育培训": "education",
    "庇护性就业": "employment",
    "权益维护": "rights",
    "辅具适配": "assistive_devices",
    "文体活动": "culture_sport",
}
LAYERS = {"家庭": "family", "社区": "community", "机构": "institution"}
ACCESS_FEATURES = {
    "手语": "sign_language",
    "盲文": "braille",
    "大字": "large_print",
    "易读": "easy_reading",
    "字幕": "captions",
    "助听": "hearing_loop",
    "语音提示": "audio_guidance",
    "盲道": "tactile_paving",
    "导盲犬": "guide_dog",
    "无障碍坡道": "ramp",
    "电梯": "lift",
    "无障碍卫生间": "accessible_toilet",
    "无障碍停车位": "accessible_parking",
    "轮椅借用": "wheelchair_loan",
    "陪同就诊": "companion",
    "上门服务": "home_visit",
    "接送": "transport",
    "线上服务": "online",
}
PROVIDER_KINDS = {
    "残疾人之家": "sunshine_home",
    "社会组织": "social_organisation",
    "企业": "company",
    "事业单位": "public_institution",
    "医疗机构": "medical",
    "学校": "school",
    "志愿服务队": "volunteer_team",
    "社区组织": "community_organisation",
    "政府部门": "government",
    "残联": "federation",
    "工会": "trade_union",
    "共青团": "youth_league",
    "妇联": "womens_federation",
    "法律援助": "legal_aid",
}

_OTHER_SEXES = {
    "男性": "male", "m": "male", "male": "male", "1": "male", "先生": "male",
    "女性": "female", "f": "female", "female": "female", "2": "female", "女士": "female",
}  # fmt: skip
_OTHER_CLASSES = {"语言": 3, "肢残": 4, "智障": 5}
_SEVERITIES = {"极重度": 1, "重度": 2, "中度": 3, "轻度": 4}
_GRADE_SIGNS = {sign: grade for grade, signs in enumerate(("1一壹i", "2二贰", "3三叁", "4四肆"), 1) for sign in signs}
_GRADE_SIGNS |= {"ii": 2, "iii": 3, "iv": 4}
_GRADE = re.compile(r"(iii|iv|ii|i|[1-4一二三四壹贰叁肆])级")
_OTHER_DOMAINS = {
    "日托": "day_care", "托养": "day_care", "日间托养": "day_care", "政策": "policy_advice", "康复": "rehabilitation",
    "康复训练": "rehabilitation", "康复服务": "rehabilitation", "心理": "psychological", "心理咨询": "psychological",
    "心理疏导": "psychological", "教育": "education", "培训": "education", "就业": "employment",
    "辅助性就业": "employment", "维权": "rights", "法律援助": "rights", "辅具": "assistive_devices",
    "辅助器具": "assistive_devices", "辅具租借": "assistive_devices", "文体": "culture_sport",
    "文化体育": "culture_sport",
}  # fmt: skip
_OTHER_ACCESS = {
    "手语翻译": "sign_language", "手语服务": "sign_language", "大字版": "large_print", "大字体": "large_print",
    "坡道": "ramp", "轮椅坡道": "ramp", "升降机": "lift", "无障碍电梯": "lift", "无障碍厕所": "accessible_toilet",
    "无障碍洗手间": "accessible_toilet", "轮椅": "wheelchair_loan", "陪同": "companion", "陪诊": "companion",
    "上门": "home_visit", "入户": "home_visit", "接送服务": "transport", "助听环路": "hearing_loop",
    "实时字幕": "captions",
    "易读版": "easy_reading", "无障碍车位": "accessible_parking", "网上服务": "online",
}  # fmt: skip
_OTHER_KINDS = {
    "阳光家园": "sunshine_home", "助残社会组织": "social_organisation", "民办非企业单位": "social_organisation",
    "民非": "social_organisation", "社会服务机构": "social_organisation", "公司": "company", "医院": "medical",
    "康复机构": "medical", "卫生服务中心": "medical", "特殊教育学校": "school", "志愿者队伍": "volunteer_team",
    "志愿服务组织": "volunteer_team", "机关": "government", "街道残联": "federation", "团委": "youth_league",
    "法律援助机构": "legal_aid", "法律援助中心": "legal_aid",
}  # fmt: skip


def sex(text: str) -> str | None:
    return SEXES.get(text) or _OTHER_SEXES.get(text)


def disability(text: str) -> tuple[int | None, int | None]:
    """The class a cell names, and the grade if it names one too (视力一级); several classes are multiple."""
    code = re.fullmatch(r"0?([1-7])", text)
    if code:
        return int(code[1]), None
    found = {number for name, number in (CLASSES | _OTHER_CLASSES).items() if name in text}
    grade_sign = _GRADE.search(text)
    named_grade = _GRADE_SIGNS[grade_sign[1]] if grade_sign else None
    if not found:
        return None, named_grade
    return (7 if len(found) > 1 else found.pop()), named_grade


def grade(text: str) -> int | None:
    """一级, 1级, 1, 壹级, Ⅰ级, 肢体一级, 重度."""
    text = text.strip("残疾")
    if text in _GRADE_SIGNS:
        return _GRADE_SIGNS[text]
    if match := _GRADE.search(text):
        return _GRADE_SIGNS[match[1]]
    return next((number for name, number in _SEVERITIES.items() if name in text), None)


def domain(text: str) -> str | None:
    return _named(text, DOMAINS, _OTHER_DOMAINS)


def layer(text: str) -> str | None:
    return _named(text.removesuffix("层").removesuffix("照料"), LAYERS, {})


def access_feature(text: str) -> str | None:
    return _named(text, ACCESS_FEATURES, _OTHER_ACCESS)


def provider_kind(text: str) -> str | None:
    return _named(text, PROVIDER_KINDS, _OTHER_KINDS)


def _named(text: str, table: Mapping[str, str], others: Mapping[str, str]) -> str | None:
    """By its word, another word for it, or the code itself."""
    return table.get(text) or others.get(text) or (text if text in table.values() else None)
