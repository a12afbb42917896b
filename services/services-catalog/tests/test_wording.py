"""Whatever the catalog answers is worded, in both languages, with the facts it brings."""

import re
from importlib.resources import files
from pathlib import Path

import canlian_catalog
from canlian_web.language.refusals import say_refusal, wordings

CODE = re.compile(r'(?:Rejected\(|taken=)"((?:provider|service|referral)\.[a-z_]+)"')
REASON = re.compile(r'(?:_against|_for|_neutral|make)\(\s*"([a-z_]+)"|Reason\(code="([a-z_]+)"')
ENDS = {"referral.declined", "referral.lapsed", "referral.withdrawn", "referral.completed"}


def source() -> str:
    return "\n".join(file.read_text("utf-8") for file in Path(str(files(canlian_catalog))).rglob("*.py"))


def test_every_refusal_and_every_reason_is_worded_and_nothing_else():
    refusals = set(CODE.findall(source())) | ENDS
    reasons = {f"match.{first or second}" for first, second in REASON.findall(source())}
    worded = {code for code in wordings() if code.partition(".")[0] in ("provider", "service", "referral", "match")}
    assert refusals | reasons == worded


def test_who_is_not_admitted_reads_every_reason():
    reasons = [
        {"code": "match.wrong_class", "facts": {"disability_class": ["1", "4"]}},
        {"code": "match.too_mild", "facts": {"grade": "2", "own": 3}},
    ]
    text = say_refusal("referral.not_eligible", {"service": "康复训练", "reasons": reasons}, "zh")
    assert "只接收残疾类别：视力、肢体；只接收二级及更重的，本人为 3 级。" in text
