# SPDX-License-Identifier: GPL-3.0-or-later
"""Dialog state and requests within it (RFC 3261 §12)."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field

from callsheet.simulator.town.message import Headers, Request, Response
from callsheet.simulator.town.transport import Flow, via_value
from callsheet.simulator.town.uri import MessageError, NameAddr, Uri, bracketed

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REFER, NOTIFY"


def new_tag() -> str:
    """A tag for From or To (§19.3)."""
    return secrets.token_hex(8)


def contact(user: str, flow: Flow) -> str:
    """Our Contact on that flow."""
    transport = ";transport=tcp" if flow.protocol == "TCP" else ""
    who = f"{user}@" if user else ""
    return f"<sip:{who}{bracketed(flow.local[0])}:{flow.local[1]}{transport}>"


def next_hop(uri: str, flow: Flow) -> Flow:
    """Where a request for that URI goes; a name instead of an address keeps to the flow the peer came by."""
    try:
        target = Uri.parse(NameAddr.parse(uri).uri)
        ipaddress.ip_address(target.host)
    except (MessageError, ValueError):
        return flow
    return flow.towards((target.host, target.port or 5060))


@dataclass(slots=True)
class Dialog:
    """One dialog, seen from the town."""

    call_id: str
    local: str
    """Our From or To value, with tag."""
    remote: str
    local_tag: str
    target: str
    """The phone's Contact URI."""
    flow: Flow
    contact: str
    routes: list[str] = field(default_factory=list)
    local_seq: int = 0
    remote_seq: int = -1

    @classmethod
    def of_callee(cls, request: Request, tag: str, flow: Flow, own_contact: str) -> Dialog:
        """From an INVITE we answer (§12.1.1). Raises MessageError if it has no usable Contact."""
        target = NameAddr.parse(_contact_of(request)).uri
        Uri.parse(target)
        return cls(
            request.call_id, f"{request.headers.get('To')};tag={tag}", request.headers.get("From"), tag, target,
            flow, own_contact, request.headers.all("Record-Route"), secrets.randbelow(1000) + 1, request.cseq[0],
        )  # fmt: skip

    @classmethod
    def of_caller(cls, request: Request, response: Response, flow: Flow) -> Dialog:
        """From a response to our INVITE (§12.1.2). Raises MessageError if it has no usable Contact."""
        target = NameAddr.parse(_contact_of(response)).uri
        Uri.parse(target)
        return cls(
            request.call_id, request.headers.get("From"), response.headers.get("To"), request.sender.tag, target,
            flow, request.headers.get("Contact"), response.headers.all("Record-Route")[::-1], request.cseq[0],
        )  # fmt: skip

    def in_order(self, request: Request) -> bool:
        """Whether the CSeq has risen (§12.2.2); remembers it."""
        number = request.cseq[0]
        if number <= self.remote_seq and self.remote_seq >= 0:
            return False
        self.remote_seq = number
        return True

    def retarget(self, message: Request | Response) -> None:
        """Follow a new Contact (§12.2, target refresh)."""
        try:
            self.target = NameAddr.parse(_contact_of(message)).uri
        except MessageError:
            pass

    def request(self, method: str, seq: int | None = None) -> Request:
        """A request within the dialog; `seq` only for the ACK to a 2xx, which repeats its INVITE's."""
        if seq is None:
            self.local_seq += 1
            seq = self.local_seq
        headers = Headers(
            [("Max-Forwards", "70"), ("From", self.local), ("To", self.remote), ("Call-ID", self.call_id)]
        )
        headers.add("CSeq", f"{seq} {method}")
        headers.add("Contact", self.contact)
        for route in self.routes:
            headers.add("Route", route)
        return Request(headers, b"", method, self.target)

    def acknowledge(self, seq: int) -> None:
        """ACK to a 2xx: a message of its own, of no transaction (§13.2.2.4)."""
        way, request = self.way(), self.request("ACK", seq)
        branch = f"z9hG4bK{secrets.token_hex(10)}"
        request.headers = Headers([("Via", via_value(way, branch)), *request.headers])
        way.send(request.encode())

    def way(self) -> Flow:
        """The flow to the first route, else to the target."""
        return next_hop(self.routes[0] if self.routes else self.target, self.flow)


def _contact_of(message: Request | Response) -> str:
    contacts = message.headers.all("Contact")
    if len(contacts) != 1:
        raise MessageError("expected exactly one Contact")
    return contacts[0]
