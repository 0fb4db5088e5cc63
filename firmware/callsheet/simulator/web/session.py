# SPDX-License-Identifier: GPL-3.0-or-later
"""One page that is open on the phone."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from callsheet.simulator.handset import Part, SimulatedHandset
from callsheet.simulator.web import wire

EDGES_PER_SECOND = 200.0
BURST = 400.0
"""More edges than ten fingers make; what goes beyond is no page of ours."""

log = logging.getLogger(__name__)


class Session:
    """Sends what changes, takes edges, and lets go of the keys when the page is gone.

    What changed while a slow page was busy is sent once, as it is then.
    """

    def __init__(self, handset: SimulatedHandset, websocket: WebSocket) -> None:
        self._handset = handset
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._frame_changed = self._pins_changed = True
        self._allowance, self._allowed_at = BURST, self._loop.time()

    async def run(self) -> None:
        """Until the page closes or misbehaves."""
        await self._websocket.accept(subprotocol=wire.PROTOCOL)
        unsubscribe = self._handset.subscribe(self._notice)
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        except wire.WireError as error:
            log.warning("a page was refused: %s", error)
            await self._end(1008, str(error))
        except WebSocketDisconnect:
            pass
        finally:
            unsubscribe()
            self._handset.release_all(self)
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer

    def _notice(self, part: Part) -> None:
        # The loop is closed only if the server was stopped while a page was still open.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._mark, part)

    def _mark(self, part: Part) -> None:
        if part == "frame":
            self._frame_changed = True
        else:
            self._pins_changed = True
        self._changed.set()

    async def _write(self) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._websocket.send_text(wire.hello(self._handset))
            while True:
                await self._send_changes()
                try:
                    await asyncio.wait_for(self._changed.wait(), wire.ALIVE)
                except TimeoutError:
                    await self._websocket.send_bytes(wire.alive())

    async def _send_changes(self) -> None:
        self._changed.clear()
        if self._pins_changed:
            self._pins_changed = False
            await self._websocket.send_bytes(wire.pins(self._handset))
        if self._frame_changed:
            self._frame_changed = False
            await self._websocket.send_bytes(wire.frame(self._handset))

    async def _read(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            if data is None:
                raise wire.WireError("text is not taken, only edges of keys, hook and headset")
            self._spend()
            self._apply(wire.edge(data))

    def _spend(self) -> None:
        now = self._loop.time()
        self._allowance = min(BURST, self._allowance + (now - self._allowed_at) * EDGES_PER_SECOND) - 1
        self._allowed_at = now
        if self._allowance < 0:
            raise wire.WireError("too many edges")

    def _apply(self, edge: wire.Edge) -> None:
        match edge:
            case wire.Key(row, column, closed):
                try:
                    (self._handset.press if closed else self._handset.release)(row, column, self)
                except ValueError as error:
                    raise wire.WireError(str(error)) from None
            case wire.Hook(off):
                self._handset.hook(off)
            case wire.Plug(present):
                self._handset.plug(present)
            case wire.HeadsetPress(button):
                self._handset.headset_button(button)
            case wire.LetGo():
                self._handset.release_all(self)

    async def _end(self, code: int, reason: str) -> None:
        # A close frame holds at most 123 bytes of reason (RFC 6455 §5.5).
        with suppress(RuntimeError, WebSocketDisconnect):
            await self._websocket.close(code, reason.encode()[:123].decode(errors="ignore"))
