# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases on a plain file server: the protocol without its I/O.

Every look and every write is yielded to whoever has the connection, so that tests
can let phones cross at each of them. Each file is written by one phone only. A
phone writes its own first and then looks at the others', and so does every other:
of two that cross at least one sees the other (Dekker's rule).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from callsheet.adapters.transport.lease_chain import Chain, Link, Party, today
from callsheet.adapters.transport.lease_steps import (
    Clock,
    Files,
    NotKept,
    Pause,
    Rewrite,
    Steps,
    instant,
)
from callsheet.core.model import Progress
from callsheet.core.queue.progress import join
from callsheet.formats.lease import LeaseFile, LeaseRequest, write_lease

WISH = 300.0
"""Seconds for which a wish stands without being renewed."""
POLL = 5.0
"""Seconds after which a phone that waits for another looks again."""
SETTLE, SLOW = 3.0, 30.0
"""On servers that may let two phones create one file: seconds until we look whether ours is still there; and if our
own writing took longer than that, seconds beyond the time in which another would have renewed."""
TRIES = 5
"""So often a claim begins anew when others cross it."""


class Granted(Struct, frozen=True):
    """See `LeaseGranted`."""

    since: datetime
    until: datetime
    renew: float
    asked_by: str = ""
    progress: Progress | None = None


class Refused(Struct, frozen=True):
    """See `LeaseRefused`."""

    holder: str
    until: datetime | None
    heard: datetime | None
    renew: float
    waiting: bool = False


Outcome = Granted | Refused
Version = tuple[datetime, str]
"""When a file was written, and its state."""


class LeaseFiles:
    """One agent's leases, seen from one phone; one request at a time."""

    def __init__(
        self, agent: str, me: Party, clock: Clock, jitter: Callable[[float, float], float], *,
        length: float, renew: float,
    ) -> None:
        self._agent, self._me, self._clock, self._jitter = agent, me, clock, jitter
        self._files = Files(agent, me, clock)
        self._length, self._renew = length, renew
        self._mine: Link | None = None
        self._rolled: Link | None = None
        """Our file of an earlier day, until the new one has been found in its place."""
        self._told: Link | None = None
        """What stood in the way when the agent was asked: only that phone may be pushed aside, and only while it has
        not been heard of since."""
        self._predecessors: dict[tuple[date, int], Version] = {}
        """Others' files before ours that are not released, as we know them: what comes late is taken in."""
        self._certain: dict[tuple[date, int], float] = {}
        """Monotonic seconds from which on a file that we created lies over nobody's who does not know of it."""
        self._exclusive = False
        """Whether we know that this server never lets two create one file."""
        self._heard: dict[tuple[date, int], Version] = {}
        """Others' files behind ours whose progress we have."""

    def ask(self, request: LeaseRequest) -> Steps[Outcome]:
        """Carry out claim, renew, take-over or force. Raises what the steps raise."""
        if request.action == "renew" and self._mine is not None:
            return (yield from self._go_on(request, self._mine))
        return (yield from self._claim(request))

    def give_back(self) -> Steps[None]:
        """A claim or a wish that nothing was done with. What the file says of the sheet stays."""
        chain = yield from self._files.scan()
        for link in chain.own:
            if link.file and link.file.state != "released":
                yield from self._release(link)
        self._mine = self._rolled = None

    def release(self, last: LeaseFile) -> Steps[None]:
        """A phone that has worked is done: its files of that claim are released, and tell what it did.

        A file that was released long ago, as that of yesterday, is read by nobody any more: what it does not say yet is
        told by a new one.
        """
        chain = yield from self._files.scan()
        found = [link for link in chain.own if link.file is not None and link.file.since == last.since]
        for link in found:
            assert link.file is not None
            if link.file.state != "released":
                yield from self._release(link, status=last.status, progress=last.progress)
        told = any(link.file and (link.file.state != "released" or link.file.progress == last.progress) for link in found)
        if not told and (last.progress or not found):
            yield from self._leave_word(chain, last)
        if self._mine is not None and self._mine.file and self._mine.file.since == last.since:
            self._mine = self._rolled = None

    def _leave_word(self, chain: Chain, last: LeaseFile) -> Steps[None]:
        """Our file of that claim is gone; what we did is told all the same."""
        mine = chain.mine
        if mine is not None and mine.file is not None and mine.file.state == "held":
            yield from self._files.write(mine, progress=join(last.progress, mine.file.progress))
        else:
            yield from self._create(chain, last)

    # Claiming ------------------------------------------------------------------

    def _claim(self, request: LeaseRequest) -> Steps[Outcome]:
        """Look, write what that allows, and look again."""
        for _ in range(TRIES):
            now = self._clock.wall()
            chain = yield from self._files.scan()
            resumed = self._resumable(chain, now)
            if resumed is not None:
                self._keep(chain, resumed)
                progress = self._inherited(chain, request)
                outcome = yield from self._go_on(request, resumed, progress)
                return replace(outcome, progress=progress) if isinstance(outcome, Granted) else outcome
            mine = chain.mine
            if mine is not None and mine.file and mine.file.state == "held":
                # Power failed before it was known whether it holds; it does not.
                yield from self._release(mine)
                chain = yield from self._files.scan()
            place = self._reusable(chain, now)
            in_the_way = self._in_the_way(chain, place, request, now)
            if in_the_way is not None:
                return (yield from self._refuse(chain, place, in_the_way, request))
            granted = yield from self._take(chain, place, request)
            if granted is not None:
                return granted
            yield Pause(self._jitter(0.2, 2.0))
        chain = yield from self._files.scan()
        link = self._in_the_way(chain, None, request, self._clock.wall()) or chain.tail
        return self._refusal(link, waiting=False)

    def _resumable(self, chain: Chain, now: float) -> Link | None:
        """Our file that says we have the lease, if nobody was before us or came after."""
        mine = chain.mine
        if mine is None or mine.file is None or mine.file.state != "held" or chain.overtaken(mine.place):
            return None
        return mine if mine.file.forced or not chain.before(mine.place, now) else None

    def _reusable(self, chain: Chain, now: float) -> Link | None:
        """Our file that a new claim may be written into: the last of all, or a wish that nobody has overtaken."""
        mine = chain.mine
        if mine is None or mine.file is None or chain.overtaken(mine.place):
            return None
        last = chain.tail is mine and mine.day >= today(now)
        return mine if last or (mine.wishes and mine.alive(now)) else None

    def _in_the_way(self, chain: Chain, place: Link | None, request: LeaseRequest, now: float) -> Link | None:
        """Who must let go first: the holder, else the first who wishes."""
        standing = chain.before(place.place if place else None, now)
        if request.action == "force":
            standing = [link for link in standing if not self._is_off(link) and not link.wishes]
        return next((link for link in standing if not link.wishes), standing[0] if standing else None)

    def _is_off(self, link: Link) -> bool:
        """Whether the agent has said so of the phone that wrote it, and it has not written since."""
        told = self._told
        if told is None or link.party != told.party:
            return False
        return link.file is None or told.file is None or link.file.written <= told.file.written

    def _refuse(self, chain: Chain, place: Link | None, link: Link, request: LeaseRequest) -> Steps[Refused]:
        """Another has it; whoever wants to take over says so behind all others."""
        self._told = link
        if request.action in ("claim", "renew"):
            return self._refusal(link, waiting=False)
        now = self._clock.wall()
        if place is not None and place.file is not None and place.wishes:
            stale = now - place.file.written.timestamp() > WISH / 5
            if stale:
                yield from self._files.write(place, state="wanted", until=instant(now + WISH), status=request.status,
                                             **self._settling(place))
        elif place is not None:
            yield from self._files.write(place, state="wanted", since=instant(now), until=instant(now + WISH),
                                         forced=False, status=request.status, **self._settling(place))
        else:
            yield from self._create(chain, self._file("wanted", now, WISH, request, None))
        return self._refusal(link, waiting=True)

    def _take(self, chain: Chain, place: Link | None, request: LeaseRequest) -> Steps[Granted | None]:
        """Write that we have it, then look whether that holds; None: it does not, and was taken back."""
        begun, now = self._clock.mono(), self._clock.wall()
        progress = self._inherited(chain, request)
        file = self._file("held", now, self._length, request, join(progress, request.progress))
        mine: Link | None
        if place is None:
            mine = yield from self._create(chain, file)
            if mine is None:
                return None
        else:
            file = replace(file, **self._settling(place))
            mine = Link(place.day, place.number, file)
            yield Rewrite(self._files.name(mine), write_lease(file))
        chain = yield from self._files.scan()
        at = self._clock.wall()
        ours = next((link for link in chain.links if link.place == mine.place), None)
        if ours is None and self._clock.mono() - begun < SLOW:
            raise NotKept
        if not self._is_ours(ours, mine):
            return None  # another's is there, or somebody has tidied up meanwhile
        if chain.overtaken(mine.place) or self._in_the_way(chain, mine, request, at):
            yield from self._release(mine)
            return None
        waiting = 0.0 if self._exclusive else self._renew + SLOW if chain.hides(at) else max(map(self._doubt, chain.own))
        if waiting > self._doubt(mine):
            self._certain[mine.place] = self._clock.mono() + waiting
            mine = yield from self._files.write(mine, unsettled=True, certain=instant(self._clock.wall() + waiting))
        elif mine.file and mine.file.unsettled:
            # Now it is known when; so that it need not be guessed after a power cut.
            mine = yield from self._files.write(mine, **self._settling(mine))
        if request.action == "force" and chain.before(mine.place, at):
            # Only now, so that a phone whose power fails before this look does not go on as if it had been made.
            mine = yield from self._files.write(mine, forced=True)
        self._keep(chain, mine)
        self._told = None
        until, renew = self._term(mine)
        asker = chain.wish(mine.place, at)
        return Granted(file.since, until, renew, asker.party.phone if asker else "", self._inherited(chain, request))

    def _create(self, chain: Chain, file: LeaseFile) -> Steps[Link | None]:
        """A new file; None: somebody else was faster."""
        begun = self._clock.mono()
        mine, made = yield from self._files.create(chain, file)
        if mine is not None:
            # Whoever was faster than that may have looked already; at its next renewal it will see what we wrote over.
            over = self._clock.mono()
            self._exclusive = made == "alone"
            settle = 0.0 if self._exclusive else SETTLE if over - begun <= SETTLE else self._renew + SLOW
            self._certain[mine.place] = over + settle
        return mine

    def _doubt(self, mine: Link) -> float:
        """Seconds until our file is certain to lie over nobody's who still dials."""
        if mine.file is None or not mine.file.unsettled:
            return 0.0
        if mine.place not in self._certain:
            # After a restart: what the file says, else we do not know when we created it.
            longest, certain = self._renew + SLOW, mine.file.certain
            told = longest if certain is None else certain.timestamp() - self._clock.wall()
            self._certain[mine.place] = self._clock.mono() + min(told, longest)
        return max(0.0, self._certain[mine.place] - self._clock.mono())

    def _settling(self, mine: Link) -> dict[str, object]:
        """What our file says of that when it is written."""
        doubt = self._doubt(mine)
        return {"unsettled": doubt > 0, "certain": instant(self._clock.wall() + doubt) if doubt else None}

    def _term(self, mine: Link) -> tuple[datetime, float]:
        """Until when we may dial, and seconds to the next renewal: in doubt not yet, and as soon as there is none."""
        assert mine.file is not None
        doubt = self._doubt(mine)
        return (mine.file.written, max(doubt, 1.0)) if doubt else (mine.file.until, self._renew)

    def _release(self, mine: Link, **changes: object) -> Steps[Link]:
        return (yield from self._files.write(mine, state="released", **self._settling(mine), **changes))

    # Going on ------------------------------------------------------------------

    def _go_on(self, request: LeaseRequest, mine: Link, kept: Progress | None = None) -> Steps[Outcome]:
        """Write our file anew, then look who came behind it."""
        if self._rolled is not None:
            mine = yield from self._rolled_over(mine, self._rolled)
        found = yield from self._files.link(mine.day, mine.number)
        if not self._is_ours(found, mine):
            # Deleted, or lost to another phone that created it in the same instant: look at everything again.
            self._mine = None
            return (yield from self._claim(request))
        assert found is not None and found.file is not None
        now = self._clock.wall()
        mine = yield from self._files.write(found, state="held", until=instant(now + self._length),
                                            **self._settling(found), status=request.status,
                                            progress=request.progress or join(kept, found.file.progress))
        self._mine = mine
        chain = yield from self._files.scan_after(mine)
        winner = chain.overtaken(mine.place)
        if winner is not None:
            yield from self._release(mine)
            self._mine = None
            return self._refusal(winner, waiting=False)
        asker = chain.wish(mine.place, self._clock.wall())
        late = yield from self._late(chain)
        if asker is None and mine.day < today(now) and self._rolled is None:
            yield from self._roll(chain, mine)
        assert mine.file is not None
        until, renew = self._term(mine)
        return Granted(mine.file.since, until, renew, asker.party.phone if asker else "", late)

    def _roll(self, chain: Chain, mine: Link) -> Steps[None]:
        """After midnight: a file of the new day, so that those who look back only a few days find it."""
        assert mine.file is not None
        new = yield from self._create(Chain([*chain.links, mine], self._me), mine.file)
        if new is not None:
            self._mine, self._rolled = new, mine

    def _rolled_over(self, new: Link, old: Link) -> Steps[Link]:
        """The new file is there and ours: the old one has done its work. If not, the old one goes on."""
        self._rolled = None
        found = yield from self._files.link(new.day, new.number)
        if not self._is_ours(found, new):
            return old
        yield from self._release(old)
        return new

    def _late(self, after: Chain) -> Steps[Progress | None]:
        """What others have said since we last looked: those before us, and those who came and went while we were away."""
        late: Progress | None = None
        for link in after.links:
            if link.party != self._me and link.file and self._heard.get(link.place) != _version(link.file):
                self._heard[link.place] = _version(link.file)
                late = join(late, link.file.progress)
        for place, known in list(self._predecessors.items()):
            found = yield from self._files.link(*place)
            if found is None or found.file is None:
                continue
            if _version(found.file) != known:
                self._predecessors[place] = _version(found.file)
                late = join(late, found.file.progress)
            if found.file.state == "released":
                del self._predecessors[place]
        return late

    # Files ---------------------------------------------------------------------

    def _keep(self, chain: Chain, mine: Link) -> None:
        self._mine, self._rolled = mine, None
        self._heard = {link.place: _version(link.file) for link in chain.links if link.file}
        self._predecessors = {link.place: _version(link.file) for link in chain.links
                              if link.place < mine.place and link.party != self._me and link.file
                              and link.file.state == "held"}

    def _inherited(self, chain: Chain, request: LeaseRequest) -> Progress | None:
        """A phone that goes on with the sheet knows what itself has done."""
        return chain.progress(request.sheet, own=request.progress is None)

    def _is_ours(self, found: Link | None, mine: Link) -> bool:
        if found is None or found.file is None or mine.file is None:
            return False
        return found.party == self._me and found.file.since == mine.file.since

    def _file(
        self, state: Literal["held", "wanted"], now: float, length: float, request: LeaseRequest,
        progress: Progress | None,
    ) -> LeaseFile:
        at = instant(now)
        return LeaseFile("callsheet-lease-file", 1, state, self._agent, self._me.phone, self._me.installation, at, at,
                         instant(now + length), status=request.status, progress=progress)

    def _refusal(self, link: Link | None, *, waiting: bool) -> Refused:
        renew = POLL if waiting else self._renew
        if link is None or link.file is None:
            return Refused("?", None, None, renew, waiting)
        file = link.file
        return Refused(file.phone, file.until, file.written, renew, waiting)


def _version(file: LeaseFile) -> Version:
    return file.written, file.state
