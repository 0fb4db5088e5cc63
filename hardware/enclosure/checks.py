# SPDX-License-Identifier: GPL-3.0-or-later
"""What a printed case must fulfil: closed meshes, on the bed, printable without support, nothing in the way."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import trimesh
from build123d import Part

from hardware.enclosure import case
from hardware.enclosure.layout import Layout

TOUCH = 0.5
"""Shared volume, in mm³, up to which two things only touch."""
BRIDGE = 20.0
"""A printer spans this much without support, in mm."""
STEEP = -0.72
"""Faces whose normal points down more than this (about 46° from upright) need something below them."""
FIRST_LAYER = 0.35


def mesh_problems(name: str, stl: Path, volume: float, bed: tuple[float, float]) -> list[str]:
    """Judge a part as the printer gets it."""
    mesh = trimesh.load(stl, force="mesh")
    found = []
    if not mesh.is_watertight or not mesh.is_winding_consistent:
        found.append(f"{name}: the mesh is not closed")
    if mesh.body_count != 1:
        found.append(f"{name}: falls into {mesh.body_count} pieces")
    if abs(mesh.volume - volume) > 0.02 * volume:
        found.append(f"{name}: the mesh has {mesh.volume:.0f} mm³, the solid {volume:.0f}")
    size = mesh.extents
    if size[0] > bed[0] or size[1] > bed[1]:
        found.append(f"{name}: {size[0]:.0f} × {size[1]:.0f} mm does not fit a bed of {bed[0]:g} × {bed[1]:g}")
    return found + overhangs(name, mesh)


def overhangs(name: str, mesh: trimesh.Trimesh) -> list[str]:
    """Ceilings too wide to bridge. Faces that hang are grouped by shared edges; a group's narrower side is its span."""
    hanging = (mesh.face_normals[:, 2] < STEEP) & (mesh.triangles[:, :, 2].max(axis=1) > mesh.bounds[0][2] + FIRST_LAYER)
    pairs = [pair for pair in mesh.face_adjacency if hanging[pair].all()]
    groups = trimesh.graph.connected_components(pairs, nodes=np.flatnonzero(hanging), min_len=1)
    found = []
    for group in groups:
        corners = mesh.triangles[group].reshape(-1, 3)
        span = min(np.ptp(corners[:, 0]), np.ptp(corners[:, 1]))
        if span > BRIDGE:
            middle = corners.mean(axis=0)
            found.append(f"{name}: a ceiling of {span:.0f} mm at {middle.round().tolist()} needs support")
    return found


def collisions(printed: dict[str, Part], bodies: dict[str, Part]) -> list[str]:
    """Parts that want the same place."""
    found = []
    pairs = [*((a, b) for a in printed.items() for b in bodies.items()), *combinations(printed.items(), 2),
             *combinations(bodies.items(), 2)]
    for (one, solid), (other, body) in pairs:
        if _apart(solid, body) or (one.split()[0] == other.split()[0]):
            continue
        shared = _shared(solid, body)
        if shared > TOUCH:
            found.append(f"{one} and {other} share {shared:.1f} mm³")
    return found


def _apart(one: Part, other: Part) -> bool:
    a, b = one.bounding_box(), other.bounding_box()
    return any(getattr(a.max, axis) <= getattr(b.min, axis) or getattr(b.max, axis) <= getattr(a.min, axis)
               for axis in ("X", "Y", "Z"))


def _shared(one: Part, other: Part) -> float:
    both = one.intersect(other)
    if both is None:
        return 0.0
    return float(sum(piece.volume for piece in (both if isinstance(both, list) else [both])))


def pressed(layout: Layout, printed: dict[str, Part], bodies: dict[str, Part]) -> list[str]:
    """The plunger must be able to go all the way down beside the switch it moves."""
    down = case.plunger(layout, pressed=case.TRAVEL)
    rest = {name: part for name, part in printed.items() if name in ("lid", "cradle")}
    # The lever, which gives way, is not part of the switch's body.
    return [f"pressed: {line}" for name, part in {**rest, "hook-switch": bodies["hook-switch"]}.items()
            for line in collisions({"plunger": down}, {name: part})]
