"""Biased worlds: a `Focus` bends the plan of a seed so that one rare meeting happens all the time.

Fewer acts on fewer records collide more often; one fault that is on all the time meets every state. Drawn in
some ordinary seeds; a planted bug (`mutants`) names the focus that shows it soonest.
"""

from collections.abc import Mapping

import msgspec


class Focus(msgspec.Struct, frozen=True, kw_only=True):
    """`first`: acts done at the beginning. `acts`: the only ones after it; empty = all. `pause`: mean seconds
    between two; 0 = as drawn. `installation`: what is not as usual; `operators`: the commands given at the
    workbench. `alone`: no other fault than those named here."""

    name: str
    first: tuple[str, ...] = ()
    acts: frozenset[str] = frozenset()
    pause: float = 0.0
    wire: dict[str, float] = {}
    weather: tuple[str, ...] = ()
    switches: dict[str, object] = {}
    installation: Mapping[str, object] = {}
    operators: tuple[str, ...] = ()
    alone: bool = True


ONE_PAIR = ("crm_new_organisation", "erp_new_customer")
FAMILY = ("crm_new_organisation", "crm_new_person", "crm_new_delivery", "erp_new_customer", "erp_new_contact")
NO_CRASH: dict[str, object] = {"crashes": 0, "roll_back": False}

FOCI = {
    focus.name: focus
    for focus in (
        Focus(
            name="one pair",
            first=ONE_PAIR,
            acts=frozenset({"crm_edit_organisation", "erp_edit_customer"}),
            pause=3,
            switches=NO_CRASH,
        ),
        Focus(
            name="one pair, old reads",
            first=ONE_PAIR,
            acts=frozenset({"crm_edit_organisation", "erp_edit_customer"}),
            pause=6,
            wire={"old_reads": 0.6},
            switches=NO_CRASH,
        ),
        Focus(
            name="unsure creates",
            acts=frozenset(
                {
                    *FAMILY,
                    "erp_new_order",
                    "erp_new_invoice",
                    "crm_edit_organisation",
                }
            ),
            wire={"late_post": 0.4, "reset_after_post": 0.3, "late_patch": 0.3, "reset_after_patch": 0.3},
            switches=NO_CRASH | {"search_lag": True},
        ),
        Focus(
            name="unsure updates",
            first=FAMILY,
            acts=frozenset(
                {
                    "crm_edit_organisation",
                    "erp_edit_customer",
                    "crm_edit_person",
                    "erp_edit_contact",
                    "crm_edit_delivery",
                    "erp_edit_order",
                }
            ),
            pause=4,
            wire={"reset_after_put": 0.5, "reset_after_patch": 0.5, "late_put": 0.3, "error_after": 0.1},
            switches=NO_CRASH,
        ),
        Focus(
            name="crashes",
            acts=frozenset(
                {*FAMILY, "erp_new_order", "erp_new_invoice", "crm_edit_organisation", "erp_edit_customer"}
            ),
            pause=3,
            wire={"late_post": 0.3, "slow": 0.5},
            switches={"crashes": 8, "roll_back": False},
        ),
        Focus(
            name="lost commits",
            acts=frozenset(
                {*FAMILY, "erp_new_order", "erp_new_invoice", "crm_edit_organisation", "erp_edit_customer"}
            ),
            pause=3,
            wire={"late_post": 0.4, "late_patch": 0.4, "slow": 0.8},
            switches={"crashes": 8, "roll_back": True, "search_lag": True},
        ),
        Focus(
            name="late lists",
            acts=frozenset(
                {*FAMILY, "crm_edit_organisation", "erp_edit_customer", "crm_edit_person", "erp_edit_order"}
            ),
            pause=3,
            switches=NO_CRASH | {"list_lag": True, "late_stamps": True, "same_second": True},
        ),
        Focus(
            name="families",
            acts=frozenset({*FAMILY, "erp_new_order", "erp_renumber_customer"}),
            wire={"slow": 0.5, "slow_reads": 0.4},
            switches=NO_CRASH,
        ),
        Focus(name="peace", switches=NO_CRASH),
        Focus(name="poison", switches=NO_CRASH | {"poison": 400}),
        Focus(
            name="old records",
            wire={"slow_reads": 0.6, "error": 0.1},
            switches=NO_CRASH,
            installation={"filled": True},
        ),
        Focus(
            name="a plan to accept",
            switches=NO_CRASH,
            installation={"filled": True, "first_sync": "ask"},
        ),
        Focus(
            name="mass changes",
            acts=frozenset({"erp_discontinue_many", "erp_edit_item", "crm_edit_organisation"}),
            switches=NO_CRASH,
            installation={"many": True},
        ),
        Focus(name="pauses", pause=3, switches=NO_CRASH, operators=("pause",)),
        Focus(
            name="gaps in lists",
            first=ONE_PAIR,
            acts=frozenset({"crm_new_organisation", "erp_new_customer", "crm_new_person", "erp_new_contact"}),
            weather=("list_gap",),
            switches=NO_CRASH,
            operators=("reconcile",),
        ),
        Focus(
            name="meddlers",
            first=ONE_PAIR,
            acts=frozenset({"crm_edit_organisation", "erp_edit_customer"}),
            weather=("meddlers",),
            switches=NO_CRASH,
        ),
        Focus(
            name="policies",
            first=ONE_PAIR,
            acts=frozenset({"both_edit_organisation", "both_edit_person", "crm_new_person"}),
            pause=8,
            switches=NO_CRASH,
        ),
    )
}
