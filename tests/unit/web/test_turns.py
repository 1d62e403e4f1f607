"""Attempts to sign in: one after the other for a name, never a crowd, and tablets before strangers."""

import asyncio
from contextlib import AsyncExitStack
from itertools import islice

import pytest
from django.test import AsyncClient

from opendcr.web.staff import delay
from opendcr.web.staff.turns import EACH, FOR_A_NAME, STRANGERS, Attempt, Crowded, turn
from tests.support import acting
from tests.support.engines import RoomDatabase


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    delay._wrong.clear()
    acting.signs_in("nurse")
    return acting.opened()


def _stranger(name: str, address: str = "127.0.0.1") -> Attempt:
    return Attempt(name, None, address)


def test_guesses_at_one_name_come_one_after_the_other() -> None:
    inside = 0

    async def guess() -> None:
        nonlocal inside
        async with turn(_stranger("nurse")):
            assert inside == 0
            inside += 1
            await asyncio.sleep(0.01)
            inside -= 1

    async def all_at_once() -> None:
        await asyncio.gather(*(guess() for _ in range(FOR_A_NAME)))

    asyncio.run(all_at_once())


@pytest.mark.parametrize(
    ("attempts", "one_more"),
    [
        ([_stranger("nurse")] * FOR_A_NAME, _stranger("nurse")),
        ([_stranger(f"n-{one}") for one in range(STRANGERS)], _stranger("another")),
        ([_stranger(f"n-{one}", "192.0.2.1") for one in range(EACH)], _stranger("x", "192.0.2.1")),
        ([Attempt(f"n-{one}", "t-1", "127.0.0.1") for one in range(EACH)], Attempt("x", "t-1", "")),
    ],
)
def test_a_crowd_is_told_at_once_and_keeps_no_other_tablet_out(
    attempts: list[Attempt], one_more: Attempt
) -> None:
    async def crowd() -> None:
        waiting = [asyncio.create_task(_waits(attempt)) for attempt in attempts]
        await asyncio.sleep(0.01)
        with pytest.raises(Crowded):
            async with turn(one_more):
                pass
        async with turn(Attempt("nurse", "t-2", "127.0.0.1")):
            pass
        await asyncio.gather(*waiting)
        async with turn(one_more):
            pass

    asyncio.run(crowd())


async def _waits(attempt: Attempt) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(turn(attempt))
        await asyncio.sleep(0.03)


def test_wrong_passwords_at_once_count_and_are_delayed_as_in_turn(room: str) -> None:
    waiting = FOR_A_NAME - 1  # behind the turn that is taken here

    async def guess() -> int:
        form = {"username": "nurse", "password": "wrong"}
        return (await AsyncClient().post("/sign-in", form)).status_code

    async def guesses() -> list[int]:
        async with turn(_stranger("nurse")):  # nobody is answered before all have come
            asked = [asyncio.create_task(guess()) for _ in range(8)]
            crowded = [await one for one in islice(asyncio.as_completed(asked), 8 - waiting)]
        assert crowded == [429] * (8 - waiting)
        return await asyncio.gather(*asked)

    assert sorted(asyncio.run(guesses())) == [403] * waiting + [429] * (8 - waiting)
    assert delay._wrong["nurse"][0] == waiting
    assert delay.seconds_for("nurse") == 1.0
    assert delay.seconds_for("nurse at t-1") == 0  # a tablet does not wait for a stranger's guesses
