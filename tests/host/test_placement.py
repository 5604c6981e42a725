from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sshx_jupyter.host.placement import GAP, Box, aside, in_rows
from sshx_jupyter.protocol.messages import MAX_COLS, MAX_POSITION, MAX_ROWS

sizes = st.tuples(st.integers(1, MAX_ROWS), st.integers(1, MAX_COLS)) | st.just((24, 80))
places = st.tuples(st.integers(-3000, 3000), st.integers(-3000, 3000))
anywhere = st.integers(-MAX_POSITION, MAX_POSITION)
windows = st.builds(lambda size, at: Box.of_cells(*size, *at), sizes, places)


def moved(box: Box, to: tuple[int, int]) -> Box:
    return Box(*to, box.width, box.height)


@given(windows, st.lists(windows, max_size=14))
def test_a_new_shell_overlaps_none(new: Box, taken: list[Box]) -> None:
    for place in (in_rows, aside):
        assert not any(moved(new, place(new, taken)).overlaps(box) for box in taken)


@given(windows, st.lists(windows, max_size=14))
def test_a_place_that_is_free_is_taken_as_it_is(new: Box, taken: list[Box]) -> None:
    at = aside(new, taken)
    if not any(new.overlaps(box) for box in taken):
        assert at == (new.x, new.y)
    assert aside(moved(new, at), taken) == at


@given(st.lists(sizes, max_size=14))
def test_shells_that_the_host_places_form_rows(shells: list[tuple[int, int]]) -> None:
    taken: list[Box] = []
    for rows, cols in shells:
        new = Box.of_cells(rows, cols)
        new = moved(new, in_rows(new, taken))
        assert not any(new.overlaps(box, GAP) for box in taken)
        assert new.x >= 0
        assert new.y >= 0
        taken.append(new)


@given(anywhere, anywhere)
def test_a_place_at_the_end_of_the_canvas_stays_on_it(x: int, y: int) -> None:
    new = Box.of_cells(24, 80, x, y)
    for place in (in_rows(new, [new]), aside(new, [new])):
        assert max(map(abs, place)) <= MAX_POSITION


def test_three_shells_of_the_usual_size_are_a_row() -> None:
    taken: list[Box] = []
    for _ in range(6):
        new = Box.of_cells(24, 80)
        taken.append(moved(new, in_rows(new, taken)))
    assert [(box.x, box.y) for box in taken] == [(0, 0), (710, 0), (1420, 0), (0, 476), (710, 476), (1420, 476)]


def test_two_who_choose_one_place_are_beside_each_other() -> None:
    first = Box.of_cells(24, 80, 100, 100)
    second = Box.of_cells(24, 80, 110, 100)
    assert aside(second, [first]) == (110, 100 + first.height + GAP)
