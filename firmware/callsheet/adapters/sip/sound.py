# SPDX-License-Identifier: GPL-3.0-or-later
"""The headset's sound: which device, opened and closed, and the two ends it gives the conference bridge."""

from __future__ import annotations

from pathlib import Path

import pjsua2 as pj

from callsheet.adapters.headset import cards
from callsheet.adapters.headset.mixer import Mixer
from callsheet.adapters.sip import lowlevel
from callsheet.adapters.sip.stack import explain
from callsheet.formats.settings import AudioSettings
from callsheet.ports import SoundError

_UNITY = 70
"""The volume setting at which sound passes unchanged."""
_DB_PER_UNIT = 0.4


def decibels(volume: int) -> float:
    """Gain for a volume of 1 to 100 (+12 dB)."""
    return (volume - _UNITY) * _DB_PER_UNIT


def factor(gain: float) -> float:
    """What to multiply samples by for a gain in dB."""
    return float(10 ** (gain / 20))


class Sound:
    """Microphone and ear piece. Closed means: no device, no clock, no CPU."""

    def __init__(self, endpoint: pj.Endpoint, audio: AudioSettings) -> None:
        self._devices = endpoint.audDevManager()
        self._audio = audio
        self._volume = audio.volume
        self._mixer: Mixer | None = None
        self.microphone: pj.AudioMedia | None = None
        self.ear: pj.AudioMedia | None = None
        self._devices.setNoDev()

    @property
    def is_open(self) -> bool:
        """Whether there is sound."""
        return self.ear is not None

    def open(self) -> None:
        """Open the device; nothing happens if it is open. Raises SoundError."""
        if self.is_open:
            return
        problem = ""
        try:
            self._open()
            if self._mixer is not None:
                self._mixer.prepare(self._audio.sidetone)
            self._apply_volume()
        except pj.Error as error:
            problem = explain(error)
        # Not raised in the handler: an exception that somebody keeps must not keep the stack's objects.
        if problem:
            self.close()
            raise SoundError(f"sound device {self._audio.device!r}: {problem}; see [audio] device")

    def close(self) -> None:
        """Close the device."""
        for node in (self.microphone, self.ear):
            if isinstance(node, (pj.AudioMediaPlayer, pj.AudioMediaRecorder)):
                lowlevel.release(node)
        self.microphone = self.ear = self._mixer = None
        self._devices.setNoDev()

    def volume(self, step: int) -> None:
        """Steps of 2 dB."""
        self._volume = max(0, min(100, self._volume + 5 * step))
        if self.is_open:
            self._apply_volume()

    def _apply_volume(self) -> None:
        assert self.ear is not None
        # The headset does what it can, the bridge the rest.
        wanted = decibels(self._volume)
        left = self._mixer.volume(wanted) if self._mixer is not None else wanted
        # pjsua2 names it from the port: what the port receives from the bridge.
        self.ear.adjustRxLevel(factor(left) if self._volume > 0 else 0.0)

    def _open(self) -> None:
        if self._audio.device == "file":
            self._check_files()
            self._devices.setNullDev()
            self._open_files()
            return
        if self._audio.device == "null":
            self._devices.setNullDev()
        else:
            self._open_device(self._find())
        self.microphone = self._devices.getCaptureDevMedia()
        self.ear = self._devices.getPlaybackDevMedia()

    def _open_device(self, index: int) -> None:
        # Both directions in one go: each of the two calls would open the device by itself.
        self._devices.setSndDevMode(pj.PJSUA_SND_DEV_NO_IMMEDIATE_OPEN)
        self._devices.setCaptureDev(index)
        self._devices.setSndDevMode(0)
        self._devices.setPlaybackDev(index)

    def _open_files(self) -> None:
        speaker, microphone = self._audio.speaker_file, self._audio.microphone_file
        self.microphone = self._devices.getCaptureDevMedia()
        if microphone:
            self.microphone = player = pj.AudioMediaPlayer()
            player.createPlayer(str(Path(microphone).absolute()))
        self.ear = recorder = pj.AudioMediaRecorder()
        recorder.createRecorder(str(Path(speaker).absolute()))

    def _check_files(self) -> None:
        speaker, microphone = self._audio.speaker_file, self._audio.microphone_file
        if not speaker:
            raise SoundError("[audio] speaker_file is not set; device \"file\" needs it")
        if microphone and not Path(microphone).is_file():
            raise SoundError(f"[audio] microphone_file {microphone!r} is not there")

    def _find(self) -> int:
        """Index of the device set. Raises SoundError naming those that are there."""
        if not lowlevel.has_alsa():
            raise SoundError("this build of the SIP stack has no ALSA; devices that can speak and listen: none. "
                             "scripts/build-pjsua2 makes one that has")
        with lowlevel.hushed(2):
            self._devices.refreshDevs()
        duplex = [(i, info.name) for i, info in enumerate(self._devices.enumDev2())
                  if info.inputCount and info.outputCount]
        wanted = self._audio.device
        usable = [entry for entry in duplex if entry[1] == wanted]
        card = None if usable else cards.choose(wanted, cards.cards())
        if card is not None:
            usable = [(i, name) for i, name in duplex if f"CARD={card.id}," in name]
            # plughw converts sample rates and owns the card; dmix and friends add latency.
            usable.sort(key=lambda entry: not entry[1].startswith("plughw:"))
            self._mixer = Mixer(f"hw:CARD={card.id}")
        if not usable and wanted != "auto":
            usable = [entry for entry in duplex if wanted.lower() in entry[1].lower()]
        if usable:
            return usable[0][0]
        there = ", ".join(sorted({name for _, name in duplex})) or "none"
        what = "no USB headset is plugged in" if wanted == "auto" else f"there is no sound device {wanted!r}"
        raise SoundError(f"{what}; devices that can speak and listen: {there}")
