# SPDX-License-Identifier: GPL-3.0-or-later
"""Which phone may dial a sheet. The rules are in `firmware/docs/leases.md`; this is the server's side of them.

Two of them keep every task in one place. A phone that has not held the sheet all the
time gets the lease only for its newest revision: tasks may have left since an older
one (its lease is over as soon as it gets it, until it has fetched). And a phone that is heard of no more keeps the lease until it is over for sure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from callsheet.formats.lease import LeaseAnswer, LeaseRequest
from callsheet.manager.storage.tables import CallList, Phone, Sheet
from callsheet.manager.work import moves, progress, words
from callsheet.manager.work.sheets import IDLE, current, find
from callsheet.manager.work.terms import Terms, over

AGAIN = 5.0
"""Seconds after which a phone that must fetch first, or waits for another to hand back, asks again."""
LONG_AGO = timedelta(days=1)
"""More than any phone's clock is off."""
GONE = "this list is no longer here"


def answer(db: Session, request: LeaseRequest, terms: Terms, now: datetime) -> LeaseAnswer:
    """What a phone is told; raises nothing for whatever it asks."""
    return replace(_answer(db, request, terms, now), at=now)


def _answer(db: Session, request: LeaseRequest, terms: Terms, now: datetime) -> LeaseAnswer:
    call_list = db.scalar(select(CallList).where(CallList.key == request.sheet))
    # The sheet is locked before the phone, as in `renewal`: two requests of one phone must not wait for each other.
    sheet = find(db, request.agent, call_list.id, lock=True) if call_list is not None else None
    hear(db, request, now)
    if sheet is None or call_list is None:
        return _nothing(db, request, terms, now)
    mine = _mine(sheet, request)
    if request.progress is not None:
        progress.take_in(db, sheet, request.progress, request.phone, _said(request, now), now, holder=mine)
    if request.action == "release":
        return _release(db, sheet, request, terms, now)
    if request.action != "renew":
        _let_go_of_others(db, request, sheet)
    if mine and not over(sheet, terms, now):
        if request.revision < sheet.held_revision:
            return _fetch_first(sheet, terms, now)
        return _grant(db, sheet, call_list, request, terms, now)
    if not over(sheet, terms, now) and request.action != "force":
        if request.action == "take-over":
            sheet.wanted_by = request.phone
        return LeaseAnswer(
            format="callsheet-lease-answer", version=1, granted=False, holder=sheet.phone, until=sheet.until,
            heard=sheet.heard, revision=sheet.revision, renew=AGAIN if sheet.wanted_by == request.phone else terms.renew,
            stop=_stop(call_list))
    return _new_holder(db, sheet, call_list, request, terms, now, mine=mine)


def hear(db: Session, request: LeaseRequest, now: datetime) -> None:
    """Note that a phone is there, and what it says of itself."""
    row = db.get(Phone, request.phone)
    if row is None:
        row = Phone(id=request.phone)
        db.add(row)
    row.installation, row.agent_id, row.heard = request.installation, request.agent, now
    if request.status is not None:
        row.status = msgspec.to_builtins(request.status)
    if request.action == "release":
        row.agent_id = ""


def free(db: Session, sheet: Sheet, terms: Terms, now: datetime) -> bool:
    """The manager says that the phone is switched off: its lease ends at once. False if nobody held the sheet.

    The sheet is locked by the caller.
    """
    if not sheet.phone:
        return False
    moves.doubt(db, sheet)
    _clear(sheet)
    db.flush()
    moves.settle(db, sheet, terms, now)
    return True


def ask_back(sheet: Sheet, who: str) -> None:
    """The manager wants the sheet handed back: its phone hears of that when it renews."""
    if sheet.phone:
        sheet.wanted_by = who


def _new_holder(
    db: Session, sheet: Sheet, call_list: CallList, request: LeaseRequest, terms: Terms, now: datetime, *, mine: bool,
) -> LeaseAnswer:
    """Nobody holds the sheet any more, or so the agent says."""
    if not mine and sheet.phone:
        moves.doubt(db, sheet)
    if not mine or over(sheet, terms, now):
        if not mine:
            _clear(sheet)
        db.flush()
        moves.settle(db, sheet, terms, now)
    if request.revision != sheet.revision:
        return _fetch_first(sheet, terms, now)
    answer = _grant(db, sheet, call_list, request, terms, now)
    # What it did itself it knows better than we do.
    return answer if mine else msgspec.structs.replace(answer, progress=progress.hand_out(db, sheet, call_list))


def _grant(
    db: Session, sheet: Sheet, call_list: CallList, request: LeaseRequest, terms: Terms, now: datetime,
) -> LeaseAnswer:
    if not _mine(sheet, request) or sheet.leased is None:
        sheet.leased, sheet.wanted_by = now, ""
    if sheet.wanted_by == request.phone:
        sheet.wanted_by = ""
    sheet.phone, sheet.installation = request.phone, request.installation
    sheet.until, sheet.heard, sheet.held_revision = now + timedelta(seconds=terms.seconds), now, request.revision
    db.flush()
    moves.settle(db, sheet, terms, now)
    return LeaseAnswer(
        format="callsheet-lease-answer", version=1, granted=True, until=sheet.until, renew=terms.renew,
        asked_by=sheet.wanted_by, revision=_newest(db, sheet, request, now), stop=_stop(call_list))


def _release(db: Session, sheet: Sheet, request: LeaseRequest, terms: Terms, now: datetime) -> LeaseAnswer:
    if _mine(sheet, request):
        _clear(sheet)
        db.flush()
        moves.settle(db, sheet, terms, now)
    return LeaseAnswer(format="callsheet-lease-answer", version=1, granted=True, renew=terms.renew,
                       revision=sheet.revision)


def _clear(sheet: Sheet) -> None:
    sheet.phone, sheet.installation, sheet.leased, sheet.until, sheet.held_revision = "", 0, None, None, 0


def _fetch_first(sheet: Sheet, terms: Terms, now: datetime) -> LeaseAnswer:
    """The sheet is the phone's to have, but not in the revision it has: a lease that is over already."""
    return LeaseAnswer(format="callsheet-lease-answer", version=1, granted=True, until=now - LONG_AGO,
                       revision=sheet.revision, renew=min(AGAIN, terms.renew))


def _nothing(db: Session, request: LeaseRequest, terms: Terms, now: datetime) -> LeaseAnswer:
    """The sheet of somebody who has nothing to do, or a list that was deleted."""
    return LeaseAnswer(
        format="callsheet-lease-answer", version=1, granted=request.sheet == IDLE or request.action == "release",
        until=now + timedelta(seconds=terms.seconds), renew=terms.renew,
        revision=current(db.connection(), request.agent, now).revision, stop="" if request.sheet == IDLE else GONE)


def _newest(db: Session, sheet: Sheet, request: LeaseRequest, now: datetime) -> int:
    """A phone that is done with the sheet and has another one waiting is to fetch that."""
    counts = request.status.counts if request.status is not None else None
    done = counts is not None and not counts.unfinished
    if done and current(db.connection(), sheet.agent_id, now).sheet != sheet.id:
        return max(sheet.revision, request.revision + 1)
    return sheet.revision


def _let_go_of_others(db: Session, request: LeaseRequest, sheet: Sheet) -> None:
    """A phone works one sheet at a time: asking for one it has done with all others."""
    for other in db.scalars(select(Sheet).where(
            Sheet.agent_id == request.agent, Sheet.phone == request.phone, Sheet.id != sheet.id,
            Sheet.installation == request.installation).with_for_update()):
        _clear(other)
    db.flush()


def _mine(sheet: Sheet, request: LeaseRequest) -> bool:
    return bool(sheet.phone) and (sheet.phone, sheet.installation) == (request.phone, request.installation)


def _said(request: LeaseRequest, now: datetime) -> datetime:
    """When the phone said so, by its own clock, which its results go by, unless that is all wrong."""
    at = request.status.at if request.status is not None else now
    return at if abs(at - now) < words.ASKEW else now


def _stop(call_list: CallList) -> str:
    return "" if call_list.state == "open" else call_list.stop_reason or call_list.state
