# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the case: a small renderer with a depth buffer, so that no graphics driver is needed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from build123d import Box, Location, Part, Plane, Pos, Sphere
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from hardware.enclosure.case import LOW, on_lid, to_print
from hardware.enclosure.layout import Layout

Array = NDArray[np.float64]
Colour = tuple[int, int, int]
WIDTH, HEIGHT, FINER = 1200, 860, 2
"""Pixels of the picture; it is drawn twice as large and then reduced."""
MARGIN = 18
"""White around what is shown, in pixels."""
SHELL, BASE, CRADLE, PLUNGER = (226, 229, 232), (196, 203, 210), (88, 98, 108), (214, 120, 52)
BOUGHT = {"keypad": (44, 49, 55), "display": (16, 20, 24), "Pi": (58, 128, 78), "wiring-board": (164, 124, 72),
          "bridge": (44, 84, 148), "buzzer": (30, 30, 32), "hook-switch": (34, 36, 40)}
LAMPS = {"lamp-line": (74, 190, 96), "lamp-work": (246, 182, 52), "lamp-attention": (226, 74, 66)}
METAL = (188, 194, 200)
SCREEN = Path(__file__).resolve().parents[2] / "tests/golden/images/samples/en/talking-128x64.png"
"""What the display shows: the firmware's own picture of a call."""
GLOW = (176, 218, 255)


@dataclass(frozen=True)
class Camera:
    """Looks at a point from an azimuth and an elevation, in degrees; distance in mm."""

    target: tuple[float, float, float]
    azimuth: float
    elevation: float
    distance: float
    zoom: float

    def light(self) -> Array:
        """The direction the light comes from."""
        a = math.radians(self.azimuth - 38)
        return np.array([math.cos(a) * 0.62, math.sin(a) * 0.62, 0.78])

    def project(self, points: Array) -> Array:
        """Pixel x, pixel y, depth."""
        a, e = math.radians(self.azimuth), math.radians(self.elevation)
        back = np.array([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)])
        right = np.array([-math.sin(a), math.cos(a), 0.0])
        up = np.cross(back, right)
        seen = points - np.array(self.target)
        depth = self.distance - seen @ back
        scale = self.zoom * FINER * self.distance / depth
        return np.stack([WIDTH * FINER / 2 + (seen @ right) * scale, HEIGHT * FINER / 2 - (seen @ up) * scale, depth], 1)


class Canvas:
    """Colours and depths of what is seen so far."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.colour = np.full((HEIGHT * FINER, WIDTH * FINER, 3), 255.0)
        self.depth = np.full((HEIGHT * FINER, WIDTH * FINER), np.inf)

    def add(self, part: Part, colour: Colour) -> None:
        """Draw a solid."""
        vertices, faces = part.tessellate(0.15, 0.25)
        world = np.array([(v.X, v.Y, v.Z) for v in vertices])
        seen = self.camera.project(world)
        for face in faces:
            corners, points = world[list(face)], seen[list(face)]
            normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
            length = float(np.linalg.norm(normal))
            if length > 0 and _turns_left(points):
                self._triangle(points, self._shade(colour, normal / length))

    def _triangle(self, points: Array, colour: Array) -> None:
        low = np.maximum(np.floor(points[:, :2].min(0)), 0).astype(int)
        high = np.minimum(np.ceil(points[:, :2].max(0)) + 1, (WIDTH * FINER, HEIGHT * FINER)).astype(int)
        if (high <= low).any():
            return
        (x1, y1, d1), (x2, y2, d2), (x3, y3, d3) = points
        area = (x2 - x1) * (y3 - y1) - (x3 - x1) * (y2 - y1)
        if abs(area) < 1e-9:
            return
        xs, ys = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
        w1 = ((x2 - xs) * (y3 - ys) - (x3 - xs) * (y2 - ys)) / area
        w2 = ((x3 - xs) * (y1 - ys) - (x1 - xs) * (y3 - ys)) / area
        w3 = 1 - w1 - w2
        inside = (w1 >= -1e-9) & (w2 >= -1e-9) & (w3 >= -1e-9)
        # Across a plane seen in perspective it is the reciprocal of the depth that runs evenly.
        depth = 1 / np.maximum(w1 / d1 + w2 / d2 + w3 / d3, 1e-9)
        window = (slice(low[1], high[1]), slice(low[0], high[0]))
        nearer = inside & (depth < self.depth[window])
        self.depth[window][nearer] = depth[nearer]
        self.colour[window][nearer] = colour

    def _shade(self, colour: Colour, normal: Array) -> Array:
        """Light from over the viewer's left shoulder, and a little from everywhere."""
        light = self.camera.light()
        return np.array(colour) * (0.50 + 0.40 * max(float(normal @ light), 0.0) + 0.10 * float(normal[2] + 1) / 2)

    def image(self) -> Image.Image:
        """The picture, with a thin dark line where the depth jumps."""
        depth = np.where(np.isinf(self.depth), 1e4, self.depth)
        jump = np.zeros_like(depth, dtype=bool)
        jump[1:-1, 1:-1] = (np.abs(depth[2:, 1:-1] + depth[:-2, 1:-1] - 2 * depth[1:-1, 1:-1]) > 1.1) | (
            np.abs(depth[1:-1, 2:] + depth[1:-1, :-2] - 2 * depth[1:-1, 1:-1]) > 1.1)
        colour = np.where(jump[..., None], self.colour * 0.45, self.colour)
        return Image.fromarray(colour.clip(0, 255).astype(np.uint8), "RGB").filter(ImageFilter.GaussianBlur(0.4))


def _turns_left(points: Array) -> bool:
    """Whether a triangle shows its outer side: only those are drawn. Pixel rows count downwards."""
    (x1, y1, _), (x2, y2, _), (x3, y3, _) = points
    return bool((x2 - x1) * (y3 - y1) < (x3 - x1) * (y2 - y1))


def draw(layout: Layout, printed: dict[str, Part], bought: dict[str, Part], folder: Path) -> None:
    """Three pictures: the phone, its back, and its inside."""
    middle = (layout.width / 2, layout.depth / 2, 26.0)
    front = Canvas(Camera(middle, -108, 44, 640, 3.9))
    _scene(front, printed, {name: part for name, part in bought.items()
                            if name in ("keypad", "display") or name in LAMPS})
    _save(_face(front, layout), folder / "case.webp")
    back = Canvas(Camera(middle, 68, 26, 640, 3.9))
    _scene(back, printed, {name: part for name, part in bought.items()
                           if name.startswith(("Pi", "bridge")) or name in ("keypad", "display", *LAMPS)})
    _ports(back, layout)
    _save(_signs(back, layout), folder / "case-back.webp")
    _save(_inside(layout, printed, bought), folder / "case-inside.webp")


def _inside(layout: Layout, printed: dict[str, Part], bought: dict[str, Part]) -> Image.Image:
    """The base with its boards, and the lid on its face beside it, as it is printed and wired."""
    aside = Location((layout.width + 14, layout.lid_length, 0)) * to_print(layout)["lid"]
    canvas = Canvas(Camera((layout.width + 4, layout.depth / 2, 14.0), -96, 48, 900, 2.55))
    below = ("Pi", "wiring", "bridge")
    _scene(canvas, {"base": printed["base"], "lid": aside * printed["lid"]},
           {name: part if name.startswith(below) else aside * part for name, part in bought.items()
            if name not in ("wiring-board top", "bridge top", "display wires", "keypad")})
    return canvas.image()


def _scene(canvas: Canvas, printed: dict[str, Part], bought: dict[str, Part]) -> None:
    colours = {"lid": SHELL, "base": BASE, "cradle": CRADLE, "plunger": PLUNGER}
    for name, part in printed.items():
        canvas.add(part, colours[name])
    for name, part in bought.items():
        canvas.add(part, LAMPS.get(name) or BOUGHT.get(name) or METAL)


def _ports(canvas: Canvas, layout: Layout) -> None:
    """The dark mouths of the sockets, so that they look like what they are."""
    for hole in layout.cutouts():
        if hole.face != "rear" or hole.name == "console":
            continue
        (x, z), (wide, high) = hole.centre, hole.size
        double = hole.name.startswith("usb")
        for shift in ((-0.24 * high, 0.24 * high) if double else (0.0,)):
            mouth = Box(wide * 0.74, 0.4, high * (0.26 if double else 0.66))
            canvas.add(Pos(x, layout.depth + 0.1, z + shift) * mouth, (30, 34, 40))


def _signs(canvas: Canvas, layout: Layout) -> Image.Image:
    """What each socket is, written above it."""
    image = canvas.image()
    words = {"usb2": "headset", "ethernet": "Ethernet", "console": "console"}
    for hole in layout.cutouts():
        if hole.face == "rear" and hole.name in words:
            top = hole.centre[1] + hole.size[1] / 2 + 4.5
            plane = Plane((hole.centre[0], layout.depth, top), x_dir=(-1, 0, 0), z_dir=(0, 1, 0)).location
            _paste(image, canvas.camera, plane, _text(words[hole.name], (40, 46, 52)), 5.0)
        if hole.face == "right" and hole.name == "power":
            plane = Plane((layout.width, hole.centre[0], hole.centre[1] + 8.5), x_dir=(0, 1, 0), z_dir=(1, 0, 0)).location
            _paste(image, canvas.camera, plane, _text("power", (40, 46, 52)), 5.0)
    return image


def _face(canvas: Canvas, layout: Layout) -> Image.Image:
    """Keys with their caps, lamps' domes, and a call on the display."""
    at = on_lid(layout)
    caps = next(one.caps for one in layout.phone.board.keypad.layouts if one.id in layout.phone.chosen)
    u, v = layout.on_lid("keypad")
    wide, high, thick = layout.keypad.body
    labels = []
    for row, keys in enumerate(caps):
        for column, cap in enumerate(keys):
            x = u + (column - (len(keys) - 1) / 2) * wide / len(keys) * 0.94
            y = v - (row - (len(caps) - 1) / 2) * high / len(caps) * 0.94
            colour = (72, 80, 90) if cap.isdigit() else (62, 96, 140) if cap.isalpha() else (120, 62, 62)
            canvas.add(at * Pos(x, y, thick) * Box(wide / len(keys) * 0.74, high / len(caps) * 0.66, 0.6, align=LOW), colour)
            labels.append((at * Pos(x, y, thick + 0.6), cap))
    for name, colour in LAMPS.items():
        canvas.add(at * Pos(*layout.on_lid(name), 1.2) * Sphere(2.5), colour)
    image = canvas.image()
    for place, cap in labels:
        _paste(image, canvas.camera, place, _text(cap, (245, 247, 250)), 7.5)
    display = layout.phone.display
    assert display.window is not None
    lit = display.window[0] - 3.0
    # Nothing hides what is pasted: a little above the glass it keeps clear of the window's rim.
    with Image.open(SCREEN) as shot:
        mask = shot.convert("L").resize((shot.width * 4, shot.height * 4), Image.Resampling.NEAREST)
    glass = Image.new("RGBA", mask.size, (*GLOW, 0))
    glass.putalpha(mask)
    u, v = (a + b for a, b in zip(layout.on_lid("display"), display.window_off, strict=True))
    _paste(image, canvas.camera, at * Pos(u, v, -layout.case.lid / 3), glass, lit * mask.height / mask.width)
    return image


def _text(words: str, colour: Colour) -> Image.Image:
    """Words as a picture with nothing around them."""
    font = ImageFont.load_default(64)
    left, _, right, _ = font.getbbox(words)
    # A common height, so that a star is not as tall as a digit.
    image = Image.new("RGBA", (int(right - left) + 8, 72), (*colour, 0))
    ImageDraw.Draw(image).text((4 - left, 2), words, fill=(*colour, 255), font=font)
    return image


def _paste(image: Image.Image, camera: Camera, place: Location, picture: Image.Image, high: float) -> None:
    """Lay a picture flat on a plane of the scene, `high` mm tall around the plane's origin."""
    wide = high * picture.width / picture.height
    corners = [(-wide / 2, high / 2), (wide / 2, high / 2), (wide / 2, -high / 2), (-wide / 2, -high / 2)]
    world = np.array([tuple((place * Pos(x, y, 0)).position) for x, y in corners])
    target = camera.project(world)[:, :2]
    source = np.array([(0, 0), (picture.width, 0), (picture.width, picture.height), (0, picture.height)], dtype=float)
    rows, right = [], []
    for (x, y), (sx, sy) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -sx * x, -sx * y], [0, 0, 0, x, y, 1, -sy * x, -sy * y]]
        right += [sx, sy]
    warp = np.linalg.solve(np.array(rows), np.array(right))
    layer = picture.transform(image.size, Image.Transform.PERSPECTIVE, tuple(warp), Image.Resampling.BICUBIC)
    image.paste(layer, (0, 0), layer)


def _save(image: Image.Image, path: Path) -> None:
    """Half as large, without the empty margins."""
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    box = ImageChops.difference(small, Image.new("RGB", small.size, (255, 255, 255))).getbbox()
    if box is not None:
        small = small.crop((max(box[0] - MARGIN, 0), max(box[1] - MARGIN, 0),
                            min(box[2] + MARGIN, WIDTH), min(box[3] + MARGIN, HEIGHT)))
    small.save(path, quality=86, method=6)
