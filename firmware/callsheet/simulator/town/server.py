# SPDX-License-Identifier: GPL-3.0-or-later
"""The town itself: sorts what the phone sends to callees, callers and registrar."""

from __future__ import annotations

import asyncio
from pathlib import Path

from callsheet.simulator.town.behaviours import Behaviour, Directory, TownConfig
from callsheet.simulator.town.callee import Callee, invite_key, new_record
from callsheet.simulator.town.caller import Caller
from callsheet.simulator.town.context import Context
from callsheet.simulator.town.dialog import ALLOW, contact
from callsheet.simulator.town.log import CallRecord, Ledger, Totals
from callsheet.simulator.town.message import Request, Response
from callsheet.simulator.town.registrar import MODES, Registrar
from callsheet.simulator.town.transaction import ServerTransaction, TransactionLayer
from callsheet.simulator.town.transport import Address, Flow, Transports
from callsheet.simulator.town.uri import MessageError, Uri

EXTENSIONS = ("timer",)
WITHIN = ("BYE", "UPDATE", "REFER", "INFO", "NOTIFY")
"""Methods that belong into a dialog."""


class NotRegistered(LookupError):
    """The user to ring has no binding."""


class Town:
    """Callees, callers and a registrar on one address; to be used on one event loop.

    (From another thread: TownServer.)
    """

    def __init__(
        self,
        config: TownConfig,
        listen: Address = ("127.0.0.1", 0),
        log: Path | str | None = None,
        fsync: bool = False,
    ) -> None:
        """`log`: file the ledger is appended to. Raises OSError if it cannot be opened."""
        self.config = config
        self.ledger = Ledger(log, fsync)
        self.directory = Directory(config)
        self.garbage = 0
        """Datagrams that were no SIP."""
        self._listen = listen
        self._transports = Transports(self._receive, self._count_garbage)
        self._context: Context
        self.registrar: Registrar

    @property
    def calls(self) -> list[CallRecord]:
        """Every call so far, in the order of their INVITEs; `result` is empty while one lives."""
        return self.ledger.calls

    def totals(self) -> Totals:
        """Sums over the calls to the town that have ended."""
        return self.ledger.totals()

    async def start(self) -> Address:
        """Open the sockets; returns host and port (the same for UDP and TCP). Raises OSError."""
        loop = asyncio.get_running_loop()
        layer = TransactionLayer(loop, self.config.timers, self._on_request, self._on_ack)
        self._context = Context(loop, self.config, layer, self.ledger)
        self.registrar = Registrar(self.config.registrar, self.ledger, loop.time)
        address = await self._transports.start(*self._listen)
        self.ledger.write("open", host=address[0], port=address[1])
        return address

    async def stop(self) -> None:
        """End every call, finish the ledger, close the sockets."""
        for leg in list(self._context.legs.values()):
            leg.close()
        await asyncio.gather(*self._context.tasks, return_exceptions=True)
        self.ledger.write("close")
        self.ledger.close()
        await self._transports.stop()

    def cut(self, on: bool) -> None:
        """Cut the signalling cable (nothing in, nothing out), or mend it."""
        self._transports.cut = on
        self.ledger.write("cut" if on else "mended")

    def set_registrar(self, mode: str) -> None:
        """Set it to "normal", "refuse", "unavailable" or "silent". Raises ValueError."""
        if mode not in MODES:
            raise ValueError(f"registrar mode {mode!r}; known: {', '.join(MODES)}")
        self.registrar.mode = mode

    def assign(self, number: str, behaviour: str | Behaviour) -> None:
        """Give a number a behaviour from its next call on. Raises KeyError for an unknown name."""
        self.directory.assign(number, behaviour)

    def ring(self, user: str, number: str, name: str = "", behaviour: Behaviour | None = None) -> Caller:
        """Somebody rings a registered user; the behaviour says what he does once answered. Raises NotRegistered."""
        bindings = self.registrar.bindings(user)
        if not bindings:
            raise NotRegistered(f"{user} is not registered")
        binding = bindings[-1]
        caller = Caller(
            self._context, binding.uri, user, number, name, binding.flow, behaviour or Behaviour()
        )
        self.calls.append(caller.record)
        self._context.legs[caller.record.call_id, ""] = caller
        caller.begin()
        return caller

    # What comes in

    def _count_garbage(self, why: str) -> None:
        self.garbage += 1

    def _receive(self, message: Request | Response, flow: Flow) -> None:
        self._context.layer.receive(message, flow)

    def _on_ack(self, request: Request) -> None:
        leg = self._context.legs.get((request.call_id, request.recipient.tag))
        if leg:
            leg.on_ack(request)

    def _on_request(self, request: Request, transaction: ServerTransaction) -> None:
        refusal = self._refusal(request)
        if request.method == "CANCEL":
            self._cancel(request, transaction)
        elif refusal:
            transaction.respond(refusal)
        elif request.recipient.tag and request.method != "REGISTER":
            leg = self._context.legs.get((request.call_id, request.recipient.tag))
            if leg:
                leg.handle(request, transaction)
            else:
                transaction.respond(request.reply(481))
        elif request.method == "REGISTER":
            self.registrar.handle(request, transaction)
        elif request.method == "INVITE":
            self._invite(request, transaction)
        elif request.method in WITHIN:
            transaction.respond(request.reply(481, tag="town"))
        else:
            response = request.reply(200 if request.method == "OPTIONS" else 405, tag="town")
            response.headers.add("Allow", ALLOW)
            response.headers.add("Contact", contact("", transaction.flow))
            transaction.respond(response)

    def _refusal(self, request: Request) -> Response | None:
        """What is wrong with a request before its method matters (RFC 3261 §8.2)."""
        unknown = [name for name in request.headers.all("Require") if name.lower() not in EXTENSIONS]
        if unknown:
            response = request.reply(420, tag="town")
            response.headers.add("Unsupported", ", ".join(unknown))
            return response
        if request.headers.get("Max-Forwards", "70").strip() == "0":
            return request.reply(483, tag="town")
        try:
            Uri.parse(request.uri)
        except MessageError:
            return request.reply(416, tag="town")
        return None

    def _cancel(self, request: Request, transaction: ServerTransaction) -> None:
        invite = self._context.layer.invite_of(request)
        callee = self._context.invites.get(invite_key(request))
        if invite and callee:
            callee.cancelled(request, transaction)
        else:
            transaction.respond(request.reply(200 if invite else 481, tag="town"))

    def _invite(self, request: Request, transaction: ServerTransaction) -> None:
        if self.config.registrar.invite_auth:
            refusal = self.registrar.demand(request, proxy=True)
            if refusal:
                transaction.respond(refusal)
                return
        if invite_key(request) in self._context.invites:
            transaction.respond(request.reply(482, tag="town"))
            return
        if (
            request.body
            and request.headers.get("Content-Type").partition(";")[0].strip().lower() != "application/sdp"
        ):
            response = request.reply(415, tag="town")
            response.headers.add("Accept", "application/sdp")
            transaction.respond(response)
            return
        number = Uri.parse(request.uri).user
        attempt = self.ledger.next_attempt(number)
        name, behaviour = self.directory.pick(number, attempt)
        record = new_record(request, number, attempt, name)
        try:
            callee = Callee(self._context, record, behaviour, request, transaction)
        except MessageError as error:
            transaction.respond(request.reply(400, str(error)[:60], "town"))
            return
        self.calls.append(record)
        self._context.legs[request.call_id, callee.dialog.local_tag] = callee
        self._context.invites[callee.invite_key] = callee
        callee.note("invite", behaviour=name)
        callee.begin()
