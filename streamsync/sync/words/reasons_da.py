"""What each reason says in Danish; keys and details as in `reasons_en.py`.

Owned by `sync.reasons`. Danish is what stands in webCRM of a tenant whose `webcrm.language` is `da`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from streamsync.sync.words.form import Words
from streamsync.sync.words.unreliable_da import UNRELIABLE

NOTHING = "Der skal ikke gøres noget."

DANISH: Mapping[str, Words] = MappingProxyType(
    {
        "direction_off": Words(
            "Slået fra i denne retning",
            "Reglerne sender ikke denne post i denne retning.",
            "Ret retningen i reglerne, hvis den skal med.",
        ),
        "type": Words(
            "Organisation af en anden type",
            "Organisationen[ har typen “{value}”, som|s type] er ikke en af de typer, der synkroniseres.",
            "Giv den en af typerne i webCRM, eller tilføj dens type til organisation.types i reglerne.",
        ),
        "no_email": Words(
            "Kontakt uden e-mail",
            "Kontakten har ingen e-mailadresse og hentes derfor ikke til webCRM.",
            "Skriv en e-mailadresse i Visma.net.",
        ),
        "unticked": Words(
            "Person ikke markeret til ERP",
            "Personen er ikke markeret som relevant for ERP, så intet af den sendes.",
            "Sæt hak i feltet[ {field}] i webCRM, hvis personen hører til i Visma.net.",
        ),
        "not_customer": Words(
            "Kontakt, der ikke er en kundes",
            "Kontakten[ {number}] hører ikke til en kunde: den er en dokumentadresse eller hører til en"
            " leverandør eller medarbejder.",
            NOTHING,
        ),
        "not_sellable": Words(
            "Vare, der ikke sælges",
            "Varen[ {item}] er ikke til salg i Visma.net[ (status {status})].",
            "Gør den aktiv i Visma.net, hvis den skal være i kataloget.",
        ),
        "before_start": Words(
            "Ældre end synkroniseringens start",
            "Leverancen er ældre end den dag, hvorfra leverancer sendes.",
            "Sæt den til klar til synkronisering i webCRM, hvis den skal med.",
        ),
        "not_triggered": Words(
            "Ikke frigivet til ERP",
            "Leverancen er ikke frigivet til Visma.net.",
            "Sæt den til klar til synkronisering i webCRM, eller sæt det, som delivery.trigger i reglerne"
            " nævner.",
        ),
        "not_triggered/deleted": Words(
            "Dokument slettet i ERP",
            "[Dokumentet {number}|Dokumentet] til leverancen er slettet i Visma.net; det laves ikke igen af"
            " sig selv.",
            "Sæt leverancen til klar til synkronisering i webCRM, hvis den skal sendes på ny.",
        ),
        "opportunity": Words(
            "Stadig en salgsmulighed",
            "Det er en salgsmulighed; kun leverancer sendes.",
            "Konvertér den til en leverance, når den er vundet.",
        ),
        "order_type": Words(
            "Ordretype, der ikke synkroniseres",
            "Ordrer af [typen {type}|denne type] hentes ikke til webCRM.",
            "Tilføj typen til order.types i reglerne, hvis de skal med.",
        ),
        "document_type": Words(
            "Dokumenttype, der ikke synkroniseres",
            "Dokumenter af [typen {type}|denne type] hentes ikke til webCRM.",
            "Slå dem til i reglerne (invoice.credit_notes, invoice.cash_sales), hvis de skal med.",
        ),
        "not_a_sale": Words(
            "Betaling eller andet, der ikke er et salg",
            "Dokumentet[ ({type})] er ikke et salg; det tæller kun gennem fakturaernes saldo.",
            NOTHING,
        ),
        "source_off": Words(
            "Faktura uden tilknyttet ordre",
            "Reglerne henter kun ordrer, og denne faktura hører ikke til en tilknyttet ordre.",
            "Ret delivery.source i reglerne, hvis fakturaer skal komme som egne leverancer.",
        ),
        "unreleased": Words(
            "Faktura ikke frigivet",
            "Fakturaen er ikke frigivet endnu[ (status {status})].",
            "Frigiv den i Visma.net; så kommer den af sig selv.",
        ),
        "parent_filtered": Words(
            "Dens organisation synkroniseres ikke",
            "Den hører til en organisation eller kunde[ ({customer})], der ikke synkroniseres.",
            "Se, hvorfor organisationen er udeladt, og giv den en af de synkroniserede typer.",
        ),
        "parent": Words(
            "Venter på sin organisation",
            "Organisationen eller kunden[ {customer}], den hører til, er ikke tilknyttet endnu.",
            "Den går videre af sig selv, når organisationen er tilknyttet; se, om den venter på dig.",
        ),
        "item": Words(
            "Venter på en vare",
            "[Linje {line}|Den] venter på [varen {item}|en vare], der ikke er i kataloget endnu.",
            NOTHING,
        ),
        "order": Words(
            "Venter på sin ordre",
            "Den venter på [ordren {order}|dokumentet {document}|sin ordre][ (status {status})].",
            NOTHING,
        ),
        "settling": Words(
            "Lige ændret",
            "Den er lige blevet ændret og hviler et øjeblik, før den sendes.",
            NOTHING,
        ),
        "no_lines": Words(
            "Leverance uden linjer",
            "Leverancen har ingen linje, der kan sælges.",
            "Tilføj en linje med en vare i webCRM.",
        ),
        "gate": Words(
            "Før den første synkronisering",
            "Intet skrives, før begge systemer er læst helt igennem én gang, og planen er godkendt.",
            "Se `streamsync plan`, og godkend den med `streamsync plan --accept NAVN`.",
        ),
        "gate/brake": Words(
            "Holdt tilbage af bremsen",
            "Usædvanligt mange poster ville blive {brake} på én gang, så alle disse ændringer holdes"
            " tilbage.",
            "Se, om så mange er rigtigt; slip dem så løs med `streamsync approve`.",
        ),
        "lookups": Words(
            "Kodetabeller ikke læst",
            "Kodetabellerne i Visma.net (betingelser, klasser, momszoner) er ikke læst endnu.",
            NOTHING,
        ),
        "required_field": Words(
            "Påkrævet felt er tomt",
            "[Feltet {field}|Et felt] er tomt, og det andet system kræver det[ (linje {line})].[ Det siger:"
            " {problem}]",
            "Udfyld det; så går posten af sig selv.",
        ),
        "unmapped_value": Words(
            "Værdi uden modstykke",
            "[Værdien “{value}” i {field}|Værdien “{value}”|En værdi i {field}|En værdi] har intet"
            " modstykke i det andet system[ (linje {line})].[ {problem}]",
            "Vælg en anden værdi, eller føj denne til rækkens værdier i reglerne.",
        ),
        "rejected": Words(
            "Afvist af det andet system",
            "Det andet system afviste ændringen[ af {field}].[ Det siger: {problem}]",
            "Ret posten, og prøv igen.",
        ),
        "unknown_item": Words(
            "Linje uden kendt vare",
            "[Linje {line}|En linje] nævner [varen {item}, som|en vare, som] Visma.net ikke kender.",
            "Vælg en vare fra kataloget på den linje.",
        ),
        "stock_item_on_invoice": Words(
            "Lagervare på en faktura",
            "[Linje {line}|En linje] har [lagervaren {item}|en lagervare], som en faktura ikke kan tage.",
            "Send leverancer som salgsordrer (delivery.target), med ordretype IN, hvis de skal faktureres"
            " straks.",
        ),
        "negative_quantity": Words(
            "Antal ikke over nul",
            "[Linje {line}|En linje] har [antallet {value}|et antal, der ikke er over nul], og en ordre"
            " kræver mere end nul.",
            "Ret antallet i webCRM.",
        ),
        "negative_total": Words(
            "Total under nul",
            "Leverancens total[ ({value})] er under nul.",
            "Ret linjerne i webCRM; kreditnotaer laves i Visma.net.",
        ),
        "currency": Words(
            "Valuta ikke tilladt",
            "[Valutaen {value}|Valutaen] kan ikke bruges til dette dokument.[ {problem}]",
            "Vælg kundens valuta på leverancen, eller tillad andre for kunden i Visma.net.",
        ),
        "customer_status": Words(
            "Kunden tager ikke imod dokumenter",
            "Kunden[ {number}] tager ikke imod dokumenter nu[ (status {status})].[ Visma.net siger:"
            " {problem}]",
            "Gør kunden aktiv i Visma.net; så går leverancen af sig selv.",
        ),
        "period_closed": Words(
            "Regnskabsperiode lukket",
            "Regnskabsperioden for datoen[ {value}] er lukket.[ Visma.net siger: {problem}]",
            "Ret leverancens dato, eller åbn perioden i Visma.net, og prøv igen.",
        ),
        "number_locked": Words(
            "Leverancenummer brugt to gange",
            "[Leverancenummeret {number}|Leverancenummeret] bruges også af en anden leverance[ ({other})],"
            " så webCRM tager ikke imod ændringer af dem.",
            "Giv en af leverancerne et andet nummer i webCRM.",
        ),
        "order_type_unfit": Words(
            "Ordretype kan ikke bruges",
            "[Ordretypen {type}|Ordretypen] er ikke aktiv eller giver ikke en salgsordre.",
            "Vælg en anden type på leverancen eller i order.type i reglerne.",
        ),
        "line_ambiguous": Words(
            "Linjer, der ikke kan skelnes",
            "[Linje {line}|En linje] ligner en anden med samme vare, så ingen kan sige, hvilken der blev"
            " ændret.",
            "Tag linjerne fra Visma.net, eller gør linjerne forskellige i webCRM.",
        ),
        "key_too_long": Words(
            "Tekst for lang",
            "[{field}|En tekst] er længere, end Visma.net tillader[ ({value})][ på linje {line}].[ Det"
            " siger: {problem}]",
            "Gør den kortere i webCRM; den afkortes aldrig.",
        ),
        "gone": Words(
            "Post væk i det ene system",
            "Posten er væk[ i {side}], mens dens modstykke stadig findes.",
            "Sig, hvad der skal ske med modstykket, eller tilknyt det en anden post.",
        ),
        "both_changed": Words(
            "Ændret på begge sider",
            "Begge sider har ændret [{field}|et felt][ på linje {line}][: webCRM har “{crm}”, Visma.net har"
            " “{erp}”].",
            "Vælg, hvilken værdi der gælder.",
        ),
        "link_differs": Words(
            "Forskellige ved tilknytning",
            "De to poster er forskellige i [{field}|et felt][: webCRM har “{crm}”, Visma.net har “{erp}”],"
            " og ingen regel siger, hvilken der gælder.",
            "Vælg, hvilken værdi der gælder.",
        ),
        "locked_edit": Words(
            "Rettelse, der ikke længere er tilladt",
            "Visma.net tillader ikke længere, at [{field}|dette] ændres[ på linje {line}][ (leverance"
            " {shipment})][ (status {status})][: webCRM har “{crm}”, Visma.net beholder “{erp}”].["
            " {problem}]",
            "Tag værdien fra Visma.net tilbage til webCRM, eller ret dokumentet dér; efter dagene i"
            " delivery.locked_edit_days sættes værdien fra Visma.net tilbage.",
        ),
        "customer_changed": Words(
            "Leverance flyttet til en anden organisation",
            "Leverancen er flyttet[ fra organisation {erp}][ til organisation {crm}], men dens ordre er en"
            " anden kundes.",
            "Flyt den tilbage, eller lad ordren skifte kunde.",
        ),
        "deleted_vs_edited": Words(
            "Slettet på den ene side, i brug på den anden",
            "Den er slettet[ i {side}], mens den anden side [stadig har {number}|har ændret den eller"
            " stadig bruger den][ (status {status})].[ {problem}]",
            "Bestem, hvad der gælder; indtil da slettes intet, og intet genskabes.",
        ),
        "deleted_vs_edited/opportunity": Words(
            "Konverteret tilbage, dokumentet findes stadig",
            "Leverancen er konverteret tilbage til en salgsmulighed, mens Visma.net stadig har"
            " [{number}|dens dokument][ (status {status})].[ {problem}]",
            "Bestem, hvad der skal ske med dokumentet; indtil da lades det i fred.",
        ),
        "deleted_vs_edited/cancelled": Words(
            "Annulleret i webCRM, dokumentet findes stadig",
            "Leverancen er annulleret i webCRM, mens Visma.net stadig har [{number}|dens dokument][ (status"
            " {status})].[ {problem}]",
            "Bestem, hvad der skal ske med dokumentet; indtil da lades det i fred.",
        ),
        "total_differs": Words(
            "Totaler er forskellige",
            "De to dokumenters totaler er forskellige[: webCRM har {crm}, Visma.net har {erp}].",
            "Sammenlign linjerne; sig, at du har set det, hvis forskellen er rigtig.",
        ),
        "moved": Words(
            "Kontakt hører til en anden kunde",
            "Kontakten hører nu til [kunde {number}|en anden kunde], og webCRM kan ikke flytte en person.",
            "Lav en ny person under den nye organisation, eller lad den være.",
        ),
        "many_candidates": Words(
            "Flere kan være den samme",
            "Mere end én post har samme [{key}|nøgle][: {candidates}].",
            "Tilknyt den rigtige, eller sig, at den er ny.",
        ),
        "weak_match": Words(
            "Måske den samme",
            "En post ligner, men det er ikke sikkert den samme[: {candidates}][ (samme {key})].",
            "Tilknyt dem, eller sig, at den er ny.",
        ),
        "key_contradiction": Words(
            "Nøgler, der modsiger hinanden",
            "Nøglen[ {key}] nævner en post[ ({candidates})], som en anden nøgle siger ikke er den samme.",
            "Ret den forkerte nøgle i webCRM eller Visma.net, eller tilknyt de to i hånden.",
        ),
        "outside_type": Words(
            "Modstykke af en anden type",
            "Kundens organisation findes i webCRM[ ({candidates})], men dens type[ “{value}”] synkroniseres"
            " ikke.",
            "Sæt typen, tilknyt dem og lad den være ude, eller udelad kunden.",
        ),
        "outside_type/left": Words(
            "En organisation, der har forladt synkroniseringen",
            "Organisationens type[ er nu “{crm}” og] synkroniseres ikke; dens kunde er stadig aktiv.",
            "Behold det sådan, gør kunden inaktiv, eller sæt typen tilbage.",
        ),
        **UNRELIABLE,
    }
)
