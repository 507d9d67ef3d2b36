"""The closed catalogue of what may be logged: the events with their level and sentence, and the keys they may
carry.

Keys hold ids, names of fields, classes, counts and durations; never a record's values and never a secret
(security D3). An event or a key that is not here is not written as given: the event is replaced, the key is
dropped, and both are counted.
"""

from collections.abc import Mapping

import msgspec

DEBUG, INFO, WARNING, ERROR = "debug", "info", "warning", "error"
LEVELS: Mapping[str, int] = {DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40}
UNLISTED = "unlisted"


class Event(msgspec.Struct, frozen=True):
    level: str
    sentence: str


EVENTS: Mapping[str, Event] = {
    # The process.
    "started": Event(INFO, "The daemon runs."),
    "stopping": Event(INFO, "The daemon was asked to stop; it finishes what it has begun."),
    "stopped": Event(INFO, "The daemon has stopped cleanly."),
    "restart_unclean": Event(
        WARNING, "The last life ended in the middle of writes; they are looked up before anything else."
    ),
    "cut_short": Event(
        WARNING, "The daemon was asked to stop twice; what was under way is looked up at the next start."
    ),
    "crashpoint": Event(
        WARNING, "STREAMSYNC_CRASHPOINT is set: this process will end itself in the middle of its work."
    ),
    "store_full": Event(ERROR, "The state file cannot be written; everything waits. Make room on its disk."),
    "store_writable": Event(INFO, "The state file can be written again; what waited goes on."),
    "reloaded": Event(INFO, "The configuration was read again and is in force."),
    "reload_refused": Event(ERROR, "The configuration cannot be used; the old one stays in force."),
    "secrets_reloaded": Event(INFO, "Secrets were read again."),
    "level_changed": Event(INFO, "The log level was changed."),
    "actor_restarted": Event(ERROR, "An actor crashed and is run again."),
    "actor_degraded": Event(ERROR, "An actor keeps crashing; it is tried only now and then."),
    "actor_recovered": Event(INFO, "An actor that kept crashing has run for a while."),
    "actor_overran": Event(WARNING, "An actor did not stop in time."),
    "library": Event(WARNING, "A library had something to say."),
    UNLISTED: Event(WARNING, "An event that is not in the catalogue: a mistake in the program."),
    # A connection.
    "connection_open": Event(INFO, "Both systems answer and the rules fit them; the connection works."),
    "open_failed": Event(WARNING, "A system could not be opened; it is tried again."),
    "tenant_refused": Event(
        ERROR, "The tokens belong to another webCRM system or Visma.net company than the store."
    ),
    "rules_refused": Event(ERROR, "The rules do not fit the two systems; nothing is written."),
    "catalogue_failed": Event(WARNING, "Fields and code tables could not be read anew; the last ones hold."),
    "rules_changed": Event(INFO, "A new version of the rules is in force."),
    "plan_accepted": Event(INFO, "The first sync was accepted; from now on writes happen."),
    "hook_refused": Event(WARNING, "A webhook with a wrong signature or path was refused."),
    "host_refused": Event(WARNING, "A request for a host name that is not ours was refused."),
    # The flow.
    "poll_failed": Event(WARNING, "A list could not be read; it is tried again."),
    "row_malformed": Event(WARNING, "A row could not be read; the rest of its page was."),
    "read_wanted": Event(DEBUG, "A record is needed that no list has shown yet."),
    "decision_failed": Event(ERROR, "The decision about a record failed; that record is parked."),
    "reconcile_failed": Event(WARNING, "A comparison could not be finished; it is tried again."),
    "resolve_failed": Event(WARNING, "What became of a write could not be looked up; it is tried again."),
    "brake_on": Event(
        WARNING, "Unusually many deletions, marks or overwrites at once; they wait for a person's approval."
    ),
    "paused": Event(INFO, "A person paused writes."),
    "resumed": Event(INFO, "A person let writes go on; what waited is decided again."),
    "retried": Event(INFO, "Parked work was put back to work by a person."),
    # Writes.
    "op_done": Event(INFO, "A write is certain."),
    "op_adopted": Event(INFO, "A record that an earlier attempt had created was found and linked."),
    "op_superseded": Event(INFO, "A write was dropped because the world moved; the pair is decided again."),
    "op_failed": Event(WARNING, "A write was not answered with yes."),
}

KEYS = frozenset(
    "action actor at attempt bytes cause change_id code config_version connection connections count"
    " deadline_seconds direction duration_ms entity error_class feed field job kind lane late length logger"
    " op ops outcome pair port problem problems progress reason record remaining repeated restarts"
    " retry_seconds rule rules_version seconds side stack state status system trace_id version what".split()
)
