"""What each finding says: something to know that stops nothing. English and Danish under the finding's code.

Owned by `sync.reasons`. `{field}` and `{text}` are the finding's own; templates as in `form.py`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from streamsync.sync.words.fields import Both

FINDINGS: Mapping[str, Both] = MappingProxyType(
    {
        "customer_status": (
            "The customer's status in Visma.net is [{text}|another one]; the link stays.",
            "Kundens status i Visma.net er [{text}|en anden]; tilknytningen bliver.",
        ),
        "cut_text": (
            (
                "[{field}|A text] is longer than the other side takes; it was cut there, and here it stays"
                " whole."
            ),
            (
                "[{field}|En tekst] er længere, end den anden side kan tage; den er afkortet dér og står"
                " uændret her."
            ),
        ),
        "deleted": (
            "The record was deleted on one side and is kept on the other.",
            "Posten er slettet på den ene side og beholdt på den anden.",
        ),
        "differs": (
            "The two sides differ in [{field}|a field], and the rules leave it so.",
            "De to sider er forskellige i [{field}|et felt], og reglerne lader det være sådan.",
        ),
        "discontinued": (
            "The item is no longer sold; its row in webCRM is marked as discontinued.",
            "Varen sælges ikke længere; dens række i webCRM er markeret som udgået.",
        ),
        "erp_changed": (
            (
                "Visma.net changed [{field}|the document] after the hand-over[ ({text})], and the direction"
                " does not bring it back."
            ),
            (
                "Visma.net har ændret [{field}|dokumentet] efter overdragelsen[ ({text})], og retningen"
                " henter det ikke tilbage."
            ),
        ),
        "gone_in_webcrm": (
            (
                "The delivery is gone from webCRM[ ({field})]; [document {text}|its document] is left as it"
                " is."
            ),
            "Leverancen er væk fra webCRM[ ({field})]; [dokument {text}|dens dokument] lades i fred.",
        ),
        "line_only_in_crm": (
            "[{field}|A line] exists in webCRM only.",
            "[{field}|En linje] findes kun i webCRM.",
        ),
        "locked_edit": (
            "[{field}|A field] differs from Visma.net, which no longer takes it; the rules leave it so.",
            (
                "[{field}|Et felt] er anderledes end i Visma.net, som ikke længere tager imod det; reglerne"
                " lader det være."
            ),
        ),
        "number_held_twice": (
            (
                "Two deliveries have the same number[ ({text})]; nothing is written to either until they"
                " differ."
            ),
            (
                "To leverancer har samme nummer[ ({text})]; intet skrives til nogen af dem, før de er"
                " forskellige."
            ),
        ),
        "other_orders": (
            "The invoice also bills orders that are not linked[: {text}].",
            "Fakturaen dækker også ordrer, der ikke er tilknyttet[: {text}].",
        ),
        "possible_duplicate": (
            "Another record of the same organisation has this value too[: {text}]; perhaps they are one.",
            "En anden post hos samme organisation har også denne værdi[: {text}]; måske er de den samme.",
        ),
        "unknown_status": (
            "Visma.net shows a status that is not known here[: {text}]; it counts as awaiting.",
            "Visma.net viser en status, der ikke kendes her[: {text}]; den regnes som afventende.",
        ),
        "unmapped_value": (
            "A value of [{field}|a field] has no counterpart and was left out.",
            "En værdi i [{field}|et felt] har intet modstykke og blev udeladt.",
        ),
    }
)
