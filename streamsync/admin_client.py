"""The command line's way to the running daemon: its JSON API, so that nothing but the daemon opens the
database (`verify` does where none runs, under the same lock)."""

from typing import Any

import aiohttp
import msgspec

TIMEOUT_SECONDS = 300.0


class Unreachable(Exception):
    """The daemon does not answer, or it refused; the message says which and what to do."""


class NotRunning(Unreachable):
    """Nobody listens at the admin address."""


class AdminClient:
    def __init__(self, host: str, port: int) -> None:
        self._origin = f"http://{host}:{port}"

    async def get(self, path: str, **query: str) -> Any:
        return await self._ask("GET", path, params={name: value for name, value in query.items() if value})

    async def post(self, path: str, body: object) -> Any:
        return await self._ask("POST", path, data=msgspec.json.encode(body))

    async def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.request(method, self._origin + path, allow_redirects=False, **arguments) as reply,
            ):
                body = await reply.read()
                status = reply.status
        except aiohttp.ClientError as error:
            sort = NotRunning if isinstance(error, aiohttp.ClientConnectorError) else Unreachable
            raise sort(
                f"The daemon does not answer at {self._origin}. Is `streamsync run` running?"
            ) from error
        except TimeoutError as error:
            raise Unreachable(
                f"The daemon at {self._origin} did not answer in {TIMEOUT_SECONDS:.0f} s. Look at its log."
            ) from error
        try:
            answer = msgspec.json.decode(body or b"{}")
        except msgspec.DecodeError as error:
            raise Unreachable(
                f"{self._origin} answered {status}, not as the daemon does. Does `daemon.admin` name the"
                " daemon's address? If it does, look at its log."
            ) from error
        if status >= 400:
            problems = "".join(f"\n  - {problem}" for problem in answer.get("problems", []))
            raise Unreachable(f"{answer.get('error', f'The daemon answered {status}.')}{problems}")
        return answer
