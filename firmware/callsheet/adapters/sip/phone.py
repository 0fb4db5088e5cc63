# SPDX-License-Identifier: GPL-3.0-or-later
"""`ports.Sip` on pjsua2: puts the parts together and runs them on the owner thread."""

from __future__ import annotations

import time

import pjsua2 as pj

from callsheet.adapters.sip import account as accounts
from callsheet.adapters.sip import addresses, lowlevel
from callsheet.adapters.sip.bridge import Bridge
from callsheet.adapters.sip.calls import Calls
from callsheet.adapters.sip.facts import (
    Arrived,
    ConnectionLost,
    DeviceFailed,
    Fact,
    Located,
    MediaChanged,
    Registered,
    StateChanged,
    Transferring,
)
from callsheet.adapters.sip.logs import log
from callsheet.adapters.sip.media import Media
from callsheet.adapters.sip.registration import Registrar
from callsheet.adapters.sip.server import Server
from callsheet.adapters.sip.sound import Sound
from callsheet.adapters.sip.soundwatch import SoundWatch
from callsheet.adapters.sip.stack import Stack, explain
from callsheet.adapters.sip.timers import Timers
from callsheet.adapters.sip.tones import Tones
from callsheet.core.effects import Sound as SoundName
from callsheet.core.events import AnyEvent, CallEnded, RegistrationChanged, TransferProgress
from callsheet.core.numbers import dial_string
from callsheet.core.outcomes import CallEnd
from callsheet.core.settings import NumberSettings
from callsheet.formats.settings import AudioSettings, SipSettings
from callsheet.ports import Post, SipError

BYE_TIME = 0.3
"""Seconds for BYE to be answered when the phone goes down in a call."""
CLOSE_TIME = 2.0
"""Seconds that the end of calls and registration may take."""
_ADDRESS_INCOMPLETE = 484


class PjSip:
    """SIP, its media and the tones in the agent's ear. All methods but `wake` belong to the thread of `start`."""

    def __init__(self, sip: SipSettings, audio: AudioSettings, numbers: NumberSettings | None = None,
                 log_level: int = 1) -> None:
        """`log_level`: of the stack's own log, 0 to 3; message bodies are never logged."""
        self._sip = sip
        self._audio = audio
        self._numbers = numbers or NumberSettings()
        self._log_level = log_level
        self._post: Post | None = None
        self._accounts: list[accounts.Account] = []
        self._running = False
        self._wakeable: Stack | None = None

    def start(self, post: Post) -> None:
        """Bring the stack up and begin to register. Raises SipError if it cannot start at all."""
        self._post = post
        self._timers = Timers()
        self._stack = Stack(self._sip, self._log_level)
        self._sound = Sound(self._stack.endpoint, self._audio)
        self._tones = Tones(self._audio.tones)
        self._bridge = Bridge(self._sound, self._tones)
        self._sound_watch = SoundWatch(self._bridge, self._timers, self._tell)
        problem = ""
        try:
            self._make_accounts()
        except (pj.Error, ValueError) as error:
            problem = explain(error) if isinstance(error, pj.Error) else str(error)
        if problem:
            self._free()
            raise SipError(f"the SIP account could not be set up: {problem}; see [sip] server, domain and user")
        self._calls = Calls(self._stack, Media(self._bridge, self._timers, self._tell), self._tones, self._timers,
                            self._tell)
        servers = [Server(index, name, account, self._stack.inbox, self._stack.wake)
                   for index, (name, account) in enumerate(zip(self._server_names(), self._accounts, strict=True))]
        self._registrar = Registrar(self._sip, servers, self._timers, self._tell, self._stack.drop_connections)
        self._running = True
        self._wakeable = self._stack
        if not self._accounts:
            self._tell(RegistrationChanged(False, 0, "no SIP server is set"))
        self._registrar.start()

    def configure(self, sip: SipSettings, audio: AudioSettings, numbers: NumberSettings) -> None:
        """Other settings from now on, without a new process: calls are hung up, sound is closed if it was open.

        The stack is taken down and brought up again, in less than 0.1 s beyond the end of the old
        registration, because transports and codecs cannot all be changed in a running one. Raises
        SipError if the new settings do not work; `configure` with the old ones then brings it back.
        """
        post = self._post
        self.close()
        self._sip, self._audio, self._numbers = sip, audio, numbers
        if post is not None:
            self.start(post)

    def poll(self, timeout: float) -> None:
        """Run the stack for at most `timeout` seconds, or until something happens or `wake` is called."""
        self._stack.run(0 if self._stack.inbox else self._timers.wait(timeout))
        self._timers.run()
        while self._stack.inbox:
            self._handle(self._stack.inbox.popleft())
        self._calls.reap()

    def wake(self) -> None:
        """Make `poll` return at once. Safe from any thread."""
        if (stack := self._wakeable) is not None:
            stack.wake()

    def network_changed(self) -> None:
        """The network came back: register now, not at the next retry."""
        self._registrar.network_changed()

    def dial(self, call: int, number: str, caller_id: str) -> None:
        """Send an INVITE. The caller ID goes out as P-Preferred-Identity (RFC 3325 §9.2), and as
        P-Asserted-Identity as well, which is the one that many PBXes read; From stays the account's own.
        """
        account = self._account()
        domain = account.domain if account is not None else ""
        try:
            uri = addresses.target(self._dial_string(number), domain)
            identity = addresses.target(caller_id, domain) if caller_id else ""
        except ValueError as error:
            self._tell(CallEnded(call, CallEnd(local=True, detail=str(error))))
            return
        self._calls.dial(call, account, uri, identity)

    def hang_up(self, call: int, code: int) -> None:
        """End a call in whatever state it is; a call that is gone is ignored."""
        self._calls.hang_up(call, code)

    def ring(self, call: int) -> None:
        """180 to an incoming call."""
        self._calls.answer(call, 180)

    def answer(self, call: int) -> None:
        """200 to an incoming call."""
        self._calls.answer(call, 200)

    def hold(self, call: int, on: bool) -> None:
        """Hold or take back."""
        self._calls.hold(call, on)

    def dtmf(self, call: int, digits: str) -> None:
        """RFC 4733 digits."""
        self._calls.dtmf(call, digits)

    def transfer(self, call: int, number: str) -> None:
        """REFER."""
        account = self._account()
        try:
            uri = addresses.target(self._dial_string(number), account.domain if account is not None else "")
        except ValueError as error:
            log.warning("transfer refused: %s", error)
            self._tell(TransferProgress(call, _ADDRESS_INCOMPLETE, True))
            return
        self._calls.transfer(call, uri)

    def mute(self, on: bool) -> None:
        """Microphone off or on."""
        self._bridge.mute(on)

    def volume(self, step: int) -> None:
        """Ear piece louder or softer."""
        self._sound.volume(step)

    def open_sound(self) -> None:
        """Open the sound device. Raises SoundError."""
        self._sound_watch.open()

    def close_sound(self) -> None:
        """Close it; nothing happens if it is closed."""
        self._sound_watch.close()

    def play(self, sound: SoundName, loop: bool) -> None:
        """A tone in the agent's ear; waits for the sound device to be open, never opens it."""
        if loop:
            self._tones.loop(sound)
        else:
            self._tones.play(sound)

    def silence(self) -> None:
        """End a looping tone."""
        self._tones.stop()

    def close(self) -> None:
        """Hang up, unregister, free the stack."""
        if not self._running:
            return
        now = time.monotonic()
        # A hung-up call is over for the stack at once; its BYE may still be challenged or repeated.
        at_least = now + BYE_TIME if self._calls.any else now
        self._calls.close()
        self._registrar.close()
        while (now := time.monotonic()) < at_least or (
                (self._calls.any or self._registrar.waiting) and now < at_least + CLOSE_TIME):
            self.poll(0.05)
        self._running = False
        self._wakeable = None
        self._calls.free()
        self._free()

    def _free(self) -> None:
        """Drop all pj objects before the library goes: their destructors need it.

        Explicitly, because an exception kept by somebody may still hold any of our own objects.
        """
        self._timers.clear()
        self._stack.inbox.clear()
        for account in self._accounts:
            account.arrivals.clear()
            lowlevel.release(account)
        self._accounts.clear()
        self._bridge.close()
        self._tones.free()
        self._stack.close()

    def _make_accounts(self) -> None:
        for index, server in enumerate(self._server_names()):
            account = accounts.Account(self._stack.inbox, index, accounts.domain_of(self._sip, server))
            account.create(accounts.config(self._sip, server, self._stack), index == 0)
            self._accounts.append(account)

    def _server_names(self) -> list[str]:
        return [name for name in (self._sip.server, self._sip.fallback) if name]

    def _account(self) -> accounts.Account | None:
        return self._accounts[self._registrar.active] if self._accounts else None

    def _dial_string(self, number: str) -> str:
        if addresses.is_uri(number):
            # As it is: whatever is odd about it is refused, not mended.
            return number
        return dial_string(number, self._numbers)

    def _tell(self, event: AnyEvent) -> None:
        if self._post is not None:
            self._post(event)

    def _handle(self, fact: Fact) -> None:
        match fact:
            case StateChanged():
                self._calls.state_changed(fact)
            case MediaChanged():
                self._calls.media_changed(fact)
            case Transferring():
                self._calls.transferring(fact)
            case Arrived():
                for account in self._accounts:
                    if handle := account.arrivals.pop(fact.call, None):
                        self._calls.arrived(fact, handle)
            case Located():
                self._registrar.located(fact)
            case Registered():
                self._registrar.handle(fact)
            case ConnectionLost():
                self._registrar.connection_lost()
            case DeviceFailed():
                self._sound_watch.failed()
