# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image is made of: packages of Debian, Python packages, and our own."""

from __future__ import annotations

import email.message
import email.parser
import hashlib
import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import quote

from bootstrap import say

from . import packages, shelf

_LICENCE = re.compile(r"^License:[ \t]*(\S.*)$", re.MULTILINE)
UNKNOWN = "see its copyright file"
EDITION = 2


@dataclass(frozen=True)
class Component:
    """One part of an image."""

    kind: str
    """"debian", "python" or "own"."""
    name: str
    version: str
    licences: tuple[str, ...]
    """As the part itself spells them."""
    supplier: str = ""
    source: str = ""
    """Debian: source package and its version."""
    sha256: str = ""
    """Debian: of the package file."""

    @property
    def purl(self) -> str:
        """Its package URL (https://github.com/package-url/purl-spec)."""
        version = quote(self.version, safe=".-~")
        if self.kind == "debian":
            return f"pkg:deb/debian/{quote(self.name, safe='.-')}@{version}?arch=arm64"
        return f"pkg:{'pypi' if self.kind == 'python' else 'generic'}/{self.name.lower().replace('_', '-')}@{version}"


def of_image(debs: list[packages.Package], site: Path, own: str) -> list[Component]:
    """Everything, ours (version `own`) first. Raises Failed."""
    ours = Component("own", "callsheet", own, ("GPL-3.0-or-later",))
    return [ours, *_debian(debs), *python_packages(site)]


def python_packages(site: Path) -> list[Component]:
    """What is installed in a folder, by its own metadata."""
    found = []
    for path in sorted(site.glob("*.dist-info/METADATA")):
        facts = email.parser.Parser().parsestr(path.read_text(errors="replace"), headersonly=True)
        found.append(Component("python", str(facts["Name"]), str(facts["Version"]), _python_licences(facts)))
    return found


def _python_licences(facts: email.message.Message) -> tuple[str, ...]:
    if expression := facts["License-Expression"]:
        return (str(expression),)
    kinds = tuple(str(row).rpartition(" :: ")[2] for row in facts.get_all("Classifier") or () if row.startswith("License ::"))
    said = str(facts["License"] or "").strip().splitlines()
    return kinds or tuple(said[:1]) or (UNKNOWN,)


def _debian(debs: list[packages.Package]) -> list[Component]:
    """Kept in the cache, for every package has to be opened."""
    facts = {"packages": packages.versions(debs), "edition": EDITION}

    def make(folder: Path) -> None:
        say.step(f"read the licences of {len(debs)} packages of Debian")
        rows = [asdict(_opened(one)) for one in debs]
        (folder / "components.json").write_text(json.dumps(rows))

    path = shelf.kept("image-components", facts, make) / "components.json"
    rows = json.loads(path.read_text())
    return [Component(**{**row, "licences": tuple(row["licences"])}) for row in rows]


def _opened(deb: packages.Package) -> Component:
    form = "${Maintainer}\t${source:Package}\t${source:Version}"
    said = subprocess.check_output(["dpkg-deb", "-W", f"--showformat={form}", deb.path], text=True)
    maintainer, source, version = said.split("\t")
    script = 'dpkg-deb --fsys-tarfile "$1" | tar -xO --wildcards "./usr/share/doc/*/copyright"'
    done = subprocess.run(["sh", "-c", script, "sh", deb.path], capture_output=True, check=False)
    sha256 = hashlib.sha256(deb.path.read_bytes()).hexdigest()
    return Component("debian", deb.name, deb.version, licences(done.stdout.decode(errors="replace")),
                     parseaddr(maintainer)[0] or maintainer, f"{source} {version}", sha256)


def licences(copyright_file: str) -> tuple[str, ...]:
    """The short names in a copyright file of Debian's machine-readable form; other forms have none."""
    return tuple(sorted({one.strip() for one in _LICENCE.findall(copyright_file)})) or (UNKNOWN,)


def listing(parts: Iterable[Component]) -> str:
    """One line per part, sorted: kind, name, version."""
    return "".join(sorted(f"{one.kind} {one.name} {one.version}\n" for one in parts))


def difference(before: str, after: str) -> str:
    """What has come, gone and changed between two listings."""
    old, new = (dict(row.rsplit(" ", 1) for row in text.splitlines()) for text in (before, after))
    rows = [f"- {name} {old[name]}" for name in sorted(old.keys() - new.keys())]
    rows += [f"+ {name} {new[name]}" for name in sorted(new.keys() - old.keys())]
    rows += [f"  {name} {old[name]} -> {new[name]}" for name in sorted(old.keys() & new.keys()) if old[name] != new[name]]
    return "".join(f"{row}\n" for row in rows) or "no package has changed\n"
