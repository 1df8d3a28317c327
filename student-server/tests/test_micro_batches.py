"""Which requests share a batch."""

import threading
from collections.abc import Sequence

import pytest

from student_server.inference.micro_batches import MicroBatches


class Held:
    """Gives ten times each row, once it may go on, and keeps what it was given."""

    def __init__(self) -> None:
        self.started, self.go_on = threading.Event(), threading.Event()
        self.seen: list[list[int]] = []

    def __call__(self, rows: Sequence[int]) -> list[int]:
        self.seen.append(list(rows))
        self.started.set()
        self.go_on.wait(30)
        return [10 * row for row in rows]


def test_work_that_is_not_patient_starts_at_once_and_takes_along_what_came_meanwhile() -> None:
    held = Held()
    # A patient one would wait a minute for company.
    batches = MicroBatches(64, window=60)
    first = batches.submit("key", [1], held, patient=False)
    assert held.started.wait(30)
    others = [batches.submit("key", [row], held, patient=False) for row in (2, 3)]
    held.go_on.set()
    assert [work.result(30) for work in (first, *others)] == [[10], [20], [30]]
    assert held.seen == [[1], [2, 3]]
    batches.close()


def sizes_of(requests: list[int], max_rows: int) -> list[int]:
    """Rows of the batches that requests of so many rows make, when all wait behind a first one."""
    held, sizes = Held(), list[int]()
    batches = MicroBatches(max_rows, window=60, on_batch=sizes.append)
    first = batches.submit("first", [0], held, patient=False)
    assert held.started.wait(30)
    others = [batches.submit("key", [0] * count, held, patient=False) for count in requests]
    held.go_on.set()
    for work in (first, *others):
        work.result(30)
    batches.close()
    return sizes[1:]


def test_a_request_of_a_quarter_of_a_batch_is_a_batch_by_itself() -> None:
    assert sizes_of([15, 15, 16, 1], 64) == [31, 16]
    assert sizes_of([1, 1, 1, 1], 4) == [4]


def test_work_that_nobody_waits_for_is_not_done_and_the_rest_goes_on() -> None:
    held = Held()
    batches = MicroBatches(64, window=60)
    first = batches.submit("key", [1], held, patient=False)
    assert held.started.wait(30)
    gone = [batches.submit("key", [2], held, patient=False), batches.submit("other", [3], held, patient=False)]
    wanted = batches.submit("key", [4], held, patient=False)
    assert all(work.cancel() for work in gone)
    # What is being computed can't be taken back: its thread would have nowhere to put the answer.
    assert not first.cancel()
    assert batches.waiting() == 1
    held.go_on.set()
    assert (first.result(30), wanted.result(30)) == ([10], [40])
    # The thread lives.
    assert batches.submit("key", [5], held, patient=False).result(30) == [50]
    assert held.seen == [[1], [4], [5]]
    batches.close()


def test_a_batch_that_can_not_even_be_counted_is_told_and_the_next_one_runs() -> None:
    def count(rows: int) -> None:
        if rows == 2:
            raise OSError("no disk")

    batches = MicroBatches(64, window=0, on_batch=count)
    with pytest.raises(OSError, match="no disk"):
        batches.submit("key", [1, 2], list).result(30)
    assert batches.submit("key", [3], list).result(30) == [3]
    batches.close()
