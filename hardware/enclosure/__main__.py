# SPDX-License-Identifier: GPL-3.0-or-later
"""Make, check and picture the case; run by scripts/make-hardware in an environment of its own."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from build123d import export_step, export_stl

from hardware.enclosure import bodies, case, checks, picture
from hardware.enclosure.layout import Layout
from hardware.workshop import rules

FINE, FINE_ANGLE = 0.05, 0.25
"""Greatest distance of the mesh from the solid, in mm, and greatest angle between its faces, in radians."""


def main(pictures: Path, out: Path, chosen: frozenset[str]) -> int:
    """Exit 1, with every problem on stderr, if the case cannot be built as drawn."""
    start = time.monotonic()
    layout = Layout(rules.load(), chosen)
    printed = case.parts(layout)
    bought = bodies.bodies(layout)
    out.mkdir(parents=True, exist_ok=True)
    problems = [*layout.problems(), *checks.collisions(printed, bought), *checks.pressed(layout, printed, bought)]
    turned = case.to_print(layout)
    for name, part in printed.items():
        stl = out / f"{name}.stl"
        lying = turned[name] * part
        export_stl(lying, str(stl), tolerance=FINE, angular_tolerance=FINE_ANGLE)
        export_step(lying, str(out / f"{name}.step"))
        problems += checks.mesh_problems(name, stl, part.volume, layout.case.bed)
        size = lying.bounding_box().size
        print(f"{name}: {size.X:.0f} × {size.Y:.0f} × {size.Z:.0f} mm, {part.volume / 1000:.0f} cm³")
    middle = time.monotonic()
    picture.draw(layout, printed, bought, pictures)
    print(f"case by build123d, checked: {middle - start:.1f} s; pictures: {time.monotonic() - middle:.1f} s; {out}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), frozenset(json.loads(sys.argv[3]))))
