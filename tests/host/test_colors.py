from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sshx_jupyter.host.colors import COLORS, free_color


@given(st.lists(st.sampled_from(COLORS), max_size=9))
def test_nobody_gets_a_color_that_someone_has_while_others_are_free(used: list[str]) -> None:
    assert free_color(used) not in used


def test_the_least_used_once_all_are_used() -> None:
    assert free_color([*COLORS, *COLORS[:4]]) == COLORS[4]
    assert free_color([COLORS[0].upper(), "#123456"]) == COLORS[1]
