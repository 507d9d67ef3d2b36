"""The HTTP face of a stand-in: the one place of the simulators that knows sockets, waiting and broken
connections.

`handler` gives a callable for `aiohttp.web.Server` (tests run it in memory under virtual time), `build_app`
an application, `serve` a listening one. All time is the Clock's. A request is read whole, meets its fault,
is handled in one synchronous step and counted by kind and status. Paths under `/_sim/` go to the control
side and meet no fault.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

import aiohttp
import msgspec
from aiohttp import web

from streamsync.clock import Clock
from streamsync.simulators import control
from streamsync.simulators.faults import LIES, Fault, FaultPlan, Sort
from streamsync.simulators.http import (
    Call,
    Calling,
    Refusing,
    Request,
    Response,
    StandIn,
    decode_json,
    encode_json,
    json_response,
)
from streamsync.simulators.lies import Liar, rows_of

Record = Callable[[Request, Response], None]
Send = Callable[[Call], Awaitable[None]]

HONEST = Fault()
NO_ANSWER = 0  # the status under which a request without an answer is counted


class Counts:
    """Requests by kind and status since the last reset. Status 0: the client got no answer."""

    def __init__(self) -> None:
        self.by_kind: Counter[tuple[str, int]] = Counter()
        self.last_write_ms = 0
        self.calls_sent = 0
        self.calls_failed = 0

    def note(self, kind: str, method: str, status: int, now_ms: int) -> None:
        self.by_kind[kind, status] += 1
        is_write = method not in ("GET", "HEAD") and "/Auth" not in kind and "token" not in kind.lower()
        if is_write and status < 400:
            self.last_write_ms = now_ms

    def clear(self) -> None:
        self.by_kind.clear()
        self.last_write_ms = self.calls_sent = self.calls_failed = 0

    def total(self, kind_prefix: str = "") -> int:
        """All requests whose kind starts so."""
        return sum(n for (kind, _), n in self.by_kind.items() if kind.startswith(kind_prefix))

    def as_json(self) -> dict[str, object]:
        kinds: dict[str, dict[str, int]] = {}
        for (kind, status), n in sorted(self.by_kind.items()):
            kinds.setdefault(kind, {})[str(status)] = n
        return {
            "total": self.total(),
            "by_kind": kinds,
            "last_write_ms": self.last_write_ms,
            "calls_sent": self.calls_sent,
            "calls_failed": self.calls_failed,
        }


class Face:
    """Callable with an aiohttp request. `record` sees every request and its answer (contract tests)."""

    def __init__(
        self,
        stand_in: StandIn,
        clock: Clock,
        faults: FaultPlan,
        record: Record | None = None,
        send: Send | None = None,
    ) -> None:
        self.stand_in = stand_in
        self.clock = clock
        self.faults = faults
        self.counts = Counts()
        self.record = record
        self.send = send
        self._liar = Liar(stand_in)
        self._sending: set[asyncio.Task[None]] = set()

    def now_ms(self) -> int:
        """The stand-in's idea of now."""
        now_ms = self.clock.now_ms() + self.faults.clock_offset_ms
        return now_ms - now_ms % self.faults.clock_step_ms if self.faults.clock_step_ms else now_ms

    async def __call__(self, incoming: web.BaseRequest) -> web.StreamResponse:
        request = await read_request(incoming)
        if request.path.startswith(control.PREFIX):
            answer = control.answer(self, request)
            self.deliver_calls()
            return self._outgoing(answer)
        fault = self.faults.decide(request)
        if fault.latency_seconds > 0:
            await self.clock.sleep(fault.latency_seconds)
        return await self._meet(incoming, request, fault)

    async def _meet(self, incoming: web.BaseRequest, request: Request, fault: Fault) -> web.StreamResponse:
        sort = fault.sort
        if sort in (Sort.THROTTLE, Sort.ERROR, Sort.UNAUTHORIZED):
            status = {Sort.THROTTLE: 429, Sort.UNAUTHORIZED: 401}.get(sort, fault.status)
            return self._outgoing(self._refuse(request, status, fault.seconds))
        if sort is Sort.ECHO:
            self._count(request, fault.status)
            return self._outgoing(echo(request, fault.status))
        if sort is Sort.RESET_BEFORE:
            self._count(request, NO_ANSWER)
            return break_off(incoming)
        if sort is Sort.LATE_COMMIT:
            asyncio.get_running_loop().call_later(fault.seconds, self.do, request, NO_ANSWER)
            return break_off(incoming)
        if sort is Sort.RESET_AFTER:
            self.do(request, NO_ANSWER)
            return break_off(incoming)
        if sort is Sort.HALF_DONE:
            self.do(half_of(request), NO_ANSWER)
            return break_off(incoming)
        if sort is Sort.ERROR_AFTER:
            self.do(request, fault.status)
            return self._outgoing(self._worded(fault.status, fault.seconds))
        answer = self.do(request, fault=fault)
        if sort is Sort.LATE_ANSWER:
            await self.clock.sleep(fault.seconds)
        if sort is Sort.HALF_BODY and len(answer.body) > 1:
            return await self._half(incoming, answer)
        if sort is Sort.DUPLICATE_ROWS and request.method == "GET":
            answer = with_duplicate(answer, self.faults)
        return self._outgoing(answer)

    def do(self, request: Request, shown_status: int | None = None, fault: Fault = HONEST) -> Response:
        """Handles one request now, counts it and hands out the calls it caused."""
        if self.faults.zone_offset_minutes:
            request.headers["x-sim-zone-offset-minutes"] = str(self.faults.zone_offset_minutes)
        if fault.sort in LIES:
            answer = self._liar.told(request, fault, self.now_ms())
        else:
            answer = self.stand_in.handle(request, self.now_ms())
        self._count(request, answer.status if shown_status is None else shown_status)
        if self.record is not None:
            self.record(request, answer)
        self.deliver_calls()
        return answer

    def deliver_calls(self) -> None:
        """Starts the delivery of the web hooks that are due, in the background."""
        if not isinstance(self.stand_in, Calling):
            return
        for call in self.stand_in.due_calls(self.now_ms()):
            if self.send is None:
                continue
            task = asyncio.get_running_loop().create_task(self._deliver(call, self.send))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _deliver(self, call: Call, send: Send) -> None:
        try:
            await send(call)
        except (aiohttp.ClientError, OSError, TimeoutError):
            self.counts.calls_failed += 1  # nothing is known of repeats, so there are none (webcrm-api §7)
        else:
            self.counts.calls_sent += 1

    def _count(self, request: Request, status: int) -> None:
        self.counts.note(self.stand_in.classify(request), request.method, status, self.now_ms())

    def _refuse(self, request: Request, status: int, retry_after_seconds: float) -> Response:
        self._count(request, status)
        return self._worded(status, retry_after_seconds)

    def _worded(self, status: int, retry_after_seconds: float) -> Response:
        if isinstance(self.stand_in, Refusing):
            return self.stand_in.refusal(status, retry_after_seconds)
        headers = {"Retry-After": str(round(retry_after_seconds))} if status in (429, 503) else {}
        return json_response(status, {"message": f"Injected {status}."}, headers)

    def _outgoing(self, answer: Response) -> web.Response:
        headers = {**answer.headers, "Date": self._date()}
        return web.Response(status=answer.status, headers=headers, body=answer.body)

    async def _half(self, incoming: web.BaseRequest, answer: Response) -> web.StreamResponse:
        headers = {
            **answer.headers,
            "Date": self._date(),
            "Content-Length": str(len(answer.body)),
        }
        outgoing = web.StreamResponse(status=answer.status, headers=headers)
        await outgoing.prepare(incoming)
        await outgoing.write(answer.body[: len(answer.body) // 2])
        transport = incoming.transport
        if transport is not None:
            transport.close()  # flushes what was written, then ends: the client sees a short body
        return outgoing

    def _date(self) -> str:
        return formatdate(self.now_ms() / 1000, usegmt=True)


async def read_request(incoming: web.BaseRequest) -> Request:
    """The whole request, body included; percent-escapes of the path decoded once."""
    body = await incoming.content.read()
    raw_path = incoming.raw_path.partition("?")[0]
    query: dict[str, list[str]] = {}
    for name, value in incoming.query.items():
        query.setdefault(name, []).append(value)
    return Request(
        method=incoming.method,
        path=unquote(raw_path),
        raw_path=raw_path,
        query=query,
        headers={name.lower(): value for name, value in incoming.headers.items()},
        body=body,
    )


def echo(request: Request, status: int) -> Response:
    """A careless refusal: the message holds the values of the request, without any quotes around them."""
    asked = [text for texts in request.query.values() for text in texts]
    sent = request.body.decode("utf-8", "replace").replace('"', "")
    return json_response(status, {"message": " ".join(["Could not process", *asked, sent])})


def half_of(request: Request) -> Request:
    """The same bulk write with the first half of its rows; any other request as it is."""
    try:
        rows: Any = decode_json(request.body)
    except ValueError:
        return request
    if not isinstance(rows, list):
        return request
    return msgspec.structs.replace(request, body=encode_json(rows[: len(rows) // 2]))


def break_off(incoming: web.BaseRequest) -> web.Response:
    """Cuts the connection without an answer; what is returned can no longer be sent."""
    if incoming.transport is not None:
        incoming.transport.abort()
    return web.Response(status=500)


def with_duplicate(answer: Response, faults: FaultPlan) -> Response:
    """The same answer with one row of its list twice; unchanged where there is no list."""
    content, rows = rows_of(answer)
    if not rows:
        return answer
    at = faults.rng.randrange(len(rows))
    rows.insert(at, rows[at])
    return Response(answer.status, answer.headers, encode_json(content))


def handler(
    stand_in: StandIn,
    clock: Clock,
    faults: FaultPlan,
    record: Record | None = None,
    send: Send | None = None,
) -> Face:
    """A request handler for `aiohttp.web.Server`; `.counts` is what it counted."""
    return Face(stand_in, clock, faults, record, send)


def build_app(
    stand_in: StandIn, clock: Clock, faults: FaultPlan, record: Record | None = None
) -> web.Application:
    """An application that answers every path, and delivers web hooks with a client of its own. `app[FACE]`
    is the face."""
    face = Face(stand_in, clock, faults, record)
    app = web.Application()
    app[FACE] = face

    async def everything(request: web.Request) -> web.StreamResponse:
        return await face(request)

    async def with_sender(_: web.Application) -> Any:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:

            async def send(call: Call) -> None:
                async with session.post(call.url, data=call.body, headers=call.headers) as answer:
                    await answer.read()

            face.send = send
            yield
            face.send = None

    app.router.add_route("*", "/{path:.*}", everything)
    app.cleanup_ctx.append(with_sender)
    return app


FACE: web.AppKey[Face] = web.AppKey("face", Face)


async def start(
    stand_in: StandIn, clock: Clock, faults: FaultPlan, host: str, port: int
) -> tuple[web.AppRunner, int]:
    """Listens; gives the runner (to `cleanup()`) and the bound port."""
    runner = web.AppRunner(build_app(stand_in, clock, faults), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner, int(runner.addresses[0][1])


async def serve(stand_in: StandIn, clock: Clock, faults: FaultPlan, host: str, port: int) -> int:
    """Listens for as long as the event loop runs; gives the bound port. Prints nothing."""
    _, bound = await start(stand_in, clock, faults, host, port)
    return bound
