# SPDX-License-Identifier: GPL-3.0-or-later
"""A headset of files: somebody hums into it without pause, and what it says is written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.sip.peers import sounds
from tests.support.running import RunningPhone

AGENT_HZ, CALLEE_HZ = 700, 1300
"""No harmonics of one another, and in none of the phone's own tones."""
_HEADER = 44
"""Bytes of a canonical WAV header; its 25th to 28th are the rate."""


class Headset:
    """One agent's."""

    def __init__(self, folder: Path) -> None:
        self._ear = folder / "ear.wav"
        self._kept = folder / "heard.wav"
        self._microphone = sounds.write_wav(folder / "microphone.wav", sounds.tone((AGENT_HZ,), 2))

    @property
    def settings(self) -> dict[str, Any]:
        """[audio]."""
        return {"device": "file", "microphone_file": str(self._microphone), "speaker_file": str(self._ear)}

    def hang_up(self, phone: RunningPhone) -> Path:
        """End the call; what was heard in it."""
        # Before the end: a tone after it begins the file anew, at a moment of its own. The stack completes the
        # header later still: the samples are taken as they are, without the last block of stdio.
        made = self._ear.read_bytes()
        phone.press("D")
        phone.until("wrap-up")
        samples = np.frombuffer(made[_HEADER : len(made) // 2 * 2], np.int16)
        sounds.write_wav(self._kept, samples, int.from_bytes(made[24:28], "little"))
        phone.press("1")
        return self._kept
