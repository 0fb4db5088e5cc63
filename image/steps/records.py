# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes beside an image for whoever hands it on: its bill of materials and its licences."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from typing import Any

from .components import Component
from .release import Release

HEAD = """\
Licences of what is on this card, as each part names them. The whole texts are on the card, in /usr/share/doc and
/usr/share/common-licenses. The sources of Debian's packages are at https://snapshot.debian.org/ by the source
package and version named here.

"""
NAMESPACE = "https://spdx.org/spdxdocs/"


def licences(parts: Sequence[Component]) -> str:
    """A table of who allows what."""
    rows = []
    for one in parts:
        source = f" (source: {one.source})" if one.source else ""
        rows.append(f"{one.name} {one.version}{source}\n    {', '.join(one.licences)}\n")
    return HEAD + "".join(rows)


def bill(release: Release, parts: Sequence[Component], image: str, sha256: str) -> str:
    """The bill of materials, SPDX 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3/)."""
    made = datetime.datetime.fromtimestamp(release.made, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    whole = _element("image", "callsheet-image", f"{release.version} {release.commit}", "Organization: Callsheet")
    whole |= {"packageFileName": image, "checksums": [_checksum(sha256)], "primaryPackagePurpose": "OPERATING-SYSTEM"}
    elements = [_part(one) for one in parts]
    relations = [_relation("SPDXRef-DOCUMENT", "DESCRIBES", whole["SPDXID"])]
    relations += [_relation(whole["SPDXID"], "CONTAINS", one["SPDXID"]) for one in elements]
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": image,
        "documentNamespace": f"{NAMESPACE}{image}-{sha256}",
        "creationInfo": {"created": made, "creators": ["Tool: callsheet-image-build"]},
        "packages": [whole, *elements], "relationships": relations,
    }
    return json.dumps(document, indent=1) + "\n"


def _part(one: Component) -> dict[str, Any]:
    supplier = f"Person: {one.supplier}" if one.supplier else "NOASSERTION"
    element = _element(f"{one.kind}-{one.name}", one.name, one.version, supplier)
    # Debian's short names are not SPDX's, so they are told as they are and not asserted.
    element["licenseComments"] = f"The part itself says: {', '.join(one.licences)}"
    element["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": one.purl}]
    if one.source:
        element["sourceInfo"] = f"built from Debian's source package {one.source}"
    if one.sha256:
        element["checksums"] = [_checksum(one.sha256)]
    return element


def _element(identifier: str, name: str, version: str, supplier: str) -> dict[str, Any]:
    return {
        "SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", identifier), "name": name, "versionInfo": version,
        "supplier": supplier, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
    }


def _checksum(sha256: str) -> dict[str, str]:
    return {"algorithm": "SHA256", "checksumValue": sha256}


def _relation(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
