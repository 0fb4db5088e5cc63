# SPDX-License-Identifier: GPL-3.0-or-later
"""What our own pjsua2 is made of, and the cache key that follows from it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from pathlib import Path

from . import cross, debian
from .paths import LIB

CONFIG_SITE = LIB / "config_site.h"
WHEEL_SETUP = LIB / "wheel_setup.py"

# Assertions off: with them on the stack aborts the whole process on an API misuse.
CFLAGS = "-O2 -g0 -fPIC -DNDEBUG"
# The binding is 170,000 generated lines that only convert arguments: -O2 buys nothing there.
BINDING_CFLAGS = "-O1 -g0 -fPIC -DNDEBUG -w"

CONFIGURE = [
    "--disable-video",
    "--disable-v4l2",
    "--disable-sdl",
    "--disable-ffmpeg",
    "--disable-openh264",
    "--disable-vpx",
    "--disable-libyuv",
    "--disable-libwebrtc",
    "--disable-upnp",
    "--disable-silk",
    "--disable-bcg729",
    "--disable-lyra",
    "--disable-opencore-amr",
    "--disable-g7221-codec",
    "--disable-ilbc-codec",
    "--disable-libuuid",
    "--with-external-srtp",
    "--with-external-speex",
    "--with-external-gsm",
    "--enable-speex-resample",
    "--enable-epoll",
]

# What configure must have said, by the feature that is lost without it.
CONFIGURE_PROOF = {
    "TLS (OpenSSL)": "OpenSSL library found, SSL support enabled",
    "ALSA": "sound device backend... alsa",
    "Opus": "OPUS library found, OPUS support enabled",
    "SRTP": "checking if external SRTP devkit is installed... yes",
}

# The recipe's own version; raise it when build.py changes what comes out.
EDITION = "2"


def missing_features(configure_log: str) -> list[str]:
    """Return the features a configure log shows no proof of."""
    return [name for name, proof in CONFIGURE_PROOF.items() if proof not in configure_log]


def recipe_hash(source_sha256: str) -> str:
    """Return a hash of all that the repository decides about the build."""
    parts = [source_sha256, EDITION, CFLAGS, BINDING_CFLAGS, *CONFIGURE]
    parts += [path.read_text() for path in (CONFIG_SITE, WHEEL_SETUP)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def cache_key(source_sha256: str, python: Path, host: str = "") -> str:
    """Return the key of the wheel for this source, machine and interpreter.

    The -dev packages' versions are part of it, as far as they are installed:
    the wheel is linked against them.
    """
    facts = {
        "recipe": recipe_hash(source_sha256),
        "suite": suite(),
        "machine": cross.machine(host),
        "abi": abi(python, host),
        "dev": debian.installed(debian.packages("build")),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]


def suite() -> str:
    """Return the distribution and its release, as `debian-12`."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "unknown"
    return f"{release.get('ID', '')}-{release.get('VERSION_ID', release.get('VERSION_CODENAME', ''))}"


def abi(python: Path, host: str = "") -> str:
    """Return an interpreter's extension ABI, as `cpython-311-x86_64-linux-gnu`."""
    code = "import sysconfig; print(sysconfig.get_config_var('SOABI'))"
    env = os.environ | cross.environment(host)
    return subprocess.check_output([str(python), "-c", code], text=True, env=env).strip()
