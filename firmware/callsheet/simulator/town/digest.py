# SPDX-License-Identifier: GPL-3.0-or-later
"""Digest authentication, MD5 (RFC 3261 §22; RFC 2617 §3.2)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

from callsheet.simulator.town.uri import parse_params, split_outside

NONCE_SECONDS = 300


def md5(text: str) -> str:
    """Hexadecimal MD5; the scheme demands it, security does not rest on it here."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def digest_response(
    user: str,
    realm: str,
    password: str,
    method: str,
    uri: str,
    nonce: str,
    qop: str = "",
    nc: str = "",
    cnonce: str = "",
) -> str:
    """The `response` value (RFC 2617 §3.2.2.1); without qop the form of RFC 2069."""
    ha1, ha2 = md5(f"{user}:{realm}:{password}"), md5(f"{method}:{uri}")
    middle = f"{nonce}:{nc}:{cnonce}:{qop}" if qop else nonce
    return md5(f"{ha1}:{middle}:{ha2}")


def parse_credentials(header: str) -> dict[str, str] | None:
    """Parameters of `Digest name=value, …`; None if it is another scheme."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    return parse_params(split_outside(rest, ","))


class Verifier:
    """Gives out nonces and checks credentials against them."""

    def __init__(self, realm: str, users: dict[str, str]) -> None:
        self.realm = realm
        self.users = users
        self._secret = secrets.token_bytes(16)
        self._counts: dict[str, int] = {}

    def challenge(self, stale: bool = False) -> str:
        """Value of WWW-Authenticate or Proxy-Authenticate."""
        stamp = f"{int(time.monotonic()):x}-{secrets.token_hex(4)}"
        extra = ", stale=true" if stale else ""
        return f'Digest realm="{self.realm}", nonce="{stamp}-{self._seal(stamp)}", algorithm=MD5, qop="auth"{extra}'

    def check(self, header: str, method: str) -> str:
        """Judge a header: "ok", "none" (not for our realm), "stale" (nonce too old or used), or "wrong"."""
        given = parse_credentials(header)
        if given is None or given.get("realm") != self.realm:
            return "none"
        user, nonce, uri = given.get("username", ""), given.get("nonce", ""), given.get("uri", "")
        qop, nc, cnonce = given.get("qop", ""), given.get("nc", ""), given.get("cnonce", "")
        if (
            qop not in ("", "auth")
            or given.get("algorithm", "MD5").upper() != "MD5"
            or user not in self.users
        ):
            return "wrong"
        wanted = digest_response(user, self.realm, self.users[user], method, uri, nonce, qop, nc, cnonce)
        if not hmac.compare_digest(wanted, given.get("response", "").lower()):
            return "wrong"
        return "ok" if self._fresh(nonce, nc) else "stale"

    def _seal(self, stamp: str) -> str:
        return hmac.new(self._secret, stamp.encode(), "sha256").hexdigest()[:16]

    def _fresh(self, nonce: str, nc: str) -> bool:
        stamp, _, seal = nonce.rpartition("-")
        if not hmac.compare_digest(seal.encode(), self._seal(stamp).encode()):
            return False
        if time.monotonic() - int(stamp.partition("-")[0], 16) > NONCE_SECONDS:
            return False
        try:
            count = int(nc, 16) if nc else 0
        except ValueError:
            return False
        # A count that does not rise is a replay (RFC 2617 §3.2.2); without qop there is none to check.
        if nc and count <= self._counts.get(nonce, 0):
            return False
        self._counts[nonce] = count
        return True
