"""Batches: what is waited for at the same time is done in one go, and no item spoils another."""

import asyncio
from collections.abc import Sequence

import pytest

from chassis.runtime import batches
from chassis.runtime.batches import Batches, Together, packed


class Doubling:
    """Doubles numbers; the batches that it was given are remembered."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.began = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(numbers))
        self.began.set()
        await self.may_go_on.wait()
        if self.failure:
            raise self.failure
        return [2 * number if number else ValueError("nothing to double") for number in numbers]


@pytest.fixture
def doubling() -> Doubling:
    return Doubling()


@pytest.fixture
def doubled(doubling: Doubling) -> Batches[int, int]:
    return Batches(doubling)


async def test_items_that_come_together_are_one_batch_and_each_gets_its_result(
    doubling: Doubling, doubled: Batches[int, int]
) -> None:
    assert await asyncio.gather(*map(doubled.add, [1, 2, 3])) == [2, 4, 6]
    assert doubling.batches == [[1, 2, 3]]


async def test_while_a_batch_is_processed_the_next_one_gathers(
    doubling: Doubling, doubled: Batches[int, int]
) -> None:
    doubling.may_go_on.clear()
    first = asyncio.create_task(doubled.add(1))
    await doubling.began.wait()
    rest = asyncio.gather(*map(doubled.add, [2, 3]))
    await asyncio.sleep(0)
    doubling.may_go_on.set()
    assert (await first, await rest) == (2, [4, 6])
    assert doubling.batches == [[1], [2, 3]]


async def test_an_item_after_all_others_is_a_batch_of_its_own(
    doubling: Doubling, doubled: Batches[int, int]
) -> None:
    assert [await doubled.add(1), await doubled.add(2)] == [2, 4]
    assert doubling.batches == [[1], [2]]


async def test_a_batch_is_bounded(
    doubling: Doubling, doubled: Batches[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_AT_ONCE", 2)
    await asyncio.gather(*map(doubled.add, [1, 2, 3]))
    assert doubling.batches == [[1, 2], [3]]


async def test_what_is_wrong_with_one_item_concerns_no_other(doubled: Batches[int, int]) -> None:
    one, none = await asyncio.gather(*map(doubled.add, [1, 0]), return_exceptions=True)
    assert one == 2
    assert isinstance(none, ValueError)


async def test_when_a_batch_fails_all_its_tasks_raise_and_the_next_one_is_processed(
    doubling: Doubling, doubled: Batches[int, int]
) -> None:
    doubling.failure = ConnectionError("gone")
    failed = await asyncio.gather(*map(doubled.add, [1, 2]), return_exceptions=True)
    assert failed == [doubling.failure, doubling.failure]
    doubling.failure = None
    assert await doubled.add(3) == 6


async def test_an_item_whose_task_was_cancelled_before_its_batch_began_is_left_out(
    doubling: Doubling, doubled: Batches[int, int]
) -> None:
    doubling.may_go_on.clear()
    first = asyncio.create_task(doubled.add(1))
    await doubling.began.wait()
    cancelled, kept = (asyncio.create_task(doubled.add(number)) for number in (2, 3))
    await asyncio.sleep(0)
    cancelled.cancel()
    doubling.may_go_on.set()
    assert (await first, await kept) == (2, 6)
    assert doubling.batches == [[1], [3]]


async def test_a_task_that_is_cancelled_during_its_batch_disturbs_no_other(
    doubling: Doubling, doubled: Batches[int, int]
) -> None:
    doubling.may_go_on.clear()
    cancelled, kept = (asyncio.create_task(doubled.add(number)) for number in (1, 2))
    await doubling.began.wait()
    cancelled.cancel()
    doubling.may_go_on.set()
    assert await kept == 4


async def test_what_is_asked_for_in_the_same_turn_is_done_together(doubling: Doubling) -> None:
    together = Together(doubling)
    results = await asyncio.gather(*map(together.add, [1, 0, 3]), return_exceptions=True)
    assert [results[0], results[2]] == [2, 6]
    assert isinstance(results[1], ValueError)
    assert doubling.batches == [[1, 0, 3]]


async def test_what_is_asked_for_later_does_not_wait_for_what_was_asked_for_before(
    doubling: Doubling,
) -> None:
    together = Together(doubling)
    doubling.may_go_on.clear()
    first = asyncio.create_task(together.add(1))
    await doubling.began.wait()
    doubling.began.clear()
    second = asyncio.create_task(together.add(2))
    await doubling.began.wait()
    assert doubling.batches == [[1], [2]]
    doubling.may_go_on.set()
    assert (await first, await second) == (2, 4)


async def test_what_fails_together_fails_for_all(doubling: Doubling) -> None:
    together = Together(doubling)
    doubling.failure = OSError()
    failures = await asyncio.gather(*map(together.add, [1, 2]), return_exceptions=True)
    assert failures == [doubling.failure] * 2


@pytest.mark.parametrize(
    ("items", "packs"),
    [
        ([], []),
        (["aa", "b", "c"], [["aa", "b"], ["c"]]),
        (["a", "bbbb", "c"], [["a"], ["bbbb"], ["c"]]),
        (["a", "b", "c", "d"], [["a", "b", "c"], ["d"]]),
    ],
)
def test_items_are_packed_in_their_order(items: list[str], packs: list[list[str]]) -> None:
    assert list(packed(items, len, 3)) == packs
