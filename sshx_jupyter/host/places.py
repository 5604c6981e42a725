"""Places for those who have not come in yet: a bounded number, of which the oldest make room for newcomers. No I/O."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Places(Generic[Item]):
    """Places for items that each belong to a peer, or to nobody known yet; the oldest make room for new ones."""

    def __init__(self, total: int, per_peer: int) -> None:
        self._total = total
        self._per_peer = per_peer
        self._items: dict[Item, str | None] = {}  # from the oldest to the newest

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def take(self, item: Item, peer: str | None) -> Item | None:
        """Give a place to an item; returns the one that loses its place for it, if any."""
        loser = None
        own = [other for other, whose in self._items.items() if whose == peer] if peer is not None else []
        if len(own) >= self._per_peer:
            loser = own[0]
        elif len(self._items) >= self._total:
            loser = next(iter(self._items))
        if loser is not None:
            del self._items[loser]
        self._items[item] = peer
        return loser

    def leave(self, item: Item) -> None:
        """The item needs its place no more, if it still has one."""
        self._items.pop(item, None)
