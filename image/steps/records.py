# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes beside an image: its bill of materials, its licences, its packages and what has changed of them."""

from __future__ import annotations

import datetime
import email.parser
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .packages import Package
from .slot import Release

_LICENCE = re.compile(r"^License:\s*(\S.*)$", re.MULTILINE)


def package_list(debs: list[Package], python: Mapping[str, str]) -> str:
    """One line per package, sorted: kind, name, version."""
    rows = [f"debian {one.name} {one.version}" for one in debs] + [f"python {name} {version}" for name, version in python.items()]
    return "".join(f"{row}\n" for row in sorted(rows))


def difference(before: str, after: str) -> str:
    """What has come, gone and changed, by two package lists."""
    old, new = (dict(row.rsplit(" ", 1) for row in text.splitlines()) for text in (before, after))
    rows = [f"- {name} {old[name]}" for name in sorted(old.keys() - new.keys())]
    rows += [f"+ {name} {new[name]}" for name in sorted(new.keys() - old.keys())]
    rows += [f"  {name} {old[name]} -> {new[name]}" for name in sorted(old.keys() & new.keys()) if old[name] != new[name]]
    return "".join(f"{row}\n" for row in rows) or "no package has changed\n"


def python_packages(site: Path) -> dict[str, str]:
    """Name -> version of what is installed there, by its own metadata."""
    found = {}
    for path in sorted(site.glob("*.dist-info/METADATA")):
        facts = email.parser.Parser().parsestr(path.read_text(errors="replace"), headersonly=True)
        found[str(facts["Name"])] = str(facts["Version"])
    return found


def python_licence(site: Path, name: str) -> str:
    """What a Python package says of its licence; NOASSERTION if nothing."""
    folder = re.sub(r"[-_.]+", "_", name)
    for path in site.glob("*.dist-info/METADATA"):
        if re.sub(r"[-_.]+", "_", path.parent.name.rpartition("-")[0]).startswith(folder) or path.parent.name.lower().startswith(folder.lower()):
            facts = email.parser.Parser().parsestr(path.read_text(errors="replace"), headersonly=True)
            said = facts["License-Expression"] or facts["License"] or ""
            kinds = [row.rpartition(" :: ")[2] for row in facts.get_all("Classifier") or () if row.startswith("License ::")]
            return (said.splitlines()[0] if said else ", ".join(kinds)) or "NOASSERTION"
    return "NOASSERTION"


def debian_licences(deb: Package) -> tuple[str, ...]:
    """The licences a package's copyright file names, as it spells them; its whole text stays with Debian."""
    command = ["sh", "-c", 'dpkg-deb --fsys-tarfile "$1" | tar -xO --wildcards "./usr/share/doc/*/copyright"', "sh", str(deb.path)]
    done = subprocess.run(command, capture_output=True, check=False)
    text = done.stdout.decode(errors="replace")
    return tuple(sorted(set(one.strip() for one in _LICENCE.findall(text)))) or ("see the package",)


def licences(debs: list[Package], site: Path, python: Mapping[str, str]) -> str:
    """A table of who allows what, for whoever hands the image on."""
    rows = [("Callsheet", "GPL-3.0-or-later")]
    rows += [(f"{one.name} {one.version}", ", ".join(debian_licences(one))) for one in debs]
    rows += [(f"{name} {version}", python_licence(site, name)) for name, version in python.items()]
    head = "Licences of what is on this card. The sources of Debian's packages are at https://snapshot.debian.org.\n\n"
    return head + "".join(f"{name}\n    {said}\n" for name, said in rows)


def bill(release: Release, debs: list[Package], python: Mapping[str, str], image: str, sha256: str) -> str:
    """The bill of materials, SPDX 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3/)."""
    made = datetime.datetime.fromtimestamp(release.made, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    parts = [_part("image", "callsheet-image", release.version, None)]
    parts[0] |= {"checksums": [{"algorithm": "SHA256", "checksumValue": sha256}], "packageFileName": image}
    parts += [_part(f"deb-{one.name}", one.name, one.version, f"pkg:deb/debian/{one.name}@{one.version}?arch=arm64") for one in debs]
    parts += [_part(f"pypi-{name}", name, version, f"pkg:pypi/{name.lower()}@{version}") for name, version in python.items()]
    inside = [{"spdxElementId": parts[0]["SPDXID"], "relationshipType": "CONTAINS", "relatedSpdxElement": part["SPDXID"]}
              for part in parts[1:]]
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": image,
        "documentNamespace": f"https://spdx.org/spdxdocs/{image}-{sha256}",
        "creationInfo": {"created": made, "creators": ["Tool: callsheet image/build"]},
        "packages": parts,
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                           "relatedSpdxElement": parts[0]["SPDXID"]}, *inside],
    }
    return json.dumps(document, indent=1) + "\n"


def _part(name: str, called: str, version: str, purl: str | None) -> dict[str, Any]:
    part: dict[str, Any] = {
        "SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name), "name": called, "versionInfo": version,
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
    }
    if purl:
        part["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]
    return part
