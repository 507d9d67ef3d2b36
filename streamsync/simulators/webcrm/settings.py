"""What of webCRM's behaviour can be switched, and the application tokens. Defaults: the best evidenced or
the stricter.

Each member names its quirk (webcrm-api §11) or open question (§13); a test that wants the other answer sets
it, also while the stand-in runs (act `set`).
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

Right = Literal["none", "read", "write"]
AREAS = (
    *("organisations", "persons", "deliveries", "opportunities", "quotation_lines", "linked_data"),
    *("users", "metadata", "hooks"),
)


class Token(msgspec.Struct, kw_only=True):
    """One application token. `name` appears in `*UpdatedBy` as `api2 <name>`. Areas not named have
    `write`."""

    name: str
    code: str
    rights: Mapping[str, Right] = {}
    queries_allowed: bool = True
    revoked: bool = False

    def may(self, area: str, writing: bool) -> bool:
        right = self.rights.get(area, "write")
        return right == "write" or (right == "read" and not writing)


DEFAULT_TOKEN = Token(name="streamsync", code="demo-webcrm-token")


class Settings(msgspec.Struct, kw_only=True):
    requests_per_minute: int = 250  # per token, sliding window; the figure is an assumption
    retry_after_header: bool = False  # Q3: the body's RetryAfterSeconds is all that is sure
    token_seconds: int = 3600  # §2
    login_error_status: int = 200  # Q2
    organisation_post: Literal["int", "string", "object"] = "int"  # Q1
    patch_update_answer: Literal["id", "empty"] = "id"  # Q22: what stands for a row that was updated
    raw_columns: bool = True  # Q21
    query_enums: Literal["names", "integers"] = "names"  # Q25: in the rows; in WHERE they are always integers
    query_tables: frozenset[str] = frozenset(
        {"organisation", "person", "delivery", "opportunity", "quotationline", "linkeddata", "user"}
    )  # §5.3: User and QuotationLine are not proven
    query_like: bool = True
    query_order_keys: int = 4  # §5.4: 1 = a second key is refused
    query_shuffle: bool = False  # rows without ORDER BY have no stable order
    late_commit_ms: int = 0  # a stamp may be up to so much older than the moment a change can be seen
    list_lag_ms: int = 0  # queries by stamp show a change up to so much later
    search_lag_ms: int = 0  # queries by a text find a new record up to so much later
    script_limit: int = 1500  # characters, §5.3
    default_size: int = 25  # §5.1: Size not given
    long_text: Literal["reject", "truncate"] = "reject"  # Q23
    plain_text_without_accept: bool = True  # §1: text/plain comes first unless JSON is asked for
    create_race_ms: int = 20  # Q5
    create_race_probability: float = 0.5
    recompute_value: bool = True  # §10.3: order value follows the lines
    lines_touch_deal: bool = False  # §5.4
    convert_keeps_id: bool = True  # §10.3
    convert_touches: bool = True
    deal_number_locks: bool = True  # Q6
    auto_number: bool = False  # §10.3
    responsible_required: bool = False  # Q27
    lines_copy_item: bool = True  # §10.4: Data1..9 mirror the product's
    item_put: Literal["replace", "merge"] = "replace"  # semantics 2.3: merge is not proven for catalogue rows
    item_delete_in_use: Literal["allow", "refuse"] = "allow"  # §13 item 8
    erp_read_only_locks_screen: bool = False  # §10.3
    view_touches: bool = False  # §10.1: does looking at a record bump UpdatedAt
    hook_payload: Literal["object", "text"] = "object"  # §7: undocumented


class Refusal(Exception):
    """webCRM says no: the status and the text of the answer. Caught by the world, never leaves it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
