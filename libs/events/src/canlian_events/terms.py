"""The code tables everybody shares. The code is what is stored; `zh` is the term as the field writes it."""

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


class WorkerKind(Term):
    STAFF = "staff", "残疾人工作者"
    COMMISSIONER = "commissioner", "专职委员"
    SOCIAL_WORKER = "social_worker", "社工"
    GRID_WORKER = "grid_worker", "网格员"
    DIRECTOR = "director", "社区主任"
    VOLUNTEER = "volunteer", "助残志愿者"


class Post(Term):
    """What somebody is to one community, by name."""

    DIRECTOR = "director", "社区主任"
    GRID_WORKER = "grid_worker", "网格员"
    RESPONSIBLE_MEMBER = "responsible_member", "包保委员"


class Sex(Term):
    MALE = "male", "男"
    FEMALE = "female", "女"


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


class Layer(Term):
    """托养照料: the layers of the care network."""

    FAMILY = "family", "家庭"
    COMMUNITY = "community", "社区"
    INSTITUTION = "institution", "机构"


class Hardship(Term):
    """特殊困难家庭: the four kinds, each a care class of its own."""

    MULTIPLE_DISABLED = "multiple_disabled", "一户多残"
    AGED_AND_DISABLED = "aged_and_disabled", "老残一体"
    ORPHANED_OR_SEVERE = "orphaned_or_severe", "孤残重残"
    MULTIPLE_DISABILITIES = "multiple_disabilities", "多重残疾"


class HardshipFact(Term):
    """What about a member puts their household in hardship."""

    DISABLED = "disabled", "家中有残疾成员"
    AGED = "aged", "残疾成员年满60周岁"
    ONLY_CARER_AGED = "only_carer_aged", "唯一的照料人年满60周岁"
    ORPHAN = "orphan", "孤儿且残疾"
    SEVERE = "severe", "残疾等级为一级或二级"
    CLASS_SEVEN = "class_seven", "残疾类别为多重残疾"


class Kinship(Term):
    """What a relative is to the disabled person of the household."""

    SPOUSE = "spouse", "配偶"
    PARENT = "parent", "父母"
    CHILD = "child", "子女"
    SIBLING = "sibling", "兄弟姐妹"
    GRANDPARENT = "grandparent", "祖父母、外祖父母"
    GRANDCHILD = "grandchild", "孙子女、外孙子女"
    OTHER = "other", "其他亲友"


class MemberLeftWhy(Term):
    MOVED_OUT = "moved_out", "迁出"
    DIED = "died", "去世"
    MISTAKE = "mistake", "登记有误"
    ERASED = "erased", "个人信息已删除"
    WITHDRAWN = "withdrawn", "登记已撤销"
    DISSOLVED = "dissolved", "家庭档案已撤销"


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


class Purpose(Term):
    """What a person consents to, each separately (PIPL art. 29)."""

    SHARE_WITH_PROVIDER = "share_with_provider", "转介时向服务机构提供信息"
    VISITS = "visits", "入户访视"
    CONTACT = "contact", "电话或短信联系"


class FileField(Term):
    """The parts of a person's file, as a showing of it names them."""

    NAME = "name", "姓名"
    CITIZEN_ID = "citizen_id", "身份证号"
    CERTIFICATE = "certificate", "残疾人证号"
    PHONE = "phone", "电话"
    ADDRESS = "address", "住址"
    CONTACT = "contact", "留下的联系方式"
    DISABILITY = "disability", "残疾类别和等级"
    CIRCUMSTANCES = "circumstances", "家庭与生活状况"
    ACCESS_NEEDS = "access_needs", "无障碍需求"
    RECORD = "record", "办理记录"
    WORDS = "words", "本人的话"
    NOTES = "notes", "工作记录"
    ASSESSMENT = "assessment", "评估"


class ShownFor(Term):
    """Why somebody looks at a person's file: each use a stated purpose (PIPL art. 28)."""

    CASEWORK = "casework", "了解情况、安排帮扶"
    NEED = "need", "办理需求"
    VISIT = "visit", "上门访视"
    CALL = "call", "电话联系"
    ASSESSMENT = "assessment", "开展评估"
    REFERRAL = "referral", "办理转介"
    SERVICE = "service", "提供服务"
    FEEDBACK = "feedback", "答复评价"
    APPEAL = "appeal", "办理信访"
    OWN = "own", "本人查阅"
    OVERSIGHT = "oversight", "检查监督"
    REPORT = "report", "制表上报"
    EXCHANGE = "exchange", "与其他系统对接"
    OTHER = "other", "其他"


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


class ErasureGround(Term):
    """Why personal data is erased. Source: 个人信息保护法 art. 47."""

    REQUEST = "request", "本人要求删除"
    CONSENT_WITHDRAWN = "consent_withdrawn", "本人撤回同意"
    PURPOSE_OVER = "purpose_over", "处理目的已实现、无法实现或不再必要"
    KEPT_LONG_ENOUGH = "kept_long_enough", "保存期限已届满"
    UNLAWFUL = "unlawful", "违法或违约处理"


class MergeGround(Term):
    """Why two files, each with a citizen ID of its own, are of one person."""

    MISTYPED = "mistyped", "证件号码录入有误"
    RENUMBERED = "renumbered", "公安机关更正过身份号码"
    CERTIFIED_TWICE = "certified_twice", "重复办理过残疾人证"


class Urgency(Term):
    NORMAL = "normal", "一般"
    URGENT = "urgent", "紧急"


class DeclineReason(Term):
    NO_STAFF = "no_staff", "人手不足"
    NOT_SUITABLE = "not_suitable", "不适合"
    TOO_FAR = "too_far", "距离太远"
    UNREACHABLE = "unreachable", "联系不上本人"
    PERSON_REFUSED = "person_refused", "本人不愿意"
    OTHER = "other", "其他"


class Outcome(Term):
    """How a service ended for the need it answered."""

    MET = "met", "需求已满足"
    PARTLY_MET = "partly_met", "部分满足"
    NOT_MET = "not_met", "未满足"


class Occasion(Term):
    """What feedback is about."""

    VISIT = "visit", "访视"
    SERVICE = "service", "服务"
    APPEAL = "appeal", "信访"


class RaterKind(Term):
    """三方评价."""

    PERSON = "person", "残疾人及亲友"
    GRASS_ROOTS = "grass_roots", "基层组织"
    THIRD_PARTY = "third_party", "第三方"


class ProviderKind(Term):
    MEDICAL = "medical", "医疗机构"
    SOCIAL_ORGANISATION = "social_organisation", "社会组织"
    ENTERPRISE = "enterprise", "企业"
    PUBLIC_INSTITUTION = "public_institution", "事业单位"
    VOLUNTEER_TEAM = "volunteer_team", "志愿服务队"
    MASS_ORGANISATION = "mass_organisation", "群团组织"
    GOVERNMENT = "government", "政府部门"
    SUNSHINE_HOME = "sunshine_home", "残疾人之家"
    SCHOOL = "school", "学校"
    COMMUNITY_ORGANISATION = "community_organisation", "社区组织"
    FEDERATION = "federation", "残联"
    TRADE_UNION = "trade_union", "工会"
    YOUTH_LEAGUE = "youth_league", "共青团"
    WOMENS_FEDERATION = "womens_federation", "妇联"
    LEGAL_AID = "legal_aid", "法律援助"


class SpecialKind(Term):
    """专门协会: the five special associations, whose kinds are also the five categories a congress must have."""

    BLIND = "blind", "盲人"
    DEAF = "deaf", "聋人"
    PHYSICAL = "physical", "肢残人"
    INTELLECTUAL = "intellectual", "智力残疾人及亲友"
    PSYCHIATRIC = "psychiatric", "精神残疾人及亲友"

    @classmethod
    def of(cls, disability: DisabilityClass) -> Self | None:
        """The kind of a class: hearing and speech are one; somebody with several belongs to whichever they say."""
        code = {1: "blind", 2: "deaf", 3: "deaf", 4: "physical", 5: "intellectual", 6: "psychiatric"}.get(disability)
        return cls(code) if code else None


class BodyKind(Term):
    """The bodies of a federation, each elected or named for a term."""

    CONGRESS = "congress", "代表大会"
    PRESIDIUM = "presidium", "主席团"
    EXECUTIVE_BOARD = "executive_board", "执行理事会"
    LEADING_GROUP = "leading_group", "领导小组"


class Position(Term):
    """What a member of a body is in it."""

    DELEGATE = "delegate", "代表"
    CHAIR = "chair", "主席"
    VICE_CHAIR = "vice_chair", "副主席"
    DIRECTOR = "board_director", "理事长"
    VICE_DIRECTOR = "vice_board_director", "副理事长"
    HEAD = "head", "组长"
    DEPUTY = "deputy", "副组长"
    MEMBER = "member", "成员"


class Category(Term):
    """Whom a member of a body stands for; somebody may stand for several."""

    DISABLED_PERSON = "disabled_person", "残疾人"
    RELATIVE = "relative", "残疾人亲友"
    ROLE_MODEL = "role_model", "自强模范"
    GRASS_ROOTS = "grass_roots", "基层一线"
    SOCIAL_ORGANISATION = "social_organisation", "社会组织"
    VOLUNTEER = "volunteer", "助残志愿者"
    DEPARTMENT = "department", "政府部门"
    DEPARTMENT_HEAD = "department_head", "承担残疾人工作部门的负责人"
    PARTY_SECRETARY = "party_secretary", "党工委书记"
    OFFICE_DIRECTOR = "office_director", "办事处主任"
    COMMUNITY_SECRETARY = "community_secretary", "社区书记"


class VacancyReason(Term):
    """Why a seat of a body fell vacant."""

    RESIGNED = "resigned", "辞职"
    MOVED_AWAY = "moved_away", "迁出"
    DIED = "died", "去世"
    RECALLED = "recalled", "罢免"
    OFFICE_CHANGED = "office_changed", "职务变动"
    OTHER = "other", "其他"


class Employment(Term):
    EMPLOYED = "employed", "在业"
    UNEMPLOYED = "unemployed", "未就业"
    STUDENT = "student", "在校"
    RETIRED = "retired", "退休"
    UNABLE = "unable", "无劳动能力"


class Schooling(Term):
    NONE = "none", "文盲"
    PRIMARY = "primary", "小学"
    JUNIOR = "junior", "初中"
    SENIOR = "senior", "高中"
    VOCATIONAL = "vocational", "中专"
    COLLEGE = "college", "大专"
    BACHELOR = "bachelor", "本科"
    MASTER = "master", "研究生"


UNSCOPED = frozenset({Role.RESIDENT, Role.ANONYMOUS, Role.PROVIDER, Role.POLICY, Role.OPERATOR})
"""Roles not held for communities: what these may touch is decided by who they are (their own file, their services)."""
