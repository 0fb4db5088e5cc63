# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out effects through the ports. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.ledger import AnyEntry, Upload
from callsheet.core.processor import Processor
from callsheet.phone.documents import document
from callsheet.phone.ear import Ear
from callsheet.phone.leases import request
from callsheet.ports import Document, Ports, Post, SoundError, StoreError


class Executor:
    """One effect after the other, in the order the processor gave them."""

    def __init__(self, processor: Processor, ports: Ports, post: Post) -> None:
        self._processor = processor
        self._ports = ports
        self._post = post
        self._ear = Ear(ports.sip, lambda: ports.clock.now().mono)
        self._saving: dict[int, tuple[AnyEntry, ...]] = {}
        self._documents: dict[int, tuple[Upload, Document]] = {}
        """By the identity of their entries, until these are stored: an entry that could not be is handed over again."""

    def deadline(self) -> float | None:
        """When `tick` is due, in monotonic seconds."""
        return self._ear.deadline()

    def tick(self, mono: float) -> None:
        """Close the ear piece when its tone is over."""
        self._ear.tick(mono)

    def observe(self, event: ev.AnyEvent) -> None:
        """What adapters must know of each other: a network that is back means: register now."""
        match event:
            case ev.NetworkChanged(up=True):
                self._ports.sip.network_changed()
                self._ports.transport.flush()
            case ev.Saved():
                for entry in self._saving.pop(event.id, ()):
                    self._documents.pop(id(entry), None)
            case ev.SaveFailed():
                self._saving.pop(event.id, None)
            case _:
                pass

    def carry_out(self, effects: Iterable[ef.AnyEffect], now: ev.Now) -> None:
        """Do what the processor asked for."""
        for effect in effects:
            self._one(effect, now)

    def _one(self, effect: ef.AnyEffect, now: ev.Now) -> None:
        sip, transport, headset = self._ports.sip, self._ports.transport, self._ports.headset
        match effect:
            case ef.Save():
                self._save(effect, now)
            case ef.OpenHeadset():
                self._open(effect.id)
            case ef.CloseHeadset():
                headset.on_hook()
                self._ear.close()
            case ef.Dial():
                sip.dial(effect.call, effect.number, effect.caller_id)
            case ef.HangUp():
                sip.hang_up(effect.call, effect.code)
            case ef.Ring():
                sip.ring(effect.call)
            case ef.Answer():
                sip.answer(effect.call)
            case ef.Hold():
                sip.hold(effect.call, effect.on)
            case ef.Mute():
                sip.mute(effect.on)
                headset.show_mute(effect.on)
            case ef.Dtmf():
                sip.dtmf(effect.call, effect.digits)
            case ef.Transfer():
                sip.transfer(effect.call, effect.number)
            case ef.Volume():
                sip.volume(effect.step)
            case ef.Play():
                self._ear.play(effect.sound, effect.loop)
            case ef.Silence():
                self._ear.silence()
            case ef.SignIn():
                transport.sign_in(effect.agent, effect.pin)
            case ef.SignOut():
                transport.sign_out()
            case ef.Fetch():
                transport.fetch(effect.id, effect.agent, effect.force)
            case ef.Lease():
                transport.lease(effect.id, request(self._processor.state, effect, now), effect.url, effect.folder)
            case ef.Flush():
                transport.flush()

    def _open(self, number: int) -> None:
        try:
            self._ear.open()
        except SoundError as error:
            self._post(ev.HeadsetFailed(number, str(error)))
            return
        self._ports.headset.off_hook(number)

    def _save(self, effect: ef.Save, now: ev.Now) -> None:
        """Ledger and files go into one transaction."""
        documents = tuple(self._document(entry, now) for entry in effect.entries if isinstance(entry, Upload))
        self._saving[effect.id] = effect.entries
        try:
            self._ports.store.save(effect.id, effect.entries, documents)
        except StoreError as error:
            self._post(ev.SaveFailed(effect.id, str(error)))

    def _document(self, entry: Upload, now: ev.Now) -> Document:
        """Made once, when the entry is handed over first: the agent may have left when the disk recovers."""
        known = self._documents.get(id(entry))
        if known is None:
            known = self._documents[id(entry)] = entry, document(self._processor.state, entry, now)
        return known[1]
