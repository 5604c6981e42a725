"""Makes this command's node from its options, Jupyter's configuration, and the environment, in this order."""

from __future__ import annotations

import argparse
from typing import Any

from traitlets import TraitError
from traitlets.config.loader import ArgumentError

from ..config import NodeSettings, load_settings
from ..node import SshxNode
from .console import Failure


def read_settings(arguments: argparse.Namespace) -> NodeSettings:
    """The settings that apply to this command, its options among them. Raises `Failure`."""
    try:
        settings = load_settings(arguments.settings)
    except (TraitError, ArgumentError) as error:
        raise Failure(f"The configuration makes no sense: {error}", 2) from None
    settings.relays = arguments.relays or settings.relays
    settings.bind = arguments.bind or settings.bind
    return settings


async def spawn_node(settings: NodeSettings, **options: Any) -> SshxNode:
    """Bind a node. Raises `Failure`."""
    try:
        return await SshxNode.spawn(
            relays=settings.relays or None, bind=settings.bind or None, limits=settings.limits, **options
        )
    except ValueError as error:
        raise Failure(str(error)) from None
