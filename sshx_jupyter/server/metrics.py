"""What the sessions of this process do, in the Prometheus registry that Jupyter serves at `/metrics`."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakSet

from prometheus_client import REGISTRY, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from ..host.session_manager import SessionManager

JOINS = Counter("sshx_joins", "Users who have joined a session")


class _HubCollector(Collector):
    """Reads the managers when Prometheus asks. There is one for the process, however many servers it makes."""

    def __init__(self) -> None:
        self.managers: WeakSet[SessionManager] = WeakSet()

    def collect(self) -> Iterator[Metric]:
        managers = list(self.managers)
        sessions = [session for manager in managers for session in manager.sessions.values()]
        yield GaugeMetricFamily("sshx_sessions", "Sessions hosted now", len(sessions))
        yield GaugeMetricFamily(
            "sshx_users", "Users who take part in a session now", sum(len(session.people()) for session in sessions)
        )
        yield CounterMetricFamily(
            "sshx_sent_bytes", "Bytes sent to the users of sessions", sum(manager.bytes_sent for manager in managers)
        )
        refused = CounterMetricFamily("sshx_refused_handshakes", "Links refused, by reason", labels=["reason"])
        for reason, count in sum((manager.refused for manager in managers), Tally()).items():
            refused.add_metric([reason], count)
        yield refused


_collector = _HubCollector()
REGISTRY.register(_collector)


def add(manager: SessionManager) -> None:
    """Count what this session manager does."""
    _collector.managers.add(manager)


def remove(manager: SessionManager) -> None:
    """The session manager has been closed."""
    _collector.managers.discard(manager)
