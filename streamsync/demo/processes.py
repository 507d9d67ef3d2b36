"""Starts and stops the real processes of the demonstration.

Each runs in a session of its own, so that a Ctrl-C at the terminal reaches the demonstration only, which then
stops them in order: the daemon first, so that it drains against living systems.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import aiohttp
import msgspec

WEBCRM_TOKEN = "demo-webcrm-token"  # noqa: S105 - what the stand-in accepts, no secret
VISMA_SECRET = "demo-visma-secret"  # noqa: S105 - what the stand-in accepts, no secret
VISMA_HOOK_SECRET = "demo-hook-secret"  # noqa: S105 - agreed with the stand-in, no secret
SECRETS = {
    "WEBCRM_TOKEN": WEBCRM_TOKEN,
    "VISMA_SECRET": VISMA_SECRET,
    "VISMA_HOOK_SECRET": VISMA_HOOK_SECRET,
}
READY_SECONDS = 60.0
STOP_SECONDS = 40.0
LOOK_SECONDS = 0.1


class Broken(Exception):
    """The demonstration cannot go on; the message says which process and where its log is."""


class Process:
    """A child process whose output goes to a file."""

    def __init__(self, name: str, child: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._child = child

    def __repr__(self) -> str:
        return f"<Process {self.name} {self._child.pid} {self.returncode}>"

    @property
    def returncode(self) -> int | None:
        return self._child.returncode

    async def stop(self) -> int:
        """SIGTERM, and SIGKILL only if that is not heeded within 40 s. Gives the exit code."""
        if self._child.returncode is None:
            with suppress(ProcessLookupError):
                self._child.terminate()
            try:
                await asyncio.wait_for(self._child.wait(), STOP_SECONDS)
            except TimeoutError:
                self._child.kill()
        return await self._child.wait()


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that are free now, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


async def stand_in(
    system: str, folder: Path, *, seed: int, size: int, options: Mapping[str, object]
) -> tuple[Process, str]:
    """A stand-in in a process of its own, and its origin. Raises Broken."""
    log = folder / f"{system}.log"
    with log.open("wb") as errors:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "streamsync", "simulate", system, "--port", "0"),
            *("--seed", str(seed), "--size", str(size), "--options", msgspec.json.encode(options).decode()),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    process = Process(system, child, log)
    assert child.stdout is not None
    try:
        line = await asyncio.wait_for(child.stdout.readline(), READY_SECONDS)
        port = msgspec.json.decode(line)["port"]
    except (TimeoutError, msgspec.DecodeError) as problem:
        await process.stop()
        raise Broken(f"The stand-in for {system} did not start; see {log}") from problem
    return process, f"http://127.0.0.1:{port}"


async def daemon(folder: Path, config: Path) -> Process:
    """`streamsync run` with the secrets in its environment."""
    log = folder / "daemon.log"
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "streamsync", "run", "--config", str(config)),
            stdout=output,
            stderr=output,
            env={**os.environ, **SECRETS},
            start_new_session=True,
        )
    return Process("daemon", child, log)


async def wait_for(session: aiohttp.ClientSession, url: str, process: Process) -> None:
    """Until the address answers 200. Raises Broken when it does not, or when the process ends meanwhile."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            while not await _answers(session, url):
                if process.returncode is not None:
                    raise Broken(f"The {process.name} ended with {process.returncode}; see {process.log}")
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise Broken(
            f"The {process.name} was not ready in {READY_SECONDS:.0f} s; see {process.log}"
        ) from None


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as reply:
            return reply.status == 200
    except aiohttp.ClientError:
        return False
