"""Read this first: the tree of actors and the queues between them. It alone imports the actors.

    per connection                                             one line per edge
    ------------------------------------------------------------------------------------------------
    opener      tokens, identity, catalogues, tables    ->     sets `opened`; the others wait for it poller *
    n  one per feed of each system             ->     route: Mailbox[pair id]      (bounded: back-pressure)
    router      dirty pairs by name and by timer        ->     map[entity]: Mailbox[pair id] (bounded) mapper
    * 5  one per entity: decide                  ->     outbox rows; write_wakes[side] writer * 2  one per
    system: send, acknowledge       ->     route again; resolve_wake when unknown resolver    unknown ->
    certain                      ->     write_wakes, route reconciler  payments, deleted lines, full reads
    ->     route, poll_wakes shared by all: webhook (hints -> poll_wakes), janitor (gauges, retention)

Supervision: an actor that fails is started again with growing pauses; one that keeps failing makes its
connection degraded and leaves the rest alone. Stopping runs in the order of the flow: pollers first, writers
last.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from actors.connection import Connection, RulesInForce
from actors.janitor import Janitor
from actors.mapper import Mapper
from actors.opener import Opener
from actors.poller import Poller
from actors.reconciler import Reconciler
from actors.resolver import Resolver
from actors.router import Router
from actors.webhook import Hint, Webhook
from actors.writer import Writer
from streamsync.clock import Clock
from streamsync.kernel.actor import Actor
from streamsync.kernel.mailbox import Mailbox
from streamsync.kernel.signal import Wake
from streamsync.kernel.supervisor import Supervisor
from streamsync.model import Entity, Side
from streamsync.observe.metrics import Metrics
from streamsync.store.db import Store
from streamsync.systems.port import System

ROUTE_MAX = 2_000
MAP_MAX = 1_000
HINTS_MAX = 256


@dataclass
class Plant:
    """Everything that runs, for the daemon to start, look at and stop."""

    connections: Mapping[str, Connection]
    hints: Mailbox[Hint]
    sources: Sequence[Actor]
    deciders: Sequence[Actor]
    writers: Sequence[Writer]
    rest: Sequence[Actor]
    openers: Mapping[str, Wake]


def connect(
    name: str,
    *,
    store: Store,
    clock: Clock,
    systems: Mapping[Side, System],
    force: RulesInForce,
    poll_seconds: Mapping[Side, float],
    metrics: Metrics,
    log: Callable[..., None],
) -> Connection:
    """The queues of one connection."""
    feeds = [feed.name for system in systems.values() for feed in system.feeds]
    return Connection(
        name=name,
        store=store,
        clock=clock,
        systems=systems,
        poll_seconds=poll_seconds,
        metrics=metrics,
        log=log,
        force=force,
        route=Mailbox(f"route:{name}", ROUTE_MAX, clock),
        map={entity: Mailbox(f"map:{name}:{entity}", MAP_MAX, clock) for entity in Entity},
        poll_wakes={feed: Wake() for feed in feeds},
        write_wakes={side: Wake() for side in Side},
        resolve_wake=Wake(),
    )


def plant(
    connections: Sequence[Connection],
    *,
    store: Store,
    clock: Clock,
    metrics: Metrics,
    publish: Callable[[], None],
) -> Plant:
    """The actors of all connections, in groups by the order of stopping."""
    by_name = {connection.name: connection for connection in connections}
    hints: Mailbox[Hint] = Mailbox("hints", HINTS_MAX, clock)
    openers = {connection.name: Wake() for connection in connections}
    sources: list[Actor] = [Webhook(hints, by_name)]
    deciders: list[Actor] = []
    writers: list[Writer] = []
    rest: list[Actor] = [Janitor(store, clock, metrics, connections, publish)]
    for connection in connections:
        sources.append(Opener(connection, openers[connection.name]))
        sources += [
            Poller(connection, system, feed)
            for system in connection.systems.values()
            for feed in system.feeds
        ]
        sources.append(Reconciler(connection))
        deciders.append(Router(connection))
        deciders += [Mapper(connection, entity) for entity in Entity]
        writers += [Writer(connection, side) for side in Side]
        rest.append(Resolver(connection))
    return Plant(by_name, hints, sources, deciders, writers, rest, openers)


def start(plant: Plant, supervisor: Supervisor) -> None:
    for actor in (*plant.rest, *plant.writers, *plant.deciders, *plant.sources):
        supervisor.start(actor)


async def stop(plant: Plant, supervisor: Supervisor, drain_seconds: float) -> None:
    """Sources stop, the mappers finish what they hold, the writers finish the request in hand, then the
    rest."""
    await supervisor.stop([actor.name for actor in plant.sources], 1.0)
    await supervisor.stop([actor.name for actor in plant.deciders], 5.0)
    await supervisor.stop([writer.name for writer in plant.writers if not writer.begun], 1.0)
    for writer in plant.writers:
        writer.drain()
    await supervisor.finish([writer.name for writer in plant.writers], drain_seconds)
    await supervisor.stop([actor.name for actor in plant.rest], 5.0)
