"""The guest page as files: a directory for any web server or disk, or one HTML file, which may hold a ticket.

The bundles that `js/build.mjs` puts into `server/static/` are all that it needs. Its Content-Security-Policy lets it
run its own scripts only. Where it may connect to is not known before there is a ticket, which names the relays: the
page itself adds a second, narrower policy before it connects (`js/src/guest/ways.ts`).
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

from .page_html import APP, STATIC, html, policy

SCRIPT = "guest.js"
STYLE = "guest.css"
IMAGES = "images.js"
"""Draws images in terminals. The script loads it from beside itself when the first image comes."""
MODULE = "sshx_web.wasm"
"""The browser's iroh node."""

LICENSES = "LICENSES.txt"

PACKED = f"{MODULE}.gz"
"""The same as a web server hands it out: few of them compress WebAssembly by themselves."""
MODULE_SCRIPT = "sshx_web.js"
"""The same as a script, for a page from a disk, which can load nothing else."""

_LICENSES = """<!-- LICENSES.txt: the licenses of all software in this file, as gzip in base64.
To read them, open this file in a browser, press F12, and enter in the console:
new Response(new Blob([Uint8Array.from(atob(document.getElementById("sshx-licenses").textContent), (c) => \
c.charCodeAt())]).stream().pipeThrough(new DecompressionStream("gzip"))).text().then(console.log) -->
<script type="text/plain" id="sshx-licenses">{packed}</script>"""

# Loopback for relays on this machine, which have no certificates.
_CONNECTIONS = "'self' https: wss: http://localhost:* ws://localhost:* http://127.0.0.1:* ws://127.0.0.1:*"


class NotBuilt(RuntimeError):
    """This is a source checkout without the bundles."""

    def __init__(self) -> None:
        super().__init__(
            "The guest page has not been built. In the directory js of the checkout, run: npm ci && npm run build"
        )


def write_directory(directory: Path) -> None:
    """Write the guest page into `directory`, which is made if it is missing. Other files there are left alone.

    Raises:
        NotBuilt: if there are no bundles.
        OSError: if a file cannot be written.
    """
    module = _packed_module()
    files = {
        SCRIPT: _bundle(SCRIPT),
        STYLE: _bundle(STYLE),
        PACKED: module,
        MODULE_SCRIPT: f'sshxWeb="{b64encode(module).decode()}"\n'.encode(),
    }
    # With a version in its address, the browser keeps a file until there is another.
    address = {name: f"{name}?v={sha256(content).hexdigest()[:16]}" for name, content in files.items()}
    page = html(
        first=_rules("'self'"),
        head=f'<link rel="stylesheet" href="{address[STYLE]}">',
        body=f'{APP}\n<script src="{address[SCRIPT]}"></script>',
        attributes=f' data-module="{address[PACKED]}" data-module-script="{address[MODULE_SCRIPT]}"',
    )
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in {**files, IMAGES: _bundle(IMAGES), LICENSES: _bundle(LICENSES)}.items():
        (directory / name).write_bytes(content)
    (directory / "index.html").write_text(page, encoding="utf-8", newline="\n")


def single_file(invite: str = "", about: str = "") -> str:
    """The guest page as one HTML file.

    Args:
        invite: the ticket of the session that it joins; empty if people bring their own.
        about: what the file is, for people who look into it, or open it where scripts do not run. No "--" in it.

    Raises:
        NotBuilt: if there are no bundles.
    """
    script = _bundle(SCRIPT).decode()
    blocks = [f'<script type="text/plain" id="sshx-web">{b64encode(_packed_module()).decode()}</script>']
    if invite:
        blocks.append(f'<script type="text/plain" id="sshx-invite">{escape(invite)}</script>')
    said = f"<noscript><p>{escape(about)}</p></noscript>\n" if about else ""
    script_hash = b64encode(sha256(script.encode()).digest()).decode()
    blocks.append(_LICENSES.format(packed=b64encode(gzip.compress(_bundle(LICENSES), 9, mtime=0)).decode()))
    return html(
        first=(f"<!-- {escape(about, quote=False)} -->\n" if about else "") + _rules(f"'sha256-{script_hash}'"),
        head=f"<style>{_bundle(STYLE).decode()}</style>",
        body=said + "\n".join((APP, *blocks, f"<script>{script}</script>")),
    )


def _rules(scripts: str) -> str:
    """What a server would say in headers."""
    rules = policy(f"{scripts} 'wasm-unsafe-eval'", _CONNECTIONS)
    return f"""<meta http-equiv="Content-Security-Policy" content="{rules}">
<meta name="referrer" content="no-referrer">
"""


def _packed_module() -> bytes:
    return gzip.compress(_bundle(MODULE), 9, mtime=0)


def _bundle(name: str) -> bytes:
    try:
        return (STATIC / name).read_bytes()
    except FileNotFoundError:
        raise NotBuilt from None
