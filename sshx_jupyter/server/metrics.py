"""What the sessions of this process do, in the Prometheus registry that Jupyter serves at `/metrics`."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from weakref import WeakSet

from prometheus_client import REGISTRY, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..host.hub import Hub

JOINS = Counter("sshx_joins", "Users who have joined a session")


class _HubCollector(Collector):
    """Reads the hubs when Prometheus asks. There is one for the process, however many servers it makes."""

    def __init__(self) -> None:
        self.hubs: WeakSet[Hub] = WeakSet()

    def collect(self) -> Iterator[Metric]:
        hubs = list(self.hubs)
        sessions = [session for hub in hubs for session in hub.sessions.values()]
        yield GaugeMetricFamily("sshx_sessions", "Sessions hosted now", len(sessions))
        yield GaugeMetricFamily(
            "sshx_users", "Users who take part in a session now", sum(len(session.users()) for session in sessions)
        )
        yield CounterMetricFamily(
            "sshx_sent_bytes", "Bytes sent to the users of sessions", sum(hub.bytes_sent for hub in hubs)
        )
        refused = CounterMetricFamily("sshx_refused_handshakes", "Links refused, by reason", labels=["reason"])
        for reason, count in sum((hub.refused for hub in hubs), Tally()).items():
            refused.add_metric([reason], count)
        yield refused


_collector = _HubCollector()
REGISTRY.register(_collector)


def add(hub: Hub) -> None:
    """Count what this hub does."""
    _collector.hubs.add(hub)


def remove(hub: Hub) -> None:
    """The hub has been closed."""
    _collector.hubs.discard(hub)
