"""What happens at a moment of a seed and ends again: storms, revoked tokens, clocks that jump, a schema that
drifts, a number that is taken; and the one record that always fails, which stays so to the end.

`Weather.begin` sets the timers, `end` clears the sky. Each thing that happens is told in the story and
counted in `met`, so that a test can see that a switch which is on also acts.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from streamsync.demo.processes import WEBCRM_TOKEN
from streamsync.simulators.face import Face
from streamsync.simulators.faults import Rule, Sort
from streamsync.simulators.visma.world import VismaWorld
from streamsync.simulators.webcrm.world import WebcrmWorld
from tests.simulation.swarm.malice import Swarm

Undo = Callable[[], object]
OPTIONS = (
    ("DeliveryCustom5", "Godkendt"),
    ("DeliveryCustom5", "Afventer"),
    ("OrganisationCountry", "Danmark"),
)
FIELDS = ("DeliveryCustom6", "OrganisationExtraCustom2", "PersonCustom3")
MEDDLE_SECONDS = 3.0
OUR_PHONE, THEIR_PHONE = "20304010", "20304011"
STORM = 0.9  # the part of all requests that a storm takes


class Weather:
    def __init__(
        self,
        swarm: Swarm,
        crm: Face,
        erp: Face,
        rng: random.Random,
        note: Callable[[str], None],
    ) -> None:
        assert isinstance(crm.stand_in, WebcrmWorld)
        assert isinstance(erp.stand_in, VismaWorld)
        self.swarm, self.rng, self._note = swarm, rng, note
        self.faces = {"webCRM": crm, "Visma.net": erp}
        self.crm, self.erp = crm.stand_in, erp.stand_in
        self.met: Counter[str] = Counter()
        self._storms: list[asyncio.TimerHandle] = []
        self._undo: dict[int, Undo] = {}

    def begin(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        """Everything starts within so many seconds."""
        self.swarm.set_up(self.crm, self.erp)
        for face in self.faces.values():
            self.swarm.arm(face)
        erp = self.faces["Visma.net"].faults
        erp.zone_offset_minutes, erp.clock_offset_ms = self.swarm.zone_minutes, self.swarm.skew_ms
        if self.swarm.poison:
            self._poison(self.swarm.poison)
        for name in self.swarm.weather:
            for _ in range(self.rng.randint(1, 2)):
                at, lasts = self.rng.uniform(5, seconds - 5), self.rng.uniform(5, 45)
                self._storms.append(loop.call_later(at, self._strike, name, loop, lasts))

    def end(self) -> None:
        """What was wrong is right again, but for a record that always fails."""
        for timer in self._storms:
            timer.cancel()
        for number in list(self._undo):
            self._clear(number)
        for face in self.faces.values():
            face.faults.rules[:] = [rule for rule in face.faults.rules if rule.name == "poison"]
            self.met.update(face.faults.met)

    def _strike(self, name: str, loop: asyncio.AbstractEventLoop, lasts: float) -> None:
        try:
            undo = getattr(self, f"_{name}")()
        except (ValueError, IndexError) as problem:  # nothing there yet to strike, or it is struck already
            self._note(f"nothing comes of {name}: {type(problem).__name__}")
            return
        self.met[name] += 1
        number = len(self._storms)
        self._undo[number] = undo
        self._storms.append(loop.call_later(lasts, self._clear, number))

    def _clear(self, number: int) -> None:
        undo = self._undo.pop(number, None)
        if undo is not None:
            undo()

    def _face(self) -> tuple[str, Face]:
        return self.rng.choice(sorted(self.faces.items(), key=lambda item: item[0]))

    def _storm(self, name: str, sort: Sort, **more: Any) -> Undo:
        system, face = self._face()
        rule = Rule(sort=sort, name=name, probability=STORM, **more)
        face.faults.rules.insert(0, rule)
        self._note(f"{system}: {name.replace('_', ' ')}")

        def over() -> None:
            with suppress(ValueError):
                face.faults.rules.remove(rule)

        return over

    def _throttle_storm(self) -> Undo:
        return self._storm("throttle_storm", Sort.THROTTLE, seconds=self.rng.choice([1, 30, 120]))

    def _error_storm(self) -> Undo:
        return self._storm("error_storm", Sort.ERROR, status=self.rng.choice([500, 502, 503]))

    def _outage(self) -> Undo:
        return self._storm("outage", Sort.RESET_BEFORE)

    def _revocation(self) -> Undo:
        """The administrator takes the token back, and gives it again."""
        system, _ = self._face()
        self._note(f"{system}: the token is revoked")
        if system == "webCRM":
            code = WEBCRM_TOKEN
            self.crm.act("set_token", {"code": code, "revoked": True}, 0)
            return lambda: self.crm.act("set_token", {"code": code, "revoked": False}, 0)
        self.erp.tokens.revoked = True
        self.erp.tokens.expire_all()
        return lambda: setattr(self.erp.tokens, "revoked", False)

    def _clock_jump(self) -> Undo:
        """Somebody sets the server's clock; it stays so."""
        system, face = self._face()
        jump = self.rng.choice([-20_000, -3_000, 3_000, 20_000])
        face.faults.clock_offset_ms += jump
        self._note(f"{system}: the clock jumps by {jump / 1000:.0f} s")
        return lambda: None

    def _zone_jump(self) -> Undo:
        """All finance stamps read an hour later at once; it stays so."""
        self.faces["Visma.net"].faults.zone_offset_minutes += 60
        self._note("Visma.net: all stamps move by an hour")
        return lambda: None

    def _option_gone(self) -> Undo:
        field, option = self.rng.choice(OPTIONS)
        self.crm.act("remove_option", {"field": field, "option": option}, 0)
        self._note(f"webCRM: {field} loses the option {option}")
        return lambda: self.crm.act("add_option", {"field": field, "option": option}, 0)

    def _option_renamed(self) -> Undo:
        field, option = self.rng.choice(OPTIONS)
        new = f"{option} (ny)"
        self.crm.act("rename_option", {"field": field, "old": option, "new": new}, 0)
        self._note(f"webCRM: the option {option} of {field} is {new} now")
        return lambda: self.crm.act("rename_option", {"field": field, "old": new, "new": option}, 0)

    def _field_gone(self) -> Undo:
        field = self.rng.choice(FIELDS)
        settings = self.crm.act("remove_field", {"field": field}, 0)
        self._note(f"webCRM: the field {field} is gone")
        return lambda: self.crm.act("configure_field", {"field": field, "settings": settings}, 0)

    def _attribute_gone(self) -> Undo:
        self.erp.act("settings", {"missing_attributes": ["WEBCRMID"]}, 0)
        self._note("Visma.net: the attribute WEBCRMID is gone")
        return lambda: self.erp.act("settings", {"missing_attributes": []}, 0)

    def _number_taken(self) -> Undo:
        """A person gives an organisation that is not synced the number which a customer has or is about to
        get; a bookkeeper gives a customer the next number of the series."""
        customers = self.erp.company.customers.all()
        face = self.faces["webCRM"]
        if self.rng.random() < 0.5:
            number = str(int(self.rng.choice(customers).number) + self.rng.randint(0, 2))
            fields = {
                "OrganisationName": "Kopi ApS",
                "OrganisationType": "Leverandør",
                "OrganisationExtraCustom2": number,
            }
            self.crm.act("create", {"kind": "organisation", "fields": fields}, face.now_ms())
            self._note(f"crm: an organisation of another type is given the number {number}")
            return lambda: None
        number = str(max(int(one.number) for one in customers if one.number < "90000") + 1)
        old = self.rng.choice(customers).number
        now_ms = self.faces["Visma.net"].now_ms()
        self.erp.act("renumber_customer", {"number": old, "to": number}, now_ms)
        self._note(f"erp: customer {old} is {number} now, the next number of the series")
        return lambda: None

    def _list_gap(self) -> Undo:
        """The lists of one service leave a living record out. One that was shown before: who was never shown
        to a daemon, or to the copy that it was set back to, is unknown to it."""
        system, face = self._face()
        ours, theirs = self.rng.choice(self._twins())
        if self.swarm.roll_back:
            raise IndexError("nobody knows what a copy has seen")
        customer = self.erp.company.customers.get(theirs)
        record = str(ours) if system == "webCRM" or customer is None else customer.number
        rule = Rule(sort=Sort.LIST_LIES, name="list_gap", method="GET", record=record, probability=1.0)
        face.faults.rules.append(rule)
        self._note(f"{system}: lists leave {record} out")
        return lambda: face.faults.rules.remove(rule)

    def _meddlers(self) -> Undo:
        """A workflow on either side puts a telephone number back whenever it was changed. They never stop, so
        the daemon must."""
        ours, theirs = self._twins()[0]
        loop = asyncio.get_running_loop()

        def meddle() -> None:
            loop.call_later(MEDDLE_SECONDS, meddle)
            now_ms = {system: face.now_ms() for system, face in self.faces.items()}
            rows = self.crm.books.tables["organisation"].rows
            if ours in rows and rows[ours].get("OrganisationTelephone") != OUR_PHONE:
                edit = {"kind": "organisation", "id": ours, "fields": {"OrganisationTelephone": OUR_PHONE}}
                self.crm.act("edit", edit, now_ms["webCRM"])
            customer = self.erp.company.customers.get(theirs)
            if customer is not None and customer.fields.get("mainContact.phone1") != THEIR_PHONE:
                change: dict[str, object] = {
                    "number": customer.number,
                    "fields": {"mainContact.phone1": THEIR_PHONE},
                }
                self.erp.act("edit_customer", change, now_ms["Visma.net"])

        meddle()
        self._note(f"both: workflows put the telephone of organisation {ours} and customer {theirs} back")
        return lambda: None

    def _twins(self) -> list[tuple[int, int]]:
        """Organisations and customers that name each other. Raises IndexError where there are none yet."""
        marks = {
            row.get("OrganisationExtraCustom8", ""): key
            for key, row in self.crm.books.tables["organisation"].rows.items()
        }
        found = [
            (marks[f"erp:organisation:{one.internal_id}"], one.internal_id)
            for one in self.erp.company.customers.all()
            if f"erp:organisation:{one.internal_id}" in marks
        ]
        if not found:
            raise IndexError("there are no twins")
        return found

    def _poison(self, status: int) -> None:
        """One record of each side that the other system never takes: what carries its marker fails."""
        organisation = min(self.crm.books.tables["organisation"].rows, default=0) or 778_800
        organisation = max(organisation, self.crm.books.next_ids["organisation"]) + self.rng.randint(0, 2)
        customer = 4211 + self.rng.randint(0, 2)
        for system, marker in (
            ("Visma.net", f"crm:organisation:{organisation}"),
            ("webCRM", f"erp:organisation:{customer}"),
        ):
            self._note(f"{system}: whatever holds {marker} fails with {status}")
            self.faces[system].faults.rules.append(
                Rule(sort=Sort.ERROR, name="poison", holds=marker, status=status, probability=1.0)
            )
