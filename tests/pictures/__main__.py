"""Take all pictures, or those of the surfaces named on the command line, and list what was written.

`page` names a surface and all of its scenes, `page.share` one of them. Ends with 1 if a scene went wrong.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.pictures.album import Album
from tests.pictures.stage import SIZES, Scene, Stage, opened

SURFACES = ("page", "guest", "lab", "notebook", "readme")
SCENE_TIMEOUT = 120.0


def chosen(names: Sequence[str]) -> dict[str, list[Scene]]:
    """The scenes of each surface."""
    scenes: dict[str, list[Scene]] = {}
    for name in names or SURFACES:
        surface, _, only = name.partition(".")
        if surface not in SURFACES:
            raise SystemExit(f"There is no {surface!r}: choose of {', '.join(SURFACES)}.")
        found = importlib.import_module(f"tests.pictures.{surface}").SCENES
        matching = [scene for scene in found if only in ("", scene.__name__)]
        if not matching:
            raise SystemExit(f"There is no {only!r} in {surface}: choose of {', '.join(s.__name__ for s in found)}.")
        scenes.setdefault(surface, []).extend(matching)
    return scenes


async def play(stage: Stage, scene: Scene) -> bool:
    """Whether a scene went well. What it shares, and the people in it, are gone afterwards."""
    print(f"{stage.surface}.{scene.__name__}, {stage.size}", flush=True)
    try:
        await asyncio.wait_for(scene(stage), SCENE_TIMEOUT)
    except Exception:
        traceback.print_exc()
        return False
    finally:
        await stage.clear()
    return True


async def main(names: Sequence[str]) -> int:
    scenes = chosen(names)
    album = Album()
    for name in names or SURFACES:
        if name in scenes:
            album.forget(name)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as directory:
        async with opened(Path(directory), album) as stage:
            for surface, some in scenes.items():
                for size in ("desktop",) if surface == "readme" else SIZES:
                    for scene in some:
                        if not await play(stage.for_screens(surface, size), scene):
                            wrong.append(f"{surface}.{scene.__name__}, {size}")
    print()
    for path in sorted(album.added):
        print(os.path.relpath(path))
    print(f"{len(album.added)} pictures: look at {os.path.relpath(album.write_index())}")
    for name in wrong:
        print(f"went wrong: {name}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
