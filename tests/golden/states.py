# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state of the handset, reached with keys and calls, and what its screen says there.

python -m callsheet.adapters.display.gallery OUT_DIR --screens tests.golden.states:by_language
"""

from __future__ import annotations

from datetime import UTC, datetime

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.ledger import Adopted, SignedIn, Snapshot, Upload
from callsheet.core.model import HistoryEntry, RetryRule, Rules, Sheet, Span, Task
from callsheet.core.outcomes import Outcome
from callsheet.core.screen import Screen
from callsheet.core.settings import CallSettings, Language, PhoneTraits
from tests.support.desk import Desk, sheet_of

Named = list[tuple[str, Screen]]

_COUNTDOWN = CallSettings(mode="progressive", gap=5.0, preview=5.0, wrap_up=30.0, wrap_up_failed=5.0)
_PREVIEW = CallSettings(mode="preview", wrap_up=30.0)
_EVENING = Rules(
    hours=(
        Span(
            ("mon", "tue", "wed", "thu", "fri"),
            datetime.min.time().replace(hour=19),
            datetime.min.time().replace(hour=21),
        ),
    )
)
_CALLEES: dict[str, tuple[Task, ...]] = {
    "en": (
        Task(
            "t1",
            "+4930123456",
            name="Anna Schmidt",
            service="Gold contract, renewal due",
            region="Berlin",
            priority=3,
            zone="Europe/Berlin",
            history=(
                HistoryEntry(
                    "wants an offer for twenty licences; call after three in the afternoon",
                    at=datetime(2026, 10, 12, 13, 5, tzinfo=UTC),
                    by="Mia",
                ),
            ),
            extra={"Customer since": 2019},
        ),
        Task(
            "t2",
            "+33140205050",
            name="Élodie Lefèvre-Beaumarchais",
            service="Trial ends",
            region="Paris",
            zone="Europe/Paris",
        ),
        Task("t3", "+442079460003", name="Bob Li", zone="Europe/London"),
    ),
    "zh": (
        Task(
            "t1",
            "+861012345678",
            name="王小明",
            service="金牌合同，即将到期",
            region="北京",
            priority=3,
            zone="Asia/Shanghai",
            history=(
                HistoryEntry(
                    "需要二十个许可证的报价，请在下午三点以后致电",
                    at=datetime(2026, 10, 12, 7, 5, tzinfo=UTC),
                    by="美亚",
                ),
            ),
        ),
        Task(
            "t2",
            "+8647112345678",
            name="内蒙古自治区呼和浩特市某某科技有限责任公司",
            service="试用期结束",
            zone="Asia/Shanghai",
        ),
        Task("t3", "+8613812345678", name="李芳", zone="Asia/Shanghai"),
    ),
}


class _Walk:
    """Drives desks of one language and keeps what their screens say."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.tasks = _CALLEES[language]
        self.shots: Named = []

    def desk(
        self, settings: CallSettings = _PREVIEW, snapshot: Snapshot | None = None, leases: bool = False,
        **sheet: object,
    ) -> Desk:
        traits = PhoneTraits(id="desk", zone="Europe/London", language=self.language)
        return Desk(sheet_of(*self.tasks, **sheet), settings, traits, snapshot=snapshot, leases=leases)

    def shot(self, name: str, desk: Desk) -> None:
        self.shots.append((name, desk.screen))

    def signing_in(self) -> None:
        desk = self.desk()
        self.shot("off", desk)
        desk.press("101")
        self.shot("agent", desk)
        desk.press("#12")
        self.shot("pin", desk)
        desk.auto = desk.auto - {"Fetch"}
        desk.press("34#")
        self.shot("signing-in", desk)
        wrong = self.desk(agent="102")
        wrong.sign_in()
        self.shot("off-wrong-agent", wrong)
        unregistered = self.desk()
        unregistered.event(ev.RegistrationChanged(False, 403, "Forbidden", "sip.example.org"))
        self.shot("off-unregistered", unregistered)

    def between_calls(self) -> None:
        desk = self.desk()
        desk.sign_in()
        self.shot("paused", desk)
        desk.press("B")
        self.shot("pause", desk)
        desk.press("**")
        self.shot("menu", desk)
        desk.press("*")
        self.open_menu_line(desk, "Up next", "后续任务")
        self.shot("upcoming", desk)
        desk.press("*A")
        self.shot("preview", desk)
        desk.press("C")
        self.shot("preview-page", desk)
        desk.press("B")
        self.shot("later", desk)
        desk.press("4")
        self.shot("clock", desk)
        self.waiting()

    def waiting(self) -> None:
        late = self.desk(rules=_EVENING)
        late.ready()
        self.shot("waiting-hours", late)
        bare = self.desk()
        bare.ready()
        bare.event(ev.HeadsetChanged(False))
        self.shot("preview-no-headset", bare)
        broken = self.desk()
        broken.ready()
        broken.event(ev.FaultChanged("store", "No space left on device"))
        self.shot("preview-fault", broken)
        progressive = self.desk(_COUNTDOWN)
        progressive.ready()
        progressive.wait(2.0)
        self.shot("countdown", progressive)

    def calling(self) -> None:
        desk = self.desk()
        desk.ready()
        desk.press("#")
        desk.wait(1.0)
        self.shot("placing", desk)
        desk.event(ev.CallProgress(desk.call(), 180, "Ringing"))
        desk.wait(6.0)
        self.shot("ringing", desk)
        desk.event(ev.CallProgress(desk.call(), 183, "Session Progress", early_media=True))
        self.shot("early-media", desk)
        desk.answers()
        desk.event(ev.CallMedia(desk.call(), "active", "PCMA", secure=True))
        desk.wait(83.0)
        self.shot("talking", desk)
        desk.press("A")
        self.shot("talking-page", desk)
        desk.press("A")
        self.shot("talking-page-2", desk)
        desk.press("C")
        self.shot("talking-muted", desk)
        desk.press("C")
        desk.press("C", hold=1.0)
        self.shot("held", desk)
        desk.press("C", hold=1.0)
        self.talking_on(desk)

    def talking_on(self, desk: Desk) -> None:
        desk.event(ev.CallIncoming(-1, "200", "Reception"))
        self.shot("call-waiting", desk)
        desk.press("B")
        desk.event(ev.CallMedia(desk.call(), "failed"))
        self.shot("talking-no-audio", desk)
        desk.event(ev.CallMedia(desk.call(), "active", "PCMA"))
        desk.press("B")
        self.shot("menu-call", desk)
        self.choose(desk, "Transfer", "转接")
        desk.press("2001")
        self.shot("transfer", desk)
        desk.press("****")
        desk.press("*")
        desk.press("D")
        self.shot("ending", desk)
        desk.ends(200, "OK", by="near")
        desk.wait(5.0)
        self.shot("wrap-up", desk)
        desk.press("C")
        desk.press("44")
        self.shot("note", desk)

    def after_calls(self) -> None:
        retry = {Outcome.BUSY: RetryRule("retry", after=900.0)}
        desk = self.desk(retry=retry)
        desk.ready()
        desk.press("#")
        desk.rings()
        desk.ends(486, "Busy Here")
        self.shot("wrap-up-busy", desk)
        desk.press("#")
        for _ in self.tasks[1:]:
            desk.press("#")
            desk.answers()
            desk.ends(200, "OK", by="far")
            desk.press("1")
        self.shot("waiting-retry", desk)
        self.open_menu_line(desk, "Correct", "更正")
        self.shot("correct", desk)
        desk.press("*")
        desk.wait(900.0)
        desk.press("#")
        desk.answers()
        desk.ends(200, "OK", by="far")
        desk.press("1")
        desk.event(ev.OutboxChanged(2))
        self.shot("finished", desk)
        desk.press("#")
        desk.event(ev.OutboxChanged(2, "server does not answer"))
        self.shot("signing-out", desk)

    def open_menu_line(self, desk: Desk, *beginnings: str) -> None:
        desk.press("*")
        self.choose(desk, *beginnings)

    def choose(self, desk: Desk, *beginnings: str) -> None:
        """Move the cursor of the open menu to the line that begins so, and confirm."""
        wanted = next(n for n, line in enumerate(desk.screen.lines) if line.startswith(beginnings))
        for _ in range(wanted - (desk.screen.cursor or 0)):
            desk.press("8")
        desk.press("#")

    def from_outside(self) -> None:
        desk = self.desk()
        desk.sign_in()
        desk.event(ev.CallIncoming(-1, "sip:anna.schmidt@example.org", ""))
        self.shot("incoming", desk)
        desk.press("B")
        desk.press("D")
        desk.press("0049301234567")
        self.shot("dialpad", desk)
        desk.press("890123456789")
        self.shot("dialpad-long", desk)

    def two_phones(self) -> None:
        """The agent is signed in on another one."""
        desk = self.desk(leases=True)
        desk.sign_in()
        self.shot("asking-lease", desk)
        heard, until = (datetime.fromtimestamp(desk.now.wall + at, UTC) for at in (-45.0, 35_000.0))
        desk.refused("phone-3f2a91c4", until=until, heard=heard)
        self.shot("taken", desk)
        desk.press("#")
        desk.refused("phone-3f2a91c4", until=until, heard=heard, waiting=True)
        self.shot("asked", desk)
        desk.wait(130.0)
        self.shot("force", desk)
        desk.press("#", hold=1.0)
        desk.granted(60.0)
        desk.event(ev.LeaseFailed(desk.last(ef.Lease).id, "unreachable", "files.example.com refuses the connection"))
        desk.wait(70.0)
        desk.event(ev.LeaseFailed(desk.last(ef.Lease).id, "unreachable", "files.example.com refuses the connection"))
        self.shot("lease-over", desk)
        desk.wait(61.0)
        desk.granted(stop="complaints, wait for word")
        self.shot("lease-stopped", desk)
        desk.wait(61.0)
        desk.granted(asked_by="phone-77aa01bc")
        desk.event(ev.OutboxChanged(0))
        self.shot("handed-over", desk)

    def after_power_cut(self) -> None:
        first = self.desk()
        first.ready()
        first.press("#")
        first.rings()
        kept = tuple(e for e in first.entries if not isinstance(e, SignedIn | Adopted | Upload))
        sheet: Sheet | None = first.sheet
        desk = self.desk(snapshot=Snapshot("101", sheet, kept, next_attempt=2))
        self.shot("unknown", desk)


def states(language: Language) -> Named:
    """All screens of a language, each with the name of its state."""
    walk = _Walk(language)
    walk.signing_in()
    walk.between_calls()
    walk.calling()
    walk.after_calls()
    walk.from_outside()
    walk.two_phones()
    walk.after_power_cut()
    return walk.shots


def by_language() -> dict[str, Named]:
    """All screens of all languages of the phone's own words."""
    return {"en": states("en"), "zh": states("zh")}
