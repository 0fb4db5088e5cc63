# SPDX-License-Identifier: GPL-3.0-or-later
"""The SIP stack's source: found on the machine's own Debian mirror, taken only if its hash is right."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from . import say
from .debian import have_apt
from .paths import LIB, cache_dir

RECORD = LIB / "pjproject.toml"
APT_HELPER = Path("/usr/lib/apt/apt-helper")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

EXIT_SOURCE = 4  # the source cannot be had, or is not the one that was recorded


@dataclass(frozen=True)
class Source:
    """One source archive: its file name and the SHA-256 it must have."""

    file: str
    sha256: str
    package: str = "asterisk"
    version: str = ""


def recorded() -> Source:
    """Return the source the repository pins."""
    row = tomllib.loads(RECORD.read_text())
    return Source(row["file"], row["sha256"], row["package"], row["version"])


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(path: Path, wanted: str) -> None:
    """Raise Failed unless the file has the SHA-256 wanted."""
    found = sha256_of(path)
    if found != wanted.lower():
        raise say.Failed(
            f"{path} has sha256 {found}, wanted {wanted}: not used.\n"
            "Give the right hash with --sha256, or get the file anew.",
            EXIT_SOURCE,
        )


def fetch(source: Source) -> Path:
    """Return the archive in the cache, downloading it if need be; raise Failed.

    The hash alone decides what is accepted, so the pool's plain path will do.
    """
    kept = cache_dir() / "sources" / source.sha256 / source.file
    if kept.exists() and sha256_of(kept) == source.sha256:
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    for mirror in mirrors():
        pool = f"{mirror}/pool/main/{source.package[0]}/{source.package}"
        say.step(f"fetch {source.file} from this machine's Debian mirror")
        # apt wants '+' and '~' of a version escaped in a URI, as it writes them itself.
        if _download(f"{pool}/{quote(source.file, safe='')}", source.sha256, kept):
            return kept
    raise say.Failed(
        f"{source.file} cannot be had from this machine's Debian mirror"
        " (no mirror, no network, or sid has moved on). Either\n"
        "  scripts/build-pjsua2 --signed   takes what sid's signed index names today (--record keeps it), or\n"
        "  scripts/build-pjsua2 --source FILE --sha256 HEX   takes the SIP stack's own release archive.",
        EXIT_SOURCE,
    )


def mirrors() -> list[str]:
    """Return base URIs of the Debian archives in this machine's apt configuration."""
    return parse_mirrors(_update_uris())


def security_mirror() -> str | None:
    """Return where this machine has Debian's security updates from, if it has any."""
    return parse_security(_update_uris())


def _update_uris() -> str:
    if not have_apt():
        return ""
    with tempfile.TemporaryDirectory() as state:
        Path(state, "partial").mkdir()
        # Printing the URIs of an update needs neither root nor package lists.
        reply = subprocess.run(
            ["apt-get", *_private(Path(state)), "update", "--print-uris"],
            text=True,
            capture_output=True,
            check=False,
        )
    return reply.stdout


def parse_mirrors(text: str) -> list[str]:
    """Pick the archive roots out of `apt-get update --print-uris`, Debian's main archive first."""
    main = [uri for uri, suite in _suites(text) if not suite.endswith("-security")]
    unique = dict.fromkeys(main)
    return sorted(unique, key=lambda uri: urlsplit(uri).path.rstrip("/") != "/debian")


def parse_security(text: str) -> str | None:
    """Pick the root of the security updates out of the same."""
    return next((uri for uri, suite in _suites(text) if suite.endswith("-security")), None)


def _suites(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^'([^' ]+)/dists/([^/' ]+)/InRelease'", text, re.MULTILINE)


def signed_today(package: str = "asterisk") -> Source:
    """Return what sid's signed index names as the SIP stack's archive; raise Failed."""
    if not KEYRING.exists():
        raise say.Failed(f"{KEYRING} is missing: apt-get install debian-archive-keyring", EXIT_SOURCE)
    for mirror in mirrors():
        say.step("read sid's signed source index")
        text = _print_uris(mirror, package)
        if found := parse_print_uris(text, package):
            return found
    raise say.Failed("sid's source index cannot be read from this machine's Debian mirror", EXIT_SOURCE)


def parse_print_uris(text: str, package: str) -> Source | None:
    """Pick the SIP stack's archive out of `apt-get source --print-uris`."""
    row = re.search(r"^'[^' ]*/([^/' ]*pjproject[^/' ]*)' \S+ \d+ SHA256:([0-9a-f]{64})", text, re.MULTILINE)
    return Source(unquote(row[1]), row[2], package) if row else None


def write_record(source: Source, version: str) -> None:
    """Pin another source in the repository, keeping the file's leading comment."""
    comment = [line for line in RECORD.read_text().splitlines() if line.startswith("#")]
    fields = {"version": version, "package": source.package, "file": source.file, "sha256": source.sha256}
    rows = [f'{name} = "{value}"' for name, value in fields.items()]
    RECORD.write_text("\n".join([*comment, *rows]) + "\n")


def _private(state: Path) -> list[str]:
    """Return apt options that keep its state away from the machine's own, root or not."""
    options = {
        "Dir::State::lists": str(state),
        "Dir::Cache": str(state),
        "Debug::NoLocking": "1",
        "Acquire::Languages": "none",
        # sid's Release of a mirror's snapshot may be past its date; its signature still counts.
        "Acquire::Check-Valid-Until": "no",
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
    }
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def _print_uris(mirror: str, package: str) -> str:
    with tempfile.TemporaryDirectory() as name:
        state = Path(name)
        for folder in ("partial", "archives/partial", "parts"):
            (state / folder).mkdir(parents=True)
        (state / "parts" / "sid.sources").write_text(
            f"Types: deb-src\nURIs: {mirror}\nSuites: sid\nComponents: main\nSigned-By: {KEYRING}\n"
        )
        options = _private(state)
        options += ["-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={state / 'parts'}"]
        update = subprocess.run(["apt-get", *options, "update"], text=True, capture_output=True, check=False)
        if update.returncode:
            say.warn(f"apt-get update for sid failed:\n{update.stderr.strip()}")
            return ""
        command = ["apt-get", *options, "--print-uris", "--download-only", "source", package]
        return subprocess.run(command, text=True, capture_output=True, check=False).stdout


def _download(uri: str, sha256: str, target: Path) -> bool:
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        part = Path(name) / "part"
        sandbox = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
        command = [str(APT_HELPER), *sandbox, "download-file", uri, str(part), f"SHA256:{sha256}"]
        reply = subprocess.run(command, text=True, capture_output=True, check=False)
        if reply.returncode or not part.exists() or sha256_of(part) != sha256:
            say.warn(f"{uri}: {(reply.stderr.strip() or 'no such file').splitlines()[-1]}")
            return False
        shutil.move(part, target)
        return True
