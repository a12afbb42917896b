"""The loop of a need, from the first word to feedback, and that of a visit, walked on the running system."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from canlian_chassis.bus.client import Accepted, Refused
from canlian_events.assistance.assessment import AssessmentCompleted, CompleteAssessment, StartAssessment
from canlian_events.assistance.instruments import SERVICE_NEEDS, WG_SS, Instrument
from canlian_events.assistance.need import (
    AssignNeed,
    NeedAssessed,
    NeedMet,
    NeedRaised,
    NeedReferralEnded,
    NeedReferred,
    RaiseNeed,
)
from canlian_events.assistance.visit import CompleteVisit, RaisedNeed, ScheduleVisit
from canlian_events.calendar import SHANGHAI
from canlian_events.catalog.matching import FindMatches, Match, Matches
from canlian_events.catalog.referral import (
    AcceptReferral,
    CompleteService,
    DeclineReferral,
    NextMatchProposed,
    RecordSession,
    ReferPerson,
    StartService,
)
from canlian_events.core import Command, Event
from canlian_events.evaluation.feedback import FeedbackAsked, GiveFeedback
from canlian_events.ids import new_id
from canlian_events.meta import Actor, Recorded
from canlian_events.registry.person import GiveConsent
from canlian_events.terms import Channel, DeclineReason, Domain, Help, Outcome, Purpose, Tie
from canlian_operator.connection import Link
from canlian_operator.console import by_language, language
from canlian_operator.demonstration.await_events import NotSeen, Witness
from canlian_operator.demonstration.cast import front_desk, resident
from canlian_operator.demonstration.narration import Narrator, StepFailed
from canlian_operator.demonstration.stage import Stage
from canlian_web.language.refusals import say_refusal

DOMAIN = Domain.REHABILITATION


@dataclass
class Loop:
    """One person's way through the system. `stage` says where it plays and who works there."""

    link: Link
    witness: Witness
    narrator: Narrator
    stage: Stage
    today: date = field(default_factory=lambda: datetime.now(SHANGHAI).date())
    need_id: str = field(default_factory=lambda: new_id("need"))

    # What each step is made of

    async def do(self, chinese: str, english: str, by: Actor, command: Command) -> Accepted:
        """Somebody says something to a service, and it is stored."""
        title = by_language(chinese, english)
        try:
            accepted = await self.link.client.send(command, token=self.link.token(by))
        except Refused as refused:
            detail = f"{say_refusal(refused.code, refused.facts, language())} ({refused.code})"
            self.narrator.step(title, ok=False, by=by, detail=detail)
            raise StepFailed(title) from None
        events = tuple(event.name for event in accepted.events)
        self.narrator.step(title, by=by, position=accepted.position, events=events)
        return accepted

    async def is_refused(self, chinese: str, english: str, by: Actor, command: Command, code: str) -> None:
        """A rule that holds: the service's answer is no."""
        title = by_language(chinese, english)
        try:
            accepted = await self.link.client.send(command, token=self.link.token(by))
        except Refused as refused:
            ok, detail = refused.code == code, say_refusal(refused.code, refused.facts, language())
            self.narrator.step(title, ok=ok, by=by, detail=f"{detail} ({refused.code})")
            if not ok:
                raise StepFailed(title) from None
            return
        detail = by_language("本应被拒绝，却被接受了", "this should have been refused")
        self.narrator.step(title, ok=False, by=by, position=accepted.position, detail=detail)
        raise StepFailed(title)

    async def follows(
        self, chinese: str, english: str, kind: type[Event], where: Callable[[Any], bool]
    ) -> Recorded[Any]:
        """What a policy makes of an event; waited for, not for ever."""
        title = by_language(chinese, english)
        try:
            seen = await self.witness.sees(title, lambda event, _: isinstance(event, kind) and where(event))
        except NotSeen:
            missing = by_language(f"等不到 {kind.__name__}", f"{kind.__name__} did not come in time")
            self.narrator.step(title, ok=False, detail=missing)
            raise StepFailed(title) from None
        self.narrator.caused(title, seen, self.witness.event(seen.meta.cause))
        return seen

    # The chapters

    async def collect(self) -> None:
        self.narrator.chapter("一、需求提出与评估", "1. A need is collected and assessed")
        person, worker = self.stage.person_id, self.stage.social_worker
        await self.do(
            "居民在微邻里提出需求",
            "the person asks for help",
            resident(person),
            RaiseNeed(
                need_id=self.need_id,
                person_id=person,
                community=self.stage.community,
                channel=Channel.NEIGHBOURS,
                domain=DOMAIN,
                words="摔伤后走路不稳，想有人教我在家怎么锻炼",
            ),
        )
        await self.do(
            "社工接手", "a social worker takes it on", worker, AssignNeed(need_id=self.need_id, worker_id=worker.id)
        )
        await self._assess(WG_SS, {"walking": 3, "self_care": 2}, rest=1)
        await self.follows(
            "评估记入需求", "the need knows its assessment", NeedAssessed, lambda e: e.need_id == self.need_id
        )
        await self._assess(SERVICE_NEEDS, {DOMAIN.value: 1, Domain.CULTURE_SPORT.value: 1}, rest=0)
        await self.follows(
            "清单发现的另一项需求立案",
            "another need, found by the checklist, is raised",
            NeedRaised,
            lambda e: e.person_id == person and e.channel is Channel.ASSESSMENT,
        )

    async def _assess(self, form: Instrument, answers: dict[str, int], rest: int) -> None:
        worker, id_ = self.stage.social_worker, new_id("assessment")
        whole = {item.code: answers.get(item.code, rest) for item in form.items}
        await self.do(
            f"开始评估：{form.zh}",
            f"an assessment begins: {form.en}",
            worker,
            StartAssessment(
                assessment_id=id_,
                person_id=self.stage.person_id,
                community=self.stage.community,
                instrument=form.code,
                instrument_version=form.version,
                need_id=self.need_id,
            ),
        )
        done = await self.do(
            "完成评估", "it is completed", worker, CompleteAssessment(assessment_id=id_, answers=whole)
        )
        seen = await self.witness.sees("assessment", lambda _, recorded: recorded.meta.position == done.position)
        result: AssessmentCompleted = seen.event
        level = form.level(result.level)
        said = by_language(level.zh, level.en) if level else result.level
        self.narrator.beside(by_language(f"结果：{result.score} 分，{said}", f"result: {result.score}, {said}"))

    async def refer(self) -> str:
        """Returns the referral that was accepted."""
        self.narrator.chapter("二、匹配、同意与转介", "2. Matched, agreed, referred")
        person, worker = self.stage.person_id, self.stage.social_worker
        first = (await self._matches())[0]
        declined = self._referral(first.service_id, first)
        await self.is_refused(
            "没有本人同意，不能转介", "without consent nobody is referred", worker, declined, "referral.no_consent"
        )
        await self.do(
            "本人同意向服务机构提供信息",
            "the person agrees to be referred",
            resident(person),
            GiveConsent(person_id=person, purpose=Purpose.SHARE_WITH_PROVIDER),
        )
        await self.do(
            f"转介到最合适的服务：{first.service_name}",
            f"referred to the best match: {first.service_name}",
            worker,
            declined,
        )
        await self.follows(
            "需求等候答复", "the need waits for the answer", NeedReferred, lambda e: e.need_id == self.need_id
        )
        await self.do(
            f"{first.provider_name} 谢绝：人手不足",
            f"{first.provider_name} declines: no staff",
            front_desk(first.provider_id),
            DeclineReferral(referral_id=declined.referral_id, reason=DeclineReason.NO_STAFF, words="本月排满了"),
        )
        proposed = await self.follows(
            "系统提出下一个合适的服务",
            "the next best match is proposed",
            NextMatchProposed,
            lambda e: e.referral_id == declined.referral_id,
        )
        return await self._refer_again(proposed.event)

    async def _refer_again(self, proposed: NextMatchProposed) -> str:
        by_id = {match.service_id: match for match in await self._matches(told=False)}
        match = by_id.get(proposed.service_id or "")
        if match is None:
            title = by_language("没有下一个合适的服务", "there is no next match")
            self.narrator.step(title, ok=False)
            raise StepFailed(title)
        referral = self._referral(match.service_id, match)
        await self.do(
            f"转介到下一个：{match.service_name}",
            f"referred to the next: {match.service_name}",
            self.stage.social_worker,
            referral,
        )
        await self.do(
            f"{match.provider_name} 接受",
            f"{match.provider_name} accepts",
            front_desk(match.provider_id),
            AcceptReferral(referral_id=referral.referral_id),
        )
        self.stage = replace(self.stage, provider_id=match.provider_id)
        return referral.referral_id

    async def _matches(self, told: bool = True) -> list[Match]:
        """Those that fit, best first."""
        title, worker = by_language("查找合适的服务", "which services fit"), self.stage.social_worker
        query = FindMatches(person_id=self.stage.person_id, domain=DOMAIN, need_id=self.need_id)
        answer = await self.stage.ask_when_known(query, Matches, worker)
        fitting = [match for match in answer.matches if match.fits]
        best = [
            f"{match.score:>3}  {match.service_name}({match.provider_name}):" + worded_grounds(match)
            for match in fitting[:3]
        ]
        if told or len(fitting) < 1:
            self.narrator.step(title, ok=len(fitting) > 1, by=worker, detail="\n".join(best))
        if len(fitting) < 1:
            raise StepFailed(title)
        return fitting

    def _referral(self, service_id: str, match: Match) -> ReferPerson:
        return ReferPerson(
            referral_id=new_id("referral"),
            person_id=self.stage.person_id,
            community=self.stage.community,
            service_id=service_id,
            need_id=self.need_id,
            reasons=match.reasons,
        )

    async def provide(self, referral_id: str) -> None:
        self.narrator.chapter("三、服务、评价与办结", "3. Provided, rated, met")
        desk = front_desk(self.stage.provider_id)
        await self.do("服务开始", "the service begins", desk, StartService(referral_id=referral_id, on=self.today))
        await self.do(
            "本人参加了一次",
            "a session is attended",
            desk,
            RecordSession(referral_id=referral_id, on=self.today, attended=True, note="能独立完成三组动作"),
        )
        await self.do(
            "服务完成：需求已满足",
            "the service is completed: the need is met",
            desk,
            CompleteService(referral_id=referral_id, outcome=Outcome.MET),
        )
        await self.follows(
            "转介了结",
            "the need knows that its referral is over",
            NeedReferralEnded,
            lambda e: e.referral_id == referral_id,
        )
        await self.follows("需求办结", "the need is met", NeedMet, lambda e: e.need_id == self.need_id)
        await self._rate(referral_id, 5, "教得很耐心，现在能自己下楼了")

    async def _rate(self, occasion_id: str, score: int, words: str) -> None:
        asked = await self.follows(
            "请本人评价",
            "the person is asked how it was",
            FeedbackAsked,
            lambda e: e.occasion_id == occasion_id,
        )
        await self.do(
            f"本人评价：{score} 分",
            f"the person gives {score} of 5",
            resident(self.stage.person_id),
            GiveFeedback(feedback_id=asked.event.feedback_id, score=score, words=words),
        )

    async def visit(self) -> None:
        self.narrator.chapter("四、入户访视", "4. A visit")
        person, visitor, visit_id = self.stage.person_id, self.stage.volunteer, new_id("visit")
        await self.do(
            "安排访视",
            "a visit is scheduled",
            self.stage.social_worker,
            ScheduleVisit(
                visit_id=visit_id,
                person_id=person,
                community=self.stage.community,
                worker_id=visitor.id,
                due=self.today,
                look_for="看看家里的扶手和防滑垫是否装好",
            ),
        )
        await self.do(
            "志愿者完成访视，发现一项需求",
            "the volunteer makes it, and finds a need",
            visitor,
            CompleteVisit(
                visit_id=visit_id,
                tie=Tie.HEART,
                helps=frozenset({Help.MORALE}),
                findings="精神不错，浴室缺扶手",
                needs=(RaisedNeed(domain=Domain.ASSISTIVE_DEVICES, words="浴室需要安装扶手"),),
            ),
        )
        await self.follows(
            "访视发现的需求立案",
            "the need it found is raised",
            NeedRaised,
            lambda e: e.person_id == person and e.channel is Channel.VISIT,
        )
        await self._rate(visit_id, 5, "常来坐坐")


def worded_grounds(match: Match) -> str:
    """What speaks for it."""
    lang = language()
    said = (
        say_refusal(f"match.{ground.code}", ground.facts, lang) for ground in match.reasons if ground.counts == "for"
    )
    return by_language(";", "; ").join(text.rstrip("。.") for text in said)
