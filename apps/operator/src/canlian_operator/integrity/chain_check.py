"""The chain of a log worked out again, message by message, and compared with its signed heads. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from canlian_chassis.log.chain import BEGINNING, Head, link, utc_text
from canlian_chassis.log.jetstream import Entry


@dataclass(frozen=True)
class Finding:
    """What is wrong.

    `changed`: something between the heads `after` (None: the beginning) and `before` is not what was signed.
    `gap`: the positions from `first` to `last` are missing. `order`: the message at `first` comes too late.
    `unreadable`: line `first` of the export. `bad_head`: `before` is signed by another key, or out of order.
    `cut`: all ends at `first`, and should go on to `last`; `before` is the last head beyond, if one is.
    """

    kind: Literal["changed", "gap", "order", "unreadable", "cut", "bad_head"]
    first: int = 0
    last: int = 0
    after: Head | None = None
    before: Head | None = None


class Check:
    """Messages and heads go in, each oldest first and the heads ahead of the messages; findings come out."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self.position = 0
        self.findings: list[Finding] = []
        self.agreed: Head | None = None
        """The last head that the messages led to."""
        self.heads = 0
        """How many did."""
        self.messages = 0
        self._key = key
        self._hash = BEGINNING
        self._met: Head | None = None
        self._ahead: deque[Head] = deque()
        self.expected = 0
        """Up to which position heads are known."""

    def expect(self, head: Head) -> None:
        """One that is not to be trusted is a finding, and not compared with."""
        if head.position <= self.expected or not head.signed_by(self._key):
            self.findings.append(Finding("bad_head", before=head))
            return
        self._ahead.append(head)
        self.expected = head.position

    def take(self, entry: Entry) -> None:
        if entry.position <= self.position:
            self.findings.append(Finding("order", first=entry.position))
            return
        if entry.position > self.position + 1:
            self.findings.append(Finding("gap", first=self.position + 1, last=entry.position - 1))
            self._pass(entry.position)
        self.messages += 1
        self.position = entry.position
        self._hash = link(self._hash, entry)
        if self._ahead and self._ahead[0].position == self.position:
            self._meet(self._ahead.popleft(), utc_text(entry.recorded_ns))

    def unreadable(self, line: int) -> None:
        """A line of an export that cannot be read: what it stood for is missing."""
        self.findings.append(Finding("unreadable", first=line))
        self.position += 1
        self._pass(self.position + 1)

    def end(self, position: int) -> None:
        """No message comes any more; there should have been some up to a position."""
        if self.position < position:
            self.findings.append(
                Finding("cut", self.position, position, before=self._ahead[-1] if self._ahead else None)
            )

    def _meet(self, head: Head, recorded: str) -> None:
        if (head.hash, head.at) == (self._hash.hex(), recorded):
            self.heads += 1
            self.agreed = head
        else:
            self.findings.append(Finding("changed", after=self._met, before=head))
        self._go_on_from(head)

    def _pass(self, position: int) -> None:
        """Heads below a position that was not reached by reading have nothing to be compared with."""
        while self._ahead and self._ahead[0].position < position:
            self._go_on_from(self._ahead.popleft())

    def _go_on_from(self, head: Head) -> None:
        """One difference must not hide whether all that comes later is right."""
        self._hash = bytes.fromhex(head.hash)
        self._met = head
