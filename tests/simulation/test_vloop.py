"""The virtual loop and the in-memory network: time, order, deadlock, routing, broken connections."""

import asyncio
import time

import aiohttp
import pytest
from aiohttp import web

from tests.simulation.memhttp import MemoryConnector
from tests.simulation.vloop import Deadlock, SimLoop, run


def virtual_now() -> float:
    return asyncio.get_running_loop().time()


def test_a_week_of_sleep_takes_no_time() -> None:
    async def work() -> float:
        await asyncio.sleep(7 * 86_400)
        return virtual_now()

    before = time.perf_counter()
    assert run(work) == 7 * 86_400
    assert time.perf_counter() - before < 5


def race(seed: int) -> list[int]:
    async def work() -> list[int]:
        order: list[int] = []

        async def one(number: int) -> None:
            await asyncio.sleep(1)
            order.append(number)

        await asyncio.gather(*(one(number) for number in range(8)))
        return order

    return run(work, seed)


def test_the_seed_alone_decides_the_order() -> None:
    assert race(1) == race(1)
    assert len({tuple(race(seed)) for seed in range(5)}) > 1


def test_waiting_for_nothing_is_an_error_and_not_a_hang() -> None:
    async def work() -> None:
        await asyncio.sleep(3)
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match=r"3\.000 s"):
        run(work)


def test_threads_are_refused() -> None:
    async def work() -> None:
        await asyncio.to_thread(print)

    with pytest.raises(RuntimeError, match="not deterministic"):
        run(work)


def test_left_over_tasks_are_cancelled() -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.sleep(1e9)
        finally:
            ended.append("cancelled")

    async def work() -> object:
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return task

    run(work)
    assert ended == ["cancelled"]


async def shop(request: web.BaseRequest) -> web.StreamResponse:
    body = await request.read()
    if request.path == "/slow":
        await asyncio.sleep(600)
    return web.json_response({"host": request.host, "path": request.path, "bytes": len(body)})


def test_http_is_routed_by_host_and_port() -> None:
    async def work() -> list[object]:
        servers = {"crm.example:80": web.Server(shop), "erp.example:8443": web.Server(shop)}
        found: list[object] = []
        async with aiohttp.ClientSession(connector=MemoryConnector(servers)) as session:
            for url in ("http://crm.example/a", "http://erp.example:8443/b"):
                async with session.post(url, data=b"x" * 300_000) as answer:
                    found.append(await answer.json())
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get("http://elsewhere.example/")
        for server in servers.values():
            await server.shutdown()
        return found

    assert run(work, seed=4) == [
        {"host": "crm.example", "path": "/a", "bytes": 300_000},
        {"host": "erp.example:8443", "path": "/b", "bytes": 300_000},
    ]


def test_a_client_timeout_happens_at_its_virtual_moment() -> None:
    async def work() -> float:
        server = web.Server(shop)
        timeout = aiohttp.ClientTimeout(total=30)
        connector = MemoryConnector({"crm.example:80": server})
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            with pytest.raises(TimeoutError):
                await session.get("http://crm.example/slow")
        then = virtual_now()
        await server.shutdown()
        return then

    assert run(work) == pytest.approx(30, abs=0.2)


def test_a_cut_connection_is_an_error_for_the_client_while_it_waits() -> None:
    async def work() -> str:
        server = web.Server(shop)
        connector = MemoryConnector({"crm.example:80": server})
        async with aiohttp.ClientSession(connector=connector) as session:
            waiting = asyncio.ensure_future(
                session.post("http://crm.example/slow")
            )  # aiohttp would try a GET again
            await asyncio.sleep(5)
            connector.transports[0].cut()
            with pytest.raises(aiohttp.ClientConnectionError) as caught:
                await waiting
        await server.shutdown()
        return type(caught.value).__name__

    assert run(work) in {"ClientOSError", "ServerDisconnectedError", "ClientConnectionResetError"}


def test_bytes_arrive_in_the_order_in_which_they_were_written() -> None:
    """Delays that shrink would let a later write overtake an earlier one on a naive pipe."""
    delays = iter([0.9, 0.1] * 10_000)

    async def count(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=await request.read())

    async def work() -> bytes:
        server = web.Server(count)
        connector = MemoryConnector({"crm.example:80": server}, delay=lambda: next(delays))

        async def parts() -> object:
            for number in range(50):
                yield f"{number},".encode()

        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.post("http://crm.example/", data=parts()) as answer,
        ):
            got = await answer.read()
        await server.shutdown()
        return got

    assert run(work, seed=2) == "".join(f"{number}," for number in range(50)).encode()


def test_two_runs_with_one_seed_make_the_same_turns() -> None:
    def turns(seed: int) -> int:
        loop = SimLoop(seed)

        async def work() -> None:
            server = web.Server(shop)
            connector = MemoryConnector({"crm.example:80": server})
            async with aiohttp.ClientSession(connector=connector) as session:
                await asyncio.gather(*(session.post("http://crm.example/", data=b"y") for _ in range(5)))
            await server.shutdown()

        try:
            loop.run_until_complete(work())
        finally:
            loop.close()
        return loop.turns

    assert turns(3) == turns(3)
