"""`docs/cases.md`: number, title and test of every example case. `python -m tests.cases_page` prints it.

The titles stand here, the tests are found by their names (`test_eNN_…`) in `tests/simulation/cases`, without
running or importing them. `tests/unit/test_docs.py` holds the committed page to this and to pytest's own
collection.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CASES = "tests/simulation/cases"
NUMBERS = range(1, 105)
_NAME = re.compile(r"test_e(\d+)_")
HEAD = """# Example cases

Made by `make docs`. Each case runs the daemon against both stand-ins in memory, under virtual time
(`tests/simulation/scene.py`), and is judged by what both worlds hold and by the calls made. All of them:
`make test T=tests/simulation/cases`; one: `make test T="tests/simulation/cases -k test_e01"`.
"""
TITLES = {
    1: "A new organisation of the right type becomes a customer",
    2: "The answer to a create is lost: the customer is found, not made twice",
    3: "An organisation leaves its type and comes back",
    4: "An order's status still comes while its organisation is out of scope",
    5: "A customer without a counterpart becomes an organisation",
    6: "Two divisions with the company number of one customer",
    7: "Equal numbers, different company numbers",
    8: "A company number of zeros counts as none",
    9: "The customer's organisation has another type",
    10: "The customer's organisation has no type yet",
    11: "A customer is renumbered",
    12: "An address with an empty line in the middle",
    13: "An address too long for the ERP",
    14: "One phone number in two spellings",
    15: "A country by name, and one that does not exist",
    16: "Payment terms that got another code",
    17: "A customer class that demands a tax zone",
    18: "A customer becomes inactive",
    19: "A name longer than webCRM takes",
    20: "A person without a last name",
    21: "The contact's e-mail is removed in the ERP",
    22: "A person is no longer marked for the ERP",
    23: "Two persons with one e-mail in one organisation",
    24: "One e-mail in two organisations",
    25: "A supplier's contact",
    26: "A person resigns and comes back",
    27: "A contact moves to another customer",
    28: "A person waits for its organisation",
    29: "A new item in the catalogue",
    30: "An item is discontinued and sold again",
    31: "An item is renumbered",
    32: "A price changed by hand in the catalogue",
    33: "A new price leaves old offers alone",
    34: "A sales unit of twelve pieces",
    35: "An old opportunity is won today",
    36: "Thousands of old deliveries at go-live",
    37: "An old delivery is asked for",
    38: "A delivery without lines, or with text only",
    39: "Lines that are still being typed",
    40: "A delivery becomes an order",
    41: "The answer to an order is lost",
    42: "A delivery is copied with its link",
    43: "An order is copied in the ERP",
    44: "The order's number is taken",
    45: "Two deliveries with one number",
    46: "A line for free",
    47: "A discount on the line and on the delivery",
    48: "A quantity changes while the order is open",
    49: "An edit of a shipped line",
    50: "An edit of the line that is not shipped",
    51: "A partly shipped order: a line removed, a line added",
    52: "A line is removed while the order is open",
    53: "Both sides change one price",
    54: "An edit while the order awaits approval",
    55: "The order changed between reading and writing",
    56: "A delivery is moved to another organisation",
    57: "An order is cancelled and reopened",
    58: "An order is deleted in the ERP",
    59: "A delivery is deleted while its order is open",
    60: "A delivery is converted back to an opportunity",
    61: "The first part is invoiced",
    62: "The second part is invoiced, not yet released",
    63: "Released, partly paid, paid",
    64: "One invoice for two orders",
    65: "An invoice whose order is not linked yet",
    66: "An invoice without an order",
    67: "An invoice number that an order has already",
    68: "The order arrives after its invoice",
    69: "A credit note for the whole invoice",
    70: "An invoice is corrected",
    71: "A small rest is written off",
    72: "A payment that leaves the invoice's stamp alone",
    73: "A cash sale",
    74: "A prepayment",
    75: "A quote",
    76: "A stock item on an invoice",
    77: "A delivery becomes an invoice",
    78: "A price is edited after the release",
    79: "A line is removed from an unreleased invoice",
    80: "An invoice line with a discontinued item",
    81: "Freight and account lines",
    82: "A line of text",
    83: "An amount without an item",
    84: "A quantity below zero",
    85: "A currency the customer does not take",
    86: "The ERP puts lines in another order",
    87: "The ERP adds freight",
    88: "Two lines that cannot be told apart",
    89: "Deliveries go one way, the ERP changes a quantity",
    90: "A field that belongs to the ERP is edited",
    91: "Two edits nearly at the same time",
    92: "Deleted here, edited there",
    93: "A list that is suddenly empty",
    94: "Many items end at once",
    95: "First sync: each side fills the other's gaps",
    96: "First sync: names that differ in case only",
    97: "An invoice's delivery is deleted",
    98: "A direction is switched off for a week",
    99: "The ERP refuses to delete an order",
    100: "An order status nobody knows",
    101: "A delivery completed by hand",
    102: "Nothing changed: no call",
    103: "An unreleased invoice without an order",
    104: "The vendor's form as it comes",
}


def found() -> Iterator[tuple[int, str]]:
    """(number, test id) of every function whose name carries a case's number."""
    for path in sorted((ROOT / CASES).glob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (name := _NAME.match(node.name)):
                yield int(name[1]), f"{CASES}/{path.name}::{node.name}"


def page() -> str:
    """The page; a case without a test shows `–`."""
    tests: dict[int, list[str]] = {}
    for number, test in found():
        tests.setdefault(number, []).append(test)
    rows = [
        f"| E{number:02} | {TITLES[number]} |"
        f" {', '.join(f'`{test.removeprefix(CASES + chr(47))}`' for test in tests.get(number, ())) or '–'} |"
        for number in NUMBERS
    ]
    return (
        "\n".join((HEAD, f"The tests are in `{CASES}`.\n", "| case | title | test |", "|---|---|---|", *rows))
        + "\n"
    )


if __name__ == "__main__":
    sys.stdout.write(page())
