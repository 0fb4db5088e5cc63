# SPDX-License-Identifier: GPL-3.0-or-later
"""SIPp scenarios of a callee, put together from steps.

    Scenario().invite().respond(180).pause(300).respond(200, sdp=True).ack().request("BYE")

SIPp reads status codes when it loads a scenario, so there is one file per test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self
from xml.sax.saxutils import quoteattr

_PHRASES = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted", 404: "Not Found",
    486: "Busy Here", 487: "Request Terminated",
}
_SDP = """v=0
o=sipp 53655765 {version} IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP {payload} 101
a=rtpmap:{payload} {codec}/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a={direction}
"""
_CODECS = {"PCMU": 0, "PCMA": 8}


class Scenario:
    """Steps of a callee."""

    def __init__(self, codec: str = "PCMA") -> None:
        self._steps: list[str] = []
        self._codec = codec
        self._version = 1
        self._cseq = 0
        self._saved: set[str] = set()

    def invite(self) -> Self:
        """Expect the INVITE and keep what later messages repeat."""
        saves = "".join(
            f'<ereg regexp=".*" search_in="hdr" header="{header}:" assign_to="{name}"/>'
            for header, name in (("Via", "via"), ("CSeq", "cseq"), ("From", "from"), ("To", "to")))
        self._saved |= {"via", "cseq", "from", "to"}
        self._steps.append(f'<recv request="INVITE" crlf="true" rrs="true"><action>{saves}</action></recv>')
        return self

    def expect(self, method: str, *, optional: bool = False) -> Self:
        """Expect a request of the dialog."""
        extra = ' optional="true"' if optional else ""
        self._steps.append(f'<recv request="{method}" crlf="true"{extra}/>')
        return self

    def ack(self) -> Self:
        """Expect ACK."""
        return self.expect("ACK")

    def response(self, code: int) -> Self:
        """Expect a response to our own request."""
        self._steps.append(f'<recv response="{code}" crlf="true"/>')
        return self

    def pause(self, milliseconds: int) -> Self:
        """Do nothing for a while."""
        self._steps.append(f'<pause milliseconds="{milliseconds}"/>')
        return self

    def respond(self, code: int, phrase: str = "", *, headers: tuple[str, ...] = (), sdp: bool = False,
                direction: str = "sendrecv", to_invite: bool = False, retransmit: bool | None = None) -> Self:
        """Answer the last request, or with `to_invite` the INVITE although something came after it."""
        via, cseq = ("Via:[$via]", "CSeq:[$cseq]") if to_invite else ("[last_Via:]", "[last_CSeq:]")
        to = "[last_To:]" if code == 100 else "[last_To:];tag=[pid]SIPp[call_number]"
        lines = [f"SIP/2.0 {code} {phrase or _PHRASES.get(code, 'Because')}", via, "[last_From:]", to,
                 "[last_Call-ID:]", cseq, *headers]
        if code < 300 and not to_invite:
            lines.append("[last_Record-Route:]")
        lines.append("Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>")
        repeat = code >= 200 if retransmit is None else retransmit
        self._send(lines, self._sdp(direction) if sdp else "", repeat=repeat)
        return self

    def confirm(self) -> Self:
        """200 to a request inside the dialog, which has its tags already."""
        lines = ["SIP/2.0 200 OK", "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"]
        self._send(lines, "", repeat=False)
        return self

    def accept_reinvite(self, direction: str) -> Self:
        """200 with SDP to a re-INVITE."""
        lines = ["SIP/2.0 200 OK", "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]",
                 "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>"]
        self._send(lines, self._sdp(direction), repeat=True)
        return self

    def request(self, method: str, *, headers: tuple[str, ...] = (), sdp: str = "", body: str = "") -> Self:
        """Send a request inside the dialog; `sdp` is the direction for a re-INVITE."""
        if method != "ACK":
            self._cseq += 1
        lines = [f"{method} [next_url] SIP/2.0",
                 "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]", "[routes]",
                 "From:[$to];tag=[pid]SIPp[call_number]", "To:[$from]", "[last_Call-ID:]",
                 f"CSeq: {self._cseq} {method}", "Max-Forwards: 70",
                 "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>", *headers]
        self._send(lines, self._sdp(sdp) if sdp else body, repeat=method != "ACK",
                   kind="application/sdp" if sdp else "")
        return self

    def play(self, file: Path) -> Self:
        """Send a raw A-law or µ-law file as RTP."""
        payload = _CODECS[self._codec]
        self._steps.append(f"<nop><action><exec rtp_stream={quoteattr(f'{file},1,{payload}')}/></action></nop>")
        return self

    def hung_up(self) -> Self:
        """Expect BYE and confirm it."""
        return self.expect("BYE").confirm()

    def write(self, file: Path) -> Path:
        """Write the XML."""
        # SIPp refuses variables that nobody reads.
        used = ",".join(sorted(self._saved))
        reference = f'<Reference variables="{used}"/>' if used else ""
        steps = "\n".join(self._steps)
        file.write_text('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
                        f'<scenario name="callee">\n{steps}\n<timewait milliseconds="100"/>\n{reference}\n</scenario>\n')
        return file

    def _sdp(self, direction: str) -> str:
        self._version += 1
        return _SDP.format(version=self._version, payload=_CODECS[self._codec], codec=self._codec,
                           direction=direction)

    def _send(self, lines: list[str], body: str, *, repeat: bool, kind: str = "application/sdp") -> None:
        if body and kind:
            lines.append(f"Content-Type: {kind}")
        message = "\n".join([*lines, "Content-Length: [len]", "", body])
        extra = ' retrans="500"' if repeat else ""
        self._steps.append(f"<send{extra}><![CDATA[\n\n{message}\n]]></send>")
