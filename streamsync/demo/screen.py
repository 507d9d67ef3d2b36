"""What the demonstration shows: headings, ticked steps, progress. To standard error when JSON is wanted on
standard output."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

LABELS = {
    "organisation": "Customers",
    "person": "Contacts",
    "item": "Items",
    "delivery": "Orders",
    "invoice": "Invoices",
}
SETTLED = ("in_sync", "filtered", "conflict", "parked")


class Screen:
    def __init__(self, *, as_json: bool = False) -> None:
        self._console = Console(stderr=as_json, highlight=False, markup=False, soft_wrap=True)

    def say(self, text: str = "") -> None:
        self._console.print(text)

    def heading(self, text: str) -> None:
        self._console.print(f"\n{text}", style="bold")

    def tick(self, ok: bool, text: str) -> None:
        self._console.print(f"{'✓' if ok else '✗'} {text}", style="green" if ok else "red")

    @contextmanager
    def progress(self) -> Iterator["Bars"]:
        """Bars on a terminal, a line now and then elsewhere."""
        if not self._console.is_terminal:
            yield Lines(self)
            return
        columns = (
            TextColumn("  {task.description:<10}"),
            BarColumn(40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            yield Bars(progress)


class Bars:
    """A bar for each entity."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, entities: Mapping[str, Mapping[str, int]]) -> None:
        """`entities` as the daemon's status has them: counts by outcome."""
        assert self._progress is not None
        for entity, (done, total) in done_of(entities).items():
            if entity not in self._tasks:
                self._tasks[entity] = self._progress.add_task(LABELS.get(entity, entity), total=total)
            self._progress.update(self._tasks[entity], completed=done, total=total)


class Lines(Bars):
    """For a log: one line whenever something moved."""

    def __init__(self, screen: Screen) -> None:
        super().__init__(None)
        self._screen = screen
        self._last = ""

    def show(self, entities: Mapping[str, Mapping[str, int]]) -> None:
        found = done_of(entities)
        line = ", ".join(f"{LABELS.get(name, name)} {done}/{total}" for name, (done, total) in found.items())
        if line and line != self._last:
            self._last = line
            self._screen.say(f"  {line}")


def done_of(entities: Mapping[str, Mapping[str, int]]) -> dict[str, tuple[int, int]]:
    """(settled, all) pairs of each entity; an outcome may carry its reason (`waiting:gate`)."""
    return {
        entity: (
            sum(count for outcome, count in counts.items() if outcome.partition(":")[0] in SETTLED),
            sum(counts.values()),
        )
        for entity, counts in entities.items()
    }


def connection_of(status: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """One connection's part of the daemon's status; empty while the daemon knows it not."""
    found: Mapping[str, Any] = status.get("connections", {}).get(name, {})
    return found
