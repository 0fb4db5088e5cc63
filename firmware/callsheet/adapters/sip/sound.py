# SPDX-License-Identifier: GPL-3.0-or-later
"""The headset's sound: which device, opened and closed, and the two ends it gives the conference bridge."""

from __future__ import annotations

from pathlib import Path

import pjsua2 as pj

from callsheet.adapters.sip import lowlevel
from callsheet.adapters.sip.stack import explain
from callsheet.formats.settings import AudioSettings
from callsheet.ports import SoundError

_UNITY = 70
"""The volume setting at which sound passes unchanged."""
_DB_PER_UNIT = 0.4
_CARDS = Path("/proc/asound/cards")


def gain(volume: int) -> float:
    """Factor for a volume of 0 (silent) to 100 (+12 dB)."""
    return 10 ** ((volume - _UNITY) * _DB_PER_UNIT / 20) if volume > 0 else 0.0


class Sound:
    """Microphone and ear piece. Closed means: no device, no clock, no CPU."""

    def __init__(self, endpoint: pj.Endpoint, audio: AudioSettings) -> None:
        self._devices = endpoint.audDevManager()
        self._audio = audio
        self._volume = audio.volume
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
        self.microphone = self.ear = None
        self._devices.setNoDev()

    def volume(self, step: int) -> None:
        """Steps of 2 dB."""
        self._volume = max(0, min(100, self._volume + 5 * step))
        if self.is_open:
            self._apply_volume()

    def _apply_volume(self) -> None:
        assert self.ear is not None
        # pjsua2 names it from the port: what the port receives from the bridge.
        self.ear.adjustRxLevel(gain(self._volume))

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
        if wanted == "auto":
            usable = [(i, name) for card in usb_cards() for i, name in duplex if f"CARD={card}," in name]
            # plughw converts sample rates and owns the card; dmix and friends add latency.
            usable.sort(key=lambda entry: not entry[1].startswith("plughw:"))
        else:
            usable = [entry for entry in duplex if entry[1] == wanted] or \
                [entry for entry in duplex if wanted.lower() in entry[1].lower()]
        if usable:
            return usable[0][0]
        there = ", ".join(sorted({name for _, name in duplex})) or "none"
        what = "no USB headset is plugged in" if wanted == "auto" else f"there is no sound device {wanted!r}"
        raise SoundError(f"{what}; devices that can speak and listen: {there}")


def usb_cards() -> list[str]:
    """Ids of the USB sound cards, in the kernel's order."""
    try:
        text = _CARDS.read_text(errors="replace")
    except OSError:
        return []
    # " 1 [Headset        ]: USB-Audio - Jabra …", the second line of each entry has no bracket.
    return [line.split("[", 1)[1].split("]", 1)[0].strip() for line in text.splitlines()
            if "]: USB-Audio" in line and "[" in line]
