# SPDX-License-Identifier: GPL-3.0-or-later
"""SIPp as an exchange: one process that answers every number in that number's own way."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.e2e.rows import Case
from tests.sip.peers.sipp import Sipp

_END = 9000
_HEAD = """[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPp[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>"""
_SDP = """v=0
o=sipp 53655765 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""


class Exchange(Sipp):
    """Case n answers whoever dials the n-th of the numbers given."""

    def __init__(self, cases: Iterable[tuple[str, Case]], folder: Path) -> None:
        numbered = list(cases)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "exchange.xml"
        file.write_text(scenario(numbered), encoding="utf-8")
        super().__init__(file, folder, calls=len(numbered), extra=("-timeout", "200"))


def scenario(cases: list[tuple[str, Case]]) -> str:
    """The XML: whose number is in the INVITE decides where it goes on."""
    looks = "\n".join(
        f'<ereg regexp="^INVITE sip:.{number.lstrip("+")}@" search_in="msg" assign_to="is{n}"/>'
        for n, (number, _) in enumerate(cases, 1))
    forks = "\n".join(f'<nop next="{n}" test="is{n}"/>' for n in range(1, len(cases) + 1))
    branches = "\n".join(_branch(n, case) for n, (_, case) in enumerate(cases, 1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="exchange">
<recv request="INVITE" crlf="true" rrs="true"><action>
{looks}
</action></recv>
{forks}
{branches}
<label id="{_END}"/>
<timewait milliseconds="100"/>
</scenario>
"""


def _branch(n: int, case: Case) -> str:
    """A final response; an answered call is ended by the phone."""
    headers = [f"Reason: {value}" for value in case.reason]
    headers += [f"Retry-After: {case.retry_after}"] if case.retry_after is not None else []
    answered = case.status < 300
    body = _SDP if answered else ""
    kind = ["Content-Type: application/sdp"] if body else []
    lines = [f"SIP/2.0 {case.status} {case.phrase}", _HEAD, *headers, *kind, "Content-Length: [len]", "", body]
    steps = [f'<label id="{n}"/>', _send(lines)]
    if answered:
        confirm = ["SIP/2.0 200 OK", "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]",
                   "Content-Length: 0", "", ""]
        steps += ['<recv request="ACK" crlf="true"/>', '<recv request="BYE" crlf="true"/>',
                  f'{_send(confirm, repeat=False, then=_END)}']
    else:
        steps += [f'<recv request="ACK" crlf="true" next="{_END}"/>']
    return "\n".join(steps)


def _send(lines: list[str], *, repeat: bool = True, then: int = 0) -> str:
    extra = (' retrans="500"' if repeat else "") + (f' next="{then}"' if then else "")
    message = "\n".join(lines)
    return f"<send{extra}><![CDATA[\n\n{message}\n]]></send>"
