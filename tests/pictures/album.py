"""The folder with the pictures, and a page that shows all of them."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent / "out"

_STYLE = """
body { margin: 1rem; font: 14px sans-serif; color: #222; background: #ddd; }
.row { display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start; }
figure { margin: 0; }
figcaption { padding: 2px 0; color: #555; }
img { height: 340px; border: 1px solid #999; }
"""


class Album:
    """Pictures are named `SURFACE-SCREEN-SIZE-SCHEME.png`, the same in each run."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.added: list[Path] = []
        folder.mkdir(exist_ok=True)

    def add(self, surface: str, screen: str, size: str, scheme: str, png: bytes) -> None:
        self.put(self.folder / f"{surface}-{screen}-{size}-{scheme}.png", png)

    def put(self, path: Path, png: bytes) -> None:
        path.write_bytes(png)
        self.added.append(path)

    def forget(self, surface: str) -> None:
        """Remove a surface's pictures: a screen that is gone has none."""
        for path in self.folder.glob(f"{surface}-*.png"):
            path.unlink()

    def write_index(self) -> Path:
        """The page with all pictures in the folder, also those of earlier runs."""
        rows: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self.folder.glob("*.png")):
            screen, size, scheme = path.stem.rsplit("-", 2)
            rows[screen].append(
                f'<figure><a href="{escape(path.name)}"><img src="{escape(path.name)}" alt="" loading="lazy"></a>'
                f"<figcaption>{escape(size)}, {escape(scheme)}</figcaption></figure>"
            )
        body = "\n".join(
            f'<h2>{escape(screen)}</h2><div class="row">{"".join(figures)}</div>' for screen, figures in rows.items()
        )
        index = self.folder / "index.html"
        index.write_text(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Pictures</title><style>{_STYLE}</style>'
            f"<h1>Pictures</h1>\n{body}\n</html>\n"
        )
        return index
