# SPDX-License-Identifier: GPL-3.0-or-later
"""A call sheet for the demo: invented people, numbers that are reserved for fiction."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from callsheet.core.model import Disposition, HistoryEntry, OrderKey, RetryRule, Sheet, Task
from callsheet.core.outcomes import Outcome

AGENT, PIN = "101", "4711"
PEOPLE = (
    ("Ada Hughes", "Boiler service"), ("Grace Miller", "Annual check"), ("Omar Haddad", "Meter reading"),
    ("Zoë Krämer", "Heizungswartung"), ("王小明", "年度保养"), ("李娜", "续约"), ("Анна Иванова", "Договор"),
    ("Пётр Смирнов", "Счётчик"), ("فاطمة الزهراء", "صيانة"), ("יעל כהן", "חוזה"), ("佐藤 花子", "点検"),
    ("김민수", "점검"), ("Siân Ó Briain", "Solar panels"), ("Łukasz Żak", "Umowa"), ("Ngọc Ánh Trần", "Bảo trì"),
    ("สมชาย ใจดี", "บริการ"), ("Ελένη Παππά", "Συντήρηση"), ("Ana María Peña 🌻", "Contrato"),
)
REGIONS = ("London", "Leeds", "Cardiff", "Glasgow")
HISTORY = ("Asked for an offer", "Offer sent", "Wants to think it over", "Moved house", "Pays by invoice")
FIRST_NUMBER = 442079460000
"""+44 20 7946 0000 to 0999 are set aside by Ofcom for drama."""


def demo_sheet(count: int = 200, seed: int = 1, *, progressive: bool = True) -> Sheet:
    """A mixed sheet of up to 1,000 tasks. Raises ValueError for more.

    Waits are short by the sheet's own settings; nothing of the work is left out.
    """
    if not 1 <= count <= 1000:
        raise ValueError("the demo has numbers for 1 to 1,000 tasks")
    dice = random.Random(seed)
    return Sheet(
        id="demo", agent=AGENT, revision=1, title="Demo", issued=datetime.now(UTC).replace(microsecond=0),
        tasks=tuple(_task(n, dice) for n in range(count)), zone="Europe/London",
        mode="progressive" if progressive else "preview",
        order=(OrderKey("priority"), OrderKey("file")),
        gap=0.0 if progressive else 3.0, preview=0.1 if progressive else 5.0, wrap_up=8.0,
        ring_timeout=0.9 if progressive else 12.0, max_attempts=3,
        retry=_retry(2.0 if progressive else 20.0),
        dispositions=_dispositions(),
    )


def _task(n: int, dice: random.Random) -> Task:
    name, service = PEOPLE[n % len(PEOPLE)]
    now = datetime.now(UTC).replace(microsecond=0)
    history = tuple(
        HistoryEntry(text, now - timedelta(days=dice.randrange(3, 300)), "102")
        for text in dice.sample(HISTORY, dice.randrange(0, 3))
    )
    return Task(
        id=f"T{n + 1:04}", number=f"+{FIRST_NUMBER + n}", name=name, service=service, history=history,
        region=REGIONS[n % len(REGIONS)], priority=dice.choice((0, 0, 0, 0, 1, 2)),
        extra={"contract": f"C-{dice.randrange(10_000, 99_999)}"},
    )


def _retry(wait: float) -> dict[Outcome, RetryRule]:
    """The built-in policy with short waits."""
    again = (Outcome.NO_ANSWER, Outcome.UNAVAILABLE, Outcome.NO_RESPONSE, Outcome.FAILED_UNKNOWN)
    return {
        Outcome.BUSY: RetryRule("retry", after=wait, honour_retry_after=True),
        Outcome.SUSPECTED_EMPTY: RetryRule("retry", after=wait, limit=2),
        **{outcome: RetryRule("retry", after=wait) for outcome in again},
    }


def _dispositions() -> tuple[Disposition, ...]:
    return (
        Disposition("1", "agreed", {"en": "Appointment made", "zh": "已预约"}),
        Disposition("2", "later", {"en": "Not now", "zh": "暂不需要"}),
        Disposition("3", "refused", {"en": "Not interested", "zh": "无意向"}),
        Disposition("7", "call-back", {"en": "Call back at", "zh": "预约回拨"}, "callback"),
        Disposition("8", "empty-number", {"en": "Empty number", "zh": "空号"}, "empty"),
        Disposition("9", "do-not-call", {"en": "Never call again", "zh": "勿再拨打"}, "dnc"),
    )
