# SPDX-License-Identifier: GPL-3.0-or-later
"""A headset without a sound card: PulseAudio with two null sinks behind one ALSA device, paced like a real one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.sip.peers.process import Process, program

_ASOUND = """\
</usr/share/alsa/alsa.conf>
pcm.teststand_ear {{ type pulse server "unix:{socket}" device "ear" }}
pcm.teststand_mic {{ type pulse server "unix:{socket}" device "mic.monitor" }}
pcm.teststand {{
    type asym
    playback.pcm "teststand_ear"
    capture.pcm "teststand_mic"
    hint {{ show on description "Test stand" }}
}}
"""
NAME = "teststand"
RATE = 16000


class Headset:
    """Start it before the SIP stack, which looks at the devices when it starts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if not any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
            pytest.skip("ALSA's PulseAudio plug-in is not installed")
        self._folder = folder
        # Sockets want a short path.
        self._run = Path(tempfile.mkdtemp(prefix="pa"))
        self.socket = self._run / "s"
        config = folder / "asound.conf"
        config.write_text(_ASOUND.format(socket=self.socket))
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(config))
        self._environment = {**os.environ, "HOME": str(self._run), "XDG_RUNTIME_DIR": str(self._run),
                             "XDG_CONFIG_HOME": str(self._run), "PULSE_RUNTIME_PATH": str(self._run),
                             "PULSE_SERVER": f"unix:{self.socket}"}
        self._others: list[Process] = []
        self.plug_in()

    def plug_in(self) -> None:
        """It is there."""
        self.socket.unlink(missing_ok=True)
        # Rewinding would take back what the monitor was already given.
        rate = f"rate={RATE} channels=1 norewinds=1"
        self._server = self._start("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
                                   "--disable-shm=yes",
                                   "-L", f"module-native-protocol-unix socket={self.socket} auth-anonymous=1",
                                   "-L", f"module-null-sink sink_name=ear {rate}",
                                   "-L", f"module-null-sink sink_name=mic {rate}")
        self._server.wait_for(self.socket.exists)

    def pull_out(self) -> None:
        """It is gone."""
        self._server.stop()

    def in_use(self) -> bool:
        """Whether somebody has the microphone open."""
        done = subprocess.run([program("pactl"), "list", "short", "source-outputs"], env=self._environment,
                              capture_output=True, text=True, timeout=10, check=False)
        return bool(done.stdout.strip())

    def speak(self, wav: Path) -> None:
        """Say something into the microphone."""
        self._others.append(self._start("paplay", "--device=mic", str(wav)))

    def listen(self, file: Path) -> None:
        """Record the ear piece; the file is whole after `close`."""
        self._others.append(self._start("parecord", "--device=ear.monitor", f"--rate={RATE}", "--channels=1",
                                        "--format=s16le", "--latency-msec=20", "--file-format=wav", str(file)))

    def close(self) -> None:
        """End everything."""
        if any(process.log.stem == "parecord" for process in self._others):
            # A null sink hands its monitor what it played up to two seconds late.
            time.sleep(2.2)
        for process in (*self._others, self._server):
            process.stop()
        self._others.clear()
        shutil.rmtree(self._run, ignore_errors=True)

    def _start(self, name: str, *arguments: str) -> Process:
        return Process([program(name), *arguments], self._folder, name, environment=self._environment)
