# SPDX-License-Identifier: GPL-3.0-or-later
"""A private certification authority and servers' certificates."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import trustme


class Identity(NamedTuple):
    """Files in PEM."""

    ca: Path
    certificate: Path
    key: Path


def issue(folder: Path, *names: str) -> Identity:
    """A new authority, and a certificate by it for these host names or addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    server = authority.issue_cert(*names, key_type=trustme.KeyType.RSA)
    identity = Identity(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    authority.cert_pem.write_to_path(identity.ca)
    server.private_key_pem.write_to_path(identity.key)
    for index, blob in enumerate(server.cert_chain_pems):
        blob.write_to_path(identity.certificate, append=index > 0)
    return identity
