"""The code tables that every context uses."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self


class Term(StrEnum):
    """A code with its Chinese term: `Domain.DAY_CARE == "day_care"`, `Domain.DAY_CARE.zh == "日间照料"`."""

    zh: str

    def __new__(cls, code: str, zh: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.zh = zh
        return member


class Role(Term):
    """Who someone is to canlian when they act."""

    STAFF = "staff", "残联工作人员"
    COMMISSIONER = "commissioner", "专职委员"
    LEADER = "leader", "领导小组"
    SOCIAL_WORKER = "social_worker", "社工"
    GRID_WORKER = "grid_worker", "网格员"
    DIRECTOR = "director", "社区主任"
    VOLUNTEER = "volunteer", "助残志愿者"
    PROVIDER = "provider", "服务机构"
    RESIDENT = "resident", "居民"
    ANONYMOUS = "anonymous", "未登录者"
    OPERATOR = "operator", "系统管理员"
    POLICY = "policy", "系统规则"
    PROGRAM = "program", "外部程序"


class DisabilityClass(IntEnum):
    """残疾类别, GB/T 26341."""

    VISUAL = 1
    HEARING = 2
    SPEECH = 3
    PHYSICAL = 4
    INTELLECTUAL = 5
    PSYCHIATRIC = 6
    MULTIPLE = 7

    @property
    def zh(self) -> str:
        return ["视力", "听力", "言语", "肢体", "智力", "精神", "多重"][self - 1]


class Grade(IntEnum):
    """残疾等级: 1 is the most severe."""

    ONE = 1
    TWO = 2
    THREE = 3
    FOUR = 4

    @property
    def zh(self) -> str:
        return "一二三四"[self - 1] + "级"


class Domain(Term):
    """服务领域: the nine domains of the Sunshine Home, which needs and services share."""

    DAY_CARE = "day_care", "日间照料"
    POLICY_ADVICE = "policy_advice", "政策咨询"
    REHABILITATION = "rehabilitation", "康复指导"
    PSYCHOLOGICAL = "psychological", "心理支持"
    EDUCATION = "education", "教育培训"
    EMPLOYMENT = "employment", "庇护性就业"
    RIGHTS = "rights", "权益维护"
    ASSISTIVE_DEVICES = "assistive_devices", "辅具适配"
    CULTURE_SPORT = "culture_sport", "文体活动"


class AccessFeature(Term):
    """What makes a place or a service usable; also what a person needs of it."""

    SIGN_LANGUAGE = "sign_language", "手语"
    BRAILLE = "braille", "盲文"
    LARGE_PRINT = "large_print", "大字版"
    EASY_READING = "easy_reading", "易读版"
    RAMP = "ramp", "无障碍坡道"
    LIFT = "lift", "电梯"
    ACCESSIBLE_TOILET = "accessible_toilet", "无障碍卫生间"
    WHEELCHAIR_LOAN = "wheelchair_loan", "轮椅借用"
    COMPANION = "companion", "陪同就诊"
    HOME_VISIT = "home_visit", "上门服务"
    CAPTIONS = "captions", "字幕"
    HEARING_LOOP = "hearing_loop", "助听"
    AUDIO_GUIDANCE = "audio_guidance", "语音提示"
    TACTILE_PAVING = "tactile_paving", "盲道"
    GUIDE_DOG = "guide_dog", "导盲犬"
    ACCESSIBLE_PARKING = "accessible_parking", "无障碍停车位"
    TRANSPORT = "transport", "接送"
    ONLINE = "online", "线上服务"


class Urgency(Term):
    NORMAL = "normal", "一般"
    URGENT = "urgent", "紧急"


UNSCOPED = frozenset({Role.RESIDENT, Role.ANONYMOUS, Role.PROVIDER, Role.POLICY, Role.OPERATOR})
"""Roles not held for communities: what these may touch is decided by who they are (their own file, their services)."""
