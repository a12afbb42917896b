"""The code tables of assistance: needs and visits."""

from __future__ import annotations

from canlian_events.terms.common import Term


class Help(Term):
    """六帮."""

    POVERTY = "poverty", "帮贫"
    EMERGENCY = "emergency", "帮急"
    ILLNESS = "illness", "帮病"
    MORALE = "morale", "帮思想"
    SKILLS = "skills", "帮技能"
    HARDSHIP = "hardship", "帮脱困"


class Tie(Term):
    """六连: through which a visit reaches a household."""

    AREA = "area", "连片"
    STREET = "street", "连街"
    DEPARTMENT = "department", "连部门"
    COMMUNITY = "community", "连社区"
    FAMILY = "family", "连家庭"
    HEART = "heart", "连人心"


class Channel(Term):
    """How a need or an appeal came in."""

    NEIGHBOURS = "neighbours", "微邻里"
    VISIT = "visit", "访视"
    WALK_IN = "walk_in", "来访"
    HOTLINE = "hotline", "12385热线"
    PETITION = "petition", "网上信访"
    REFERRED_IN = "referred_in", "转入"
    ASSESSMENT = "assessment", "评估"


class NeedCloseReason(Term):
    MET = "met", "需求已满足"
    WITHDRAWN = "withdrawn", "本人撤回"
    MOVED_AWAY = "moved_away", "迁出"
    DIED = "died", "去世"
    NOT_OURS = "not_ours", "不属职责范围"
    DUPLICATE = "duplicate", "重复登记"
    ERASED = "erased", "个人信息已删除"


class VisitOccasion(Term):
    """Why a visit is owed, where it is not simply the next one."""

    BEREAVEMENT = "bereavement", "丧亲慰问"
