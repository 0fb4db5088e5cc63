# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone made of a UDP socket and strings: it says exactly what a test wants, right or wrong."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
import uuid
from typing import Self

from callsheet.simulator.town.g711 import encode
from callsheet.simulator.town.tones import tone


class Answer:
    """A message from the town, as text."""

    def __init__(self, data: bytes) -> None:
        self.text = data.decode()
        self.head, _, self.body = self.text.partition("\r\n\r\n")
        self.first = self.head.split("\r\n")[0]
        self.status = int(self.first.split()[1]) if self.first.startswith("SIP/2.0 ") else 0
        self.method = "" if self.status else self.first.split()[0]

    def all(self, name: str) -> list[str]:
        return re.findall(rf"^{name}:\s*(.*?)\s*$", self.head, re.MULTILINE | re.IGNORECASE)

    def get(self, name: str) -> str:
        return (self.all(name) or [""])[0]

    @property
    def tag(self) -> str:
        found = re.search(r";tag=([^;>\s]+)", self.get("To"))
        return found[1] if found else ""

    @property
    def cseq(self) -> str:
        return self.get("CSeq")

    def __repr__(self) -> str:
        return f"<{self.first} | {self.cseq}>"


class RawPhone:
    """Use as a context manager."""

    def __init__(self, town: tuple[str, int]) -> None:
        self.town = town
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind(("127.0.0.1", 0))
        self.rtp_port = self.rtp.getsockname()[1]
        self.kept: list[Answer] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self.rtp.close()

    def raw(self, data: bytes) -> None:
        self.socket.sendto(data, self.town)

    def next(self, seconds: float = 5.0) -> Answer | None:
        """The next message, or None."""
        self.socket.settimeout(seconds)
        try:
            answer = Answer(self.socket.recv(65535))
        except TimeoutError:
            return None
        self.kept.append(answer)
        return answer

    def wait(self, status: int = 0, method: str = "", cseq: str = "", seconds: float = 5.0) -> Answer:
        """Read on until a response of that status, or a request of that method."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            answer = self.next(left)
            if answer and answer.status == status and answer.method == method and cseq in answer.cseq:
                return answer
        raise AssertionError(f"no {status or method} {cseq} among {self.kept}")

    def sdp(self, direction: str = "sendrecv", codecs: str = "0 8 101") -> str:
        return (
            f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.rtp_port} RTP/AVP {codecs}\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
        )

    def reply(
        self, request: Answer, status: int = 200, body: str = "", headers: tuple[str, ...] = ()
    ) -> None:
        copied = [f"Via: {value}" for value in request.all("Via")]
        copied += [f"{name}: {request.get(name)}" for name in ("From", "To", "Call-ID", "CSeq")]
        if not request.tag and status > 100:
            copied = [f"{line};tag=phone" if line.startswith("To:") else line for line in copied]
        self.send_lines(
            f"SIP/2.0 {status} Whatever",
            [*copied, f"Contact: <sip:101@127.0.0.1:{self.port}>", *headers],
            body,
        )

    def send_lines(self, first: str, lines: list[str], body: str = "") -> bytes:
        if body:
            lines = [*lines, "Content-Type: application/sdp"]
        data = "\r\n".join([first, *lines, f"Content-Length: {len(body)}", "", body]).encode()
        self.raw(data)
        return data


class Dialog:
    """One call of a RawPhone; every request can be bent by arguments."""

    def __init__(self, phone: RawPhone, number: str = "1001") -> None:
        self.phone, self.number = phone, number
        self.call_id = f"{uuid.uuid4().hex}@raw"
        self.seq = 1
        self.to_tag = ""
        self.target = f"sip:{number}@{phone.town[0]}:{phone.town[1]}"
        self.branch = ""

    def request(
        self,
        method: str,
        *,
        body: str = "",
        headers: tuple[str, ...] = (),
        seq: int = 0,
        branch: str = "",
        uri: str = "",
        to_tag: str | None = None,
    ) -> bytes:
        if not seq:
            self.seq += method not in ("ACK", "CANCEL")
            seq = self.seq
        self.branch = branch or f"z9hG4bK{uuid.uuid4().hex}"
        tag = self.to_tag if to_tag is None else to_tag
        lines = [
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.phone.port};branch={self.branch};rport",
            "Max-Forwards: 70",
            "From: <sip:101@town>;tag=raw1",
            f"To: <sip:{self.number}@town>" + (f";tag={tag}" if tag else ""),
            f"Call-ID: {self.call_id}",
            f"CSeq: {seq} {method}",
            f"Contact: <sip:101@127.0.0.1:{self.phone.port}>",
            *headers,
        ]
        return self.phone.send_lines(f"{method} {uri or self.target} SIP/2.0", lines, body)

    def invite(self, **changes: object) -> bytes:
        changes.setdefault("body", self.phone.sdp())
        data = self.request("INVITE", **changes)
        self.invite_branch, self.invite_seq = self.branch, self.seq
        return data

    def established(self) -> Answer:
        """INVITE, 200, ACK."""
        self.invite()
        ok = self.phone.wait(200)
        self.follow(ok)
        self.ack()
        return ok

    def follow(self, ok: Answer) -> None:
        self.to_tag = ok.tag
        self.target = re.search(r"<(.*?)>", ok.get("Contact"))[1]

    def ack(self, **changes: object) -> None:
        self.request("ACK", seq=self.invite_seq, **changes)

    def ack_failure(self, failure: Answer) -> None:
        """The ACK to a failing response belongs to the INVITE's transaction."""
        self.request("ACK", seq=self.invite_seq, branch=self.invite_branch, to_tag=failure.tag)

    def cancel(self) -> None:
        self.request("CANCEL", seq=self.invite_seq, branch=self.invite_branch, to_tag="")

    def bye(self) -> Answer:
        self.request("BYE")
        return self.phone.wait(200, cseq="BYE")


class Speaker:
    """Sends a µ-law tone to where an SDP says, 20 ms apart, until the block ends."""

    def __init__(self, phone: RawPhone, sdp: str, hz: int) -> None:
        self.phone = phone
        self.port = int(re.search(r"m=audio (\d+)", sdp)[1])
        self.samples = encode(tone(hz), "PCMU")
        self.done = threading.Event()
        self.sent = 0
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def _run(self) -> None:
        while not self.done.wait(0.02):
            number = self.sent
            at = 160 * number % 8000
            head = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, 160 * number, 99)
            self.phone.rtp.sendto(head + self.samples[at : at + 160], ("127.0.0.1", self.port))
            self.sent += 1
