# SPDX-License-Identifier: GPL-3.0-or-later
"""SIPp as the one who calls or registers: scenarios put together from steps."""

from __future__ import annotations

from pathlib import Path

from tests.sip.peers.process import LOOPBACK, Process, free_port, program

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>\n<scenario name="caller">\n"""

FIELDS = """{method} sip:{target}[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}
From: <sip:101@[local_ip]>;tag=[pid]-[call_number]
To: <sip:{target}[remote_ip]>{to_tag}
Call-ID: [call_id]
CSeq: {seq} {method}
Max-Forwards: 70
Contact: <sip:101@[local_ip]:[local_port]>
{extra}Content-Length: {length}
"""

SDP = """
v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
"""


class Scenario:
    """Steps in order; `number` is dialled."""

    def __init__(self, number: str = "") -> None:
        self.target = f"{number}@" if number else ""
        self.seq = 0
        self.steps: list[str] = []

    def send(
        self,
        method: str,
        *,
        body: str = "",
        extra: str = "",
        to_tag: bool = False,
        branch: str = "[branch]",
        seq: int = 0,
    ) -> Scenario:
        self.seq += method not in ("ACK", "CANCEL")
        text = FIELDS.format(
            method=method,
            target=self.target,
            branch=branch,
            to_tag="[peer_tag_param]" if to_tag else "",
            seq=seq or self.seq,
            extra=extra + ("Content-Type: application/sdp\n" if body else ""),
            length="[len]" if body else "0",
        )
        repeat = "" if method == "ACK" else ' retrans="500"'
        self.steps.append(f"<send{repeat}><![CDATA[\n\n{text}{body}\n]]></send>\n")
        return self

    def receive(self, status: int, *, optional: bool = False, auth: bool = False) -> Scenario:
        extra = (' optional="true"' if optional else "") + (' auth="true"' if auth else "")
        self.steps.append(f'<recv response="{status}"{extra}/>\n')
        return self

    def receive_request(self, method: str) -> Scenario:
        self.steps.append(f'<recv request="{method}"/>\n')
        self.steps.append(
            "<send><![CDATA[\n\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n"
            "[last_CSeq:]\nContent-Length: 0\n\n]]></send>\n"
        )
        return self

    def pause(self, milliseconds: int) -> Scenario:
        self.steps.append(f'<pause milliseconds="{milliseconds}"/>\n')
        return self


def run(
    scenario: Scenario, town: tuple[str, int], folder: Path, *, calls: int = 1, extra: tuple[str, ...] = ()
) -> int:
    """Play a scenario against the town; the exit status is 0 only if every call went as written."""
    port = free_port()
    file = folder / f"caller-{port}.xml"
    file.write_text(HEAD + "".join(scenario.steps) + "</scenario>\n")
    command = [
        program("sipp"),
        f"{town[0]}:{town[1]}",
        "-sf",
        str(file),
        "-i",
        LOOPBACK,
        "-p",
        str(port),
        "-mp",
        str(free_port(4)),
        "-m",
        str(calls),
        "-r",
        "20",
        "-nostdin",
        "-timeout",
        "30",
        "-timeout_error",
        "-recv_timeout",
        "8000",
        "-trace_err",
        *extra,
    ]
    with Process(command, folder, f"sipp-{port}") as process:
        return process.finish(40)
