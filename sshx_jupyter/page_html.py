"""What all pages have in common: the HTML around a bundle of `js/build.mjs`, and the policy under which it runs."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "server" / "static"
"""The bundles."""

APP = """<div id="sshx"></div>
<noscript><p>This page needs JavaScript. Without it, <code>jupyter sshx join</code> is the way in.</p></noscript>"""
"""The body of a page that a bundle fills."""

_HTML = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{first}<title>sshx</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
{head}
</head>
<body{attributes}>
{body}
</body>
</html>
"""


def html(*, head: str, body: str, attributes: str = "", first: str = "") -> str:
    """A page. All arguments are HTML; `first` comes before anything that the browser loads."""
    return _HTML.format(first=first, head=head, attributes=attributes, body=body)


def policy(scripts: str, connections: str) -> str:
    """A Content-Security-Policy: nothing but this page's own.

    Args:
        scripts: the sources of scripts, such as "'self'".
        connections: where the page may connect to. "'self'" covers WebSockets of its origin, too: in Chrome since
            71, in Firefox, in Safari since 16.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",  # xterm.js makes style sheets for its colors and sizes
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src {connections}",
            "worker-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
