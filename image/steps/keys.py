# SPDX-License-Identifier: GPL-3.0-or-later
"""A key of this machine's own, for development images: updates signed with it are taken by no released phone."""

from __future__ import annotations

from pathlib import Path

from . import shelf, tooltree

NAME = "development-key-ec"
"""Its folder in the cache."""


def development() -> Path:
    """Its certificate (PEM), made if need be; the key is beside it in key.pem. Raises Failed."""
    folder = shelf.place() / NAME
    certificate = folder / "certificate.pem"
    with shelf.one_at_a_time(NAME):
        if not certificate.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            tooltree.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "36500",
                          "-subj", "/O=Callsheet/CN=development", "-addext", "keyUsage=digitalSignature",
                          "-keyout", "/work/key.pem", "-out", "/work/new.pem"], log=shelf.log("image"), shown={"/work": folder})
            (folder / "key.pem").chmod(0o600)
            (folder / "new.pem").rename(certificate)
    return certificate
