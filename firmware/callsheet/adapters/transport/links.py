# SPDX-License-Identifier: GPL-3.0-or-later
"""Which URL to fetch from and put to, and how a URL is written where people read it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from msgspec import Struct

from callsheet.adapters.transport.client import Credentials, TransferError
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.redirects import trusted
from callsheet.formats.dhcp import Offer
from callsheet.formats.errors import Invalid
from callsheet.formats.links import fill
from callsheet.formats.settings import SheetSettings


class Links(Struct, frozen=True):
    """The settings' links, filled in for this phone."""

    settings: SheetSettings
    mac: str = ""
    serial: str = ""
    offer: Callable[[], Offer] = Offer
    """What DHCP offers now; counts only where sheet.url is empty."""

    def sheet(self, agent: str) -> str:
        """Where the agent's sheet is. Raises TransferError."""
        if self.settings.url:
            return self._fill(self.settings.url, agent)
        offered = self.offer()
        if not offered.sheet:
            raise TransferError("other", "; ".join(("no link to a call sheet is set (sheet.url)", *offered.problems)))
        return self._fill(offered.sheet, agent)

    def moved(self, agent: str, url: str) -> bool:
        """Whether the agent's sheet is now elsewhere than at `url`."""
        try:
            return self.sheet(agent) != url
        except TransferError:
            return False

    def folder(self, agent: str, named_by_sheet: str) -> str:
        """Where the agent's results go: as the sheet says, else the settings, else beside the sheet."""
        offered = Offer() if self.settings.url else self.offer()
        if template := named_by_sheet or self.settings.upload or offered.upload:
            return self._fill(template, agent)
        if not (self.settings.url or offered.sheet):
            raise TransferError("other", "nothing says where results go (sheet.upload)")
        parts = urlsplit(self.sheet(agent))
        return urlunsplit((parts.scheme, parts.netloc, parts.path.rpartition("/")[0] + "/", "", ""))

    def place(self, link: str, agent: str) -> str:
        """A link out of a sheet, filled in. Raises TransferError."""
        return self._fill(link, agent)

    def credentials(self, url: str, agent: str, keyring: Keyring) -> Credentials:
        """What to say at `url`. Raises TransferError if that takes a PIN nobody has typed.

        A link's own user and password go before the settings'. The settings' go only
        to the servers that the settings name (for a link from DHCP, in dhcp.hosts): a
        sheet or a DHCP server may send us elsewhere, but must not collect passwords.
        """
        own = urlsplit(url)
        known = () if self.settings.url else self.offer().safe
        named = [self._fill(link, agent) for link in (self.settings.url, self.settings.upload, *known) if link]
        ours = any(trusted(link, url) for link in named)
        if own.username is not None:
            user = unquote(own.username)
            if ours and own.password is None and self.settings.auth == "key":
                return Credentials(user, self.settings.password, key_file=self.settings.ssh_key)
            return Credentials(user, unquote(own.password or ""))
        if not ours:
            return Credentials()
        match self.settings.auth:
            case "basic":
                return Credentials(self.settings.user, self.settings.password)
            case "bearer":
                return Credentials(token=self.settings.token)
            case "agent-pin":
                if not (pin := keyring.pin(agent)):
                    raise TransferError("credentials", f"agent {agent} must sign in with the PIN first")
                return Credentials(agent, pin)
            case "key":
                return Credentials(self.settings.user, self.settings.password, key_file=self.settings.ssh_key)
            case _:
                return Credentials()

    def _fill(self, link: str, agent: str) -> str:
        try:
            return fill(link, agent=agent, mac=self.mac, serial=self.serial)
        except Invalid as fault:
            raise TransferError("other", fault.reason) from None


def inside(folder: str, name: str) -> str:
    """The URL of a file in a folder; a query (a signed link) stays behind it."""
    parts = urlsplit(folder)
    path = parts.path if parts.path.endswith("/") else parts.path + "/"
    return urlunsplit((parts.scheme, parts.netloc, path + quote(name, safe=""), parts.query, ""))


def bare(url: str) -> str:
    """The URL without user, password and fragment: what a request is made of."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))


def masked(url: str) -> str:
    """The URL as it may be logged: without user, password, query and fragment."""
    parts = urlsplit(url)
    hidden = "?…" if parts.query else ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")) + hidden
