# SPDX-License-Identifier: GPL-3.0-or-later
"""The town's registrar (RFC 3261 §10.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from callsheet.simulator.town.behaviours import RegistrarConfig
from callsheet.simulator.town.digest import Verifier
from callsheet.simulator.town.log import Ledger
from callsheet.simulator.town.message import Request, Response
from callsheet.simulator.town.transaction import ServerTransaction
from callsheet.simulator.town.transport import Flow
from callsheet.simulator.town.uri import MessageError, NameAddr, Uri

REFUSALS = {"refuse": 403, "unavailable": 503}
MODES = ("normal", *REFUSALS, "silent")


@dataclass(slots=True)
class Binding:
    """Where a user is."""

    uri: str
    flow: Flow
    until: float
    call_id: str
    seq: int


class Registrar:
    """Who is where. `mode` may be changed at any time: see RegistrarConfig.mode."""

    def __init__(self, config: RegistrarConfig, ledger: Ledger, now: Callable[[], float]) -> None:
        self.mode: str = config.mode
        self.verifier = Verifier(config.realm, config.users)
        self._config = config
        self._ledger = ledger
        self._now = now
        self._bindings: dict[str, dict[str, Binding]] = {}

    def handle(self, request: Request, transaction: ServerTransaction) -> None:
        """REGISTER."""
        try:
            user = request.recipient.target.user
        except MessageError as error:
            transaction.respond(request.reply(400, str(error)[:60]))
            return
        if self.mode == "silent":
            self._ledger.write("register", user=user, status=0)
            return
        response = self._judge(request, user, transaction.flow)
        self._ledger.write("register", user=user, status=response.status, contacts=len(self.bindings(user)))
        transaction.respond(response)

    def demand(self, request: Request, proxy: bool) -> Response | None:
        """None if the credentials are right, else the response to send: 401 or 407, or 403 for wrong ones."""
        name, answer = (
            ("Proxy-Authenticate", "Proxy-Authorization") if proxy else ("WWW-Authenticate", "Authorization")
        )
        verdict = "none"
        for header in request.headers.all(answer):
            verdict = self.verifier.check(header, request.method)
            if verdict != "none":
                break
        if verdict == "ok":
            return None
        if verdict == "wrong":
            return request.reply(403, tag="registrar")
        response = request.reply(407 if proxy else 401, tag="registrar")
        response.headers.add(name, self.verifier.challenge(stale=verdict == "stale"))
        return response

    def bindings(self, user: str) -> list[Binding]:
        """Where the user is now, the newest last."""
        now = self._now()
        return [binding for binding in self._bindings.get(user, {}).values() if binding.until > now]

    def _judge(self, request: Request, user: str, flow: Flow) -> Response:
        if self.mode in REFUSALS:
            response = request.reply(REFUSALS[self.mode], tag="registrar")
            if self.mode == "unavailable":
                response.headers.add("Retry-After", "5")
            return response
        if self._config.require_auth:
            refusal = self.demand(request, proxy=False)
            if refusal:
                return refusal
        try:
            return self._bind(request, user, flow)
        except MessageError as error:
            return request.reply(400, str(error)[:60], "registrar")

    def _bind(self, request: Request, user: str, flow: Flow) -> Response:
        table = self._bindings.setdefault(user, {})
        contacts = request.headers.all("Contact")
        default = _seconds(request.headers.get("Expires"), self._config.expires)
        if "*" in contacts:
            # §10.2.2: only alone, and only to remove everything.
            if len(contacts) > 1 or default != 0:
                raise MessageError("Contact * wants Expires 0 and no other")
            table.clear()
        else:
            changes = [NameAddr.parse(value) for value in contacts]
            for change in changes:
                asked = _seconds(change.params.get("expires", ""), default)
                if 0 < asked < self._config.min_expires:
                    response = request.reply(423, tag="registrar")
                    response.headers.add("Min-Expires", str(self._config.min_expires))
                    return response
            for change in changes:
                self._change(table, change, request, flow, default)
        return self._listing(request, user)

    def _change(
        self, table: dict[str, Binding], change: NameAddr, request: Request, flow: Flow, default: int
    ) -> None:
        Uri.parse(change.uri)
        number = request.cseq[0]
        old = table.get(change.uri)
        if old and old.call_id == request.call_id and number <= old.seq:
            raise MessageError("CSeq Out of Order")
        asked = min(_seconds(change.params.get("expires", ""), default), self._config.expires)
        table.pop(change.uri, None)
        if asked:
            table[change.uri] = Binding(change.uri, flow, self._now() + asked, request.call_id, number)

    def _listing(self, request: Request, user: str) -> Response:
        response = request.reply(200, tag="registrar")
        for binding in self.bindings(user):
            left = max(1, round(binding.until - self._now()))
            response.headers.add("Contact", f"<{binding.uri}>;expires={left}")
        return response


def _seconds(text: str, default: int) -> int:
    """An Expires value; what cannot be read counts as the default (§10.2.1.1)."""
    return min(int(text), 2**31) if text.strip().isdigit() else default
