"""Relays as they are configured, and their URLs."""

from __future__ import annotations

from collections.abc import Sequence


def parse_relays(relays: Sequence[str] | str) -> Sequence[str] | str:
    """ "default", "disabled", or a list of relay URLs. Raises ValueError for anything else."""
    if isinstance(relays, str):
        if relays in ("default", "disabled"):
            return relays
        relays = [url.strip() for url in relays.split(",")]
    urls = [url for url in relays if url]
    if not urls or not all(url.startswith(("http://", "https://")) for url in urls):
        raise ValueError('Relays are "default", "disabled", or URLs that start with https:// or http://.')
    return urls


def relay_urls(relays: Sequence[str] | str) -> list[str]:
    """The relays that are meant by "default", "disabled", or URLs. Raises ValueError for anything else."""
    mode = parse_relays(relays)
    if mode == "disabled":
        return []
    if mode == "default":
        from iroh import RelayMode  # loads a library that a server without sessions does without

        return RelayMode.default_mode().relay_map().urls()
    return list(mode)
