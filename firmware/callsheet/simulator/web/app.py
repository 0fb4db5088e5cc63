# SPDX-License-Identifier: GPL-3.0-or-later
"""The web application: the page, its web socket, and two addresses for scripts."""

from __future__ import annotations

import io
from importlib.resources import files
from typing import Any

from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from callsheet.adapters.own_hosts import own_names
from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.web import wire
from callsheet.simulator.web.guard import Guard
from callsheet.simulator.web.session import Session

MAX_PAGES = 16
PNG_SCALE = 4


def application(handset: SimulatedHandset) -> Starlette:
    """The handset as an ASGI application."""
    pages: set[Session] = set()

    async def pins(websocket: WebSocket) -> None:
        if wire.PROTOCOL not in websocket.scope.get("subprotocols", ()):
            await websocket.accept()
            await websocket.close(1002, f"this phone speaks {wire.PROTOCOL}: reload the page")
            return
        if len(pages) >= MAX_PAGES:
            await websocket.accept(subprotocol=wire.PROTOCOL)
            await websocket.close(1013, f"{MAX_PAGES} pages are open on this phone: close one")
            return
        session = Session(handset, websocket)
        pages.add(session)
        try:
            await session.run()
        finally:
            pages.discard(session)

    async def frame(request: Request) -> Response:
        return Response(frame_png(handset), media_type="image/png")

    async def state(request: Request) -> Response:
        return JSONResponse(state_of(handset))

    page = str(files("callsheet.simulator.web").joinpath("page"))
    return Starlette(
        routes=[
            WebSocketRoute("/pins", pins),
            Route("/frame.png", frame),
            Route("/state.json", state),
            Mount("/", StaticFiles(directory=page, html=True)),
        ],
        middleware=[Middleware(Guard, names=own_names())],
    )


def frame_png(handset: SimulatedHandset) -> bytes:
    """What the glass shows as a PNG, each pixel as a square of PNG_SCALE; a sleeping glass is dark."""
    frame = handset.display.frame if handset.display.level else Image.new("1", handset.display.size)
    width, height = frame.size
    out = io.BytesIO()
    frame.resize((width * PNG_SCALE, height * PNG_SCALE), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()


def state_of(handset: SimulatedHandset) -> dict[str, Any]:
    """Everything but the frame, as JSON."""
    line, work, attention = handset.lamps.patterns
    headset = handset.headset.state
    width, height = handset.display.size
    caps = handset.keys.caps
    return {
        "display": {"width": width, "height": height, "contrast": handset.display.level},
        "lamps": {"line": line, "work": work, "attention": attention},
        "buzzer": handset.lamps.buzzing.pattern,
        "hook": "off" if handset.keys.off_hook else "on",
        "headset": {
            "present": headset.present,
            "link": headset.off_hook,
            "ring": headset.ring,
            "mute": headset.mute,
        },
        "keypad": {"caps": caps, "pressed": [caps[row][column] for row, column in sorted(handset.keys.pressed)]},
    }
