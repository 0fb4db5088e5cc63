# SPDX-License-Identifier: GPL-3.0-or-later
"""Call sheets of every shape, valid by construction."""

import string
from datetime import UTC, date, datetime, time, timedelta, timezone

from hypothesis import strategies as st

from callsheet.core.model import (
    Cap,
    Disposition,
    HistoryEntry,
    OrderKey,
    PastAttempt,
    RetryRule,
    Rules,
    Sheet,
    Span,
    Task,
    Window,
)
from callsheet.core.outcomes import Outcome

letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])
lines = st.text(letters, max_size=20)
texts = st.text(st.one_of(letters, st.sampled_from("\n\t")), max_size=30)
names = st.text(letters, min_size=1, max_size=20).filter(lambda text: text == text.strip())
seconds = st.floats(0, 1e8, allow_nan=False)
maybe_seconds = st.none() | seconds
zones = st.sampled_from(["", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Asia/Kathmandu", "UTC"])
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1990, 1, 2), datetime(2199, 12, 30), timezones=offsets | st.just(UTC))
numbers = (
    st.from_regex(r"\+[1-9][0-9]{2,14}", fullmatch=True)
    | st.from_regex(r"[*#]?[0-9][0-9*#]{0,30}", fullmatch=True)
    | st.builds("sip:{}@{}".format, st.from_regex(r"[a-z0-9.+_-]{1,12}", fullmatch=True),
                st.sampled_from(["pbx.example.com", "192.0.2.1:5070", "[2001:db8::1]"]))
)
scalars = texts | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()


def tuples(of, most=3):
    """Tuples of what a strategy makes."""
    return st.lists(of, max_size=most).map(tuple)


@st.composite
def windows(draw):
    start = draw(instants.filter(lambda at: at.year < 2199))
    return Window(start, start + timedelta(minutes=draw(st.integers(1, 500_000))))


task_fields = {
    "name": lines, "service": texts,
    "history": tuples(st.builds(HistoryEntry, text=texts, at=st.none() | instants, by=lines)),
    "windows": tuples(windows()), "region": lines, "zone": zones, "priority": st.integers(-100, 100),
    "attempts": st.integers(0, 100),
    "past": tuples(st.builds(PastAttempt, at=instants, outcome=st.sampled_from(Outcome), counted=st.booleans())),
    "not_before": st.none() | instants, "callback": st.booleans(), "held": lines, "withdrawn": st.booleans(),
    "ring_timeout": maybe_seconds, "max_attempts": st.none() | st.integers(1, 100), "caller_id": st.just("") | numbers,
    "extra": st.dictionaries(st.text(letters, min_size=1, max_size=8), scalars | st.none(), max_size=3),
}


@st.composite
def tasks(draw, id):
    """A task with a few of its fields set."""
    chosen = draw(st.lists(st.sampled_from(list(task_fields)), max_size=5, unique=True))
    return Task(id=id, number=draw(numbers), **{name: draw(task_fields[name]) for name in chosen})


spans = st.builds(
    Span, days=st.lists(st.sampled_from(["mon", "tue", "sat", "sun"]), min_size=1, max_size=3).map(tuple),
    start=st.times(max_value=time(11)), end=st.times(min_value=time(11, 0, 1)) | st.just(time(0)),
)
rules = st.builds(
    Rules, hours=tuples(spans), holidays=tuples(st.dates(date(2000, 1, 1))),
    caps=tuples(st.builds(Cap, limit=st.integers(1, 9), period=st.floats(1, 1e7))), min_ring=seconds,
    block_after_refusal=seconds,
)
labels = names | st.dictionaries(st.sampled_from(["en", "zh", "pt-BR"]), names, min_size=1)
retry_rules = st.builds(
    RetryRule, action=st.sampled_from(["retry", "drop", "hold", "pause", "stop", "dnc", "ask"]), after=seconds,
    limit=st.none() | st.integers(1, 9), counted=st.booleans(), honour_retry_after=st.booleans(), report=st.booleans(),
)


@st.composite
def dispositions(draw):
    keys = draw(st.lists(st.sampled_from(string.digits), max_size=3, unique=True))
    codes = draw(st.lists(names, min_size=len(keys), max_size=len(keys), unique=True))
    return tuple(
        Disposition(key, code, draw(labels), draw(st.sampled_from(["done", "retry", "callback", "dnc", "empty"])),
                    draw(maybe_seconds))
        for key, code in zip(keys, codes, strict=True)
    )


header_fields = {
    "id": names, "agent": names, "revision": st.integers(0, 2**53 - 1),
    "issued": st.none() | instants.filter(lambda at: at.year < 2100),
    "expires": st.none() | instants.filter(lambda at: at.year > 2100),
    "title": lines, "mode": st.sampled_from([None, "preview", "progressive", "manual"]),
    "window_policy": st.sampled_from([None, "prefer", "strict"]), "gap": maybe_seconds, "preview": maybe_seconds,
    "wrap_up": maybe_seconds, "ring_timeout": maybe_seconds, "max_attempts": st.none() | st.integers(1, 100),
    "retry": st.dictionaries(st.sampled_from(Outcome), retry_rules, max_size=2), "rules": st.none() | rules,
    "region_rules": st.dictionaries(names, rules, max_size=1), "zone": zones, "do_not_call": tuples(numbers),
    "recent": st.dictionaries(numbers, tuples(instants), max_size=2), "dispositions": dispositions(),
    "pause_reasons": tuples(labels), "caller_id": st.just("") | numbers,
    "upload": st.sampled_from(["", "https://files.example.com/{agent}/", "sftp://files.example.com/in/"]),
}
order_keys = st.builds(
    OrderKey, by=st.sampled_from(["file", "priority", "window", "name", "not_before"]),
    descending=st.none() | st.booleans(), type=st.sampled_from([None, "text", "number", "date"]),
    missing=st.sampled_from(["first", "last"]),
)
needed = {name: header_fields.pop(name) for name in ("id", "agent", "revision")}


@st.composite
def sheets(draw):
    """A sheet with a few of its fields set and up to two tasks: small ones shrink, and all of them take turns."""
    chosen = draw(st.lists(st.sampled_from(list(header_fields)), max_size=4, unique=True))
    ids = draw(st.lists(names, max_size=2, unique=True))
    return Sheet(
        tasks=tuple(draw(tasks(id)) for id in ids), order=draw(tuples(order_keys)),
        **{name: draw(strategy) for name, strategy in needed.items()},
        **{name: draw(header_fields[name]) for name in chosen},
    )
