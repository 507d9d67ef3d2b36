"""What each reason says in English; the variants of a reason stand under `<reason>/<variant>`.

Owned by `sync.reasons`. The templates are explained in `form.py`; Danish stands beside it in
`reasons_da.py`, with the same keys.
"""

from collections.abc import Mapping
from types import MappingProxyType

from streamsync.sync.words.form import Words
from streamsync.sync.words.unreliable_en import UNRELIABLE

NOTHING = "Nothing needs to be done."

ENGLISH: Mapping[str, Words] = MappingProxyType(
    {
        "direction_off": Words(
            "Switched off in this direction",
            "The rules do not send this record in this direction.",
            "Change the direction in the rules if it should go.",
        ),
        "type": Words(
            "Organisation of another type",
            "The organisation[ has the type “{value}”, which|'s type] is not one of the types that are"
            " synced.",
            "Give it one of the types in webCRM, or add its type to organisation.types in the rules.",
        ),
        "no_email": Words(
            "Contact without e-mail",
            "The contact has no e-mail address, so it is not brought to webCRM.",
            "Enter an e-mail address in Visma.net.",
        ),
        "unticked": Words(
            "Person not marked for the ERP",
            "The person is not marked as relevant for the ERP, so nothing of it is sent.",
            "Tick the field[ {field}] in webCRM if the person belongs in Visma.net.",
        ),
        "not_customer": Words(
            "Contact of somebody who is no customer",
            "The contact[ {number}] does not belong to a customer: it is an address of a document, or of a"
            " supplier or employee.",
            NOTHING,
        ),
        "not_sellable": Words(
            "Item that is not sold",
            "The item[ {item}] is not for sale in Visma.net[ (status {status})].",
            "Make it active in Visma.net if it should be in the catalogue.",
        ),
        "before_start": Words(
            "Older than the start of the sync",
            "The delivery is older than the day from which deliveries are sent.",
            "Set it to ready for synchronization in webCRM if it should go.",
        ),
        "not_triggered": Words(
            "Not released for the ERP",
            "The delivery has not been released for Visma.net.",
            "Set it to ready for synchronization in webCRM, or set what delivery.trigger in the rules names.",
        ),
        "not_triggered/deleted": Words(
            "Document deleted in the ERP",
            "[The document {number}|The document] of the delivery was deleted in Visma.net; it is not made"
            " again by itself.",
            "Set the delivery to ready for synchronization in webCRM if it should be sent anew.",
        ),
        "opportunity": Words(
            "Still an opportunity",
            "It is an opportunity; only deliveries are sent.",
            "Convert it to a delivery when it is won.",
        ),
        "order_type": Words(
            "Order type that is not synced",
            "Orders of [the type {type}|this type] are not brought to webCRM.",
            "Add the type to order.types in the rules if they should come.",
        ),
        "document_type": Words(
            "Document type that is not synced",
            "Documents of [the type {type}|this type] are not brought to webCRM.",
            "Switch them on in the rules (invoice.credit_notes, invoice.cash_sales) if they should come.",
        ),
        "not_a_sale": Words(
            "Payment or other document that is no sale",
            "The document[ ({type})] is not a sale; it counts only through the balance of the invoices.",
            NOTHING,
        ),
        "source_off": Words(
            "Invoice without a linked order",
            "The rules bring orders only, and this invoice belongs to none that is linked.",
            "Change delivery.source in the rules if invoices should come as deliveries of their own.",
        ),
        "unreleased": Words(
            "Invoice not released",
            "The invoice is not released yet[ (status {status})].",
            "Release it in Visma.net; it comes by itself then.",
        ),
        "parent_filtered": Words(
            "Its organisation is not synced",
            "It belongs to an organisation or customer[ ({customer})] that is not synced.",
            "See why the organisation is left out, and give it one of the synced types.",
        ),
        "parent": Words(
            "Waits for its organisation",
            "The organisation or customer[ {customer}] it belongs to is not linked yet.",
            "It goes on by itself once the organisation is linked; look whether that one waits for you.",
        ),
        "item": Words(
            "Waits for an item",
            "[Line {line}|It] waits for [the item {item}, which|an item that] is not in the catalogue yet.",
            NOTHING,
        ),
        "order": Words(
            "Waits for its order",
            "It waits for [the order {order}|the document {document}|its order][ (status {status})].",
            NOTHING,
        ),
        "settling": Words(
            "Just changed",
            "It has just been changed and rests for a moment before it goes.",
            NOTHING,
        ),
        "no_lines": Words(
            "Delivery without lines",
            "The delivery has no line that can be sold.",
            "Add a line with an item in webCRM.",
        ),
        "gate": Words(
            "Before the first sync",
            "Nothing is written before both systems have been read in full once and the plan is accepted.",
            "Look at `streamsync plan`, then accept it with `streamsync plan --accept NAME`.",
        ),
        "gate/brake": Words(
            "Held back by the brake",
            "Unusually many records would be {brake} at once, so all of these changes are held back.",
            "See whether so many are right; then let them go with `streamsync approve`.",
        ),
        "lookups": Words(
            "Code tables not read",
            "The code tables of Visma.net (terms, classes, tax zones) have not been read yet.",
            NOTHING,
        ),
        "required_field": Words(
            "Required field is empty",
            "[The field {field}|A field] is empty, and the other system demands it[ (line {line})].[ It"
            " says: {problem}]",
            "Fill it in; the record then goes by itself.",
        ),
        "unmapped_value": Words(
            "Value without a counterpart",
            "[The value “{value}” of {field}|The value “{value}”|A value of {field}|A value] has no"
            " counterpart in the other system[ (line {line})].[ {problem}]",
            "Choose another value, or add this one to the row's values in the rules.",
        ),
        "rejected": Words(
            "Refused by the other system",
            "The other system refused the change[ to {field}].[ It says: {problem}]",
            "Correct the record, then retry.",
        ),
        "unknown_item": Words(
            "Line without a known item",
            "[Line {line}|A line] names [the item {item}, which|an item that] Visma.net does not know.",
            "Choose an item of the catalogue on that line.",
        ),
        "stock_item_on_invoice": Words(
            "Stock item on an invoice",
            "[Line {line}|A line] carries [the stock item {item}|a stock item], which an invoice cannot"
            " take.",
            "Send deliveries as sales orders (delivery.target), of order type IN if they are to be invoiced"
            " at once.",
        ),
        "negative_quantity": Words(
            "Quantity not above zero",
            "[Line {line}|A line] has [the quantity {value}|a quantity that is not above zero], and an"
            " order needs more than zero.",
            "Correct the quantity in webCRM.",
        ),
        "negative_total": Words(
            "Total below zero",
            "The total of the delivery[ ({value})] is below zero.",
            "Correct the lines in webCRM; credit notes are made in Visma.net.",
        ),
        "currency": Words(
            "Currency not allowed",
            "[The currency {value}|The currency] cannot be used for this document.[ {problem}]",
            "Choose the customer's currency on the delivery, or allow others for the customer in Visma.net.",
        ),
        "customer_status": Words(
            "Customer takes no documents",
            "The customer[ {number}] takes no documents now[ (status {status})].[ Visma.net says: {problem}]",
            "Make the customer active in Visma.net; the delivery then goes by itself.",
        ),
        "period_closed": Words(
            "Financial period closed",
            "The financial period of the date[ {value}] is closed.[ Visma.net says: {problem}]",
            "Change the date of the delivery, or open the period in Visma.net, then retry.",
        ),
        "number_locked": Words(
            "Delivery number held twice",
            "[The delivery number {number}|The delivery number] is held by another delivery too["
            " ({other})], so webCRM takes no changes to them.",
            "Give one of the deliveries another number in webCRM.",
        ),
        "order_type_unfit": Words(
            "Order type cannot be used",
            "[The order type {type}|The order type] is not active or makes no sales order.",
            "Choose another type on the delivery or in order.type of the rules.",
        ),
        "line_ambiguous": Words(
            "Lines that cannot be told apart",
            "[Line {line}|A line] looks like another one with the same item, so nobody can say which was"
            " changed.",
            "Take the lines of Visma.net, or make the lines differ in webCRM.",
        ),
        "key_too_long": Words(
            "Text too long",
            "[{field}|A text] is longer than Visma.net allows[ ({value})][ on line {line}].[ It says:"
            " {problem}]",
            "Shorten it in webCRM; it is never cut.",
        ),
        "gone": Words(
            "Record gone in one system",
            "The record is gone[ in {side}], while its counterpart is still there.",
            "Say what becomes of the counterpart, or link it with another record.",
        ),
        "both_changed": Words(
            "Changed on both sides",
            "Both sides changed [{field}|a field][ of line {line}][: webCRM has “{crm}”, Visma.net has"
            " “{erp}”].",
            "Choose which value holds.",
        ),
        "link_differs": Words(
            "Different when linked",
            "The two records differ in [{field}|a field][: webCRM has “{crm}”, Visma.net has “{erp}”], and"
            " no rule says which one holds.",
            "Choose which value holds.",
        ),
        "locked_edit": Words(
            "Edit that is no longer allowed",
            "Visma.net no longer lets [{field}|this] be changed[ on line {line}][ (shipment {shipment})]["
            " (status {status})][: webCRM has “{crm}”, Visma.net keeps “{erp}”].[ {problem}]",
            "Take Visma.net's value back to webCRM, or correct the document there; after the days in"
            " delivery.locked_edit_days Visma.net's value is put back.",
        ),
        "customer_changed": Words(
            "Delivery moved to another organisation",
            "The delivery was moved[ from organisation {erp}][ to organisation {crm}], but its order is"
            " another customer's.",
            "Move it back, or let the order change its customer.",
        ),
        "deleted_vs_edited": Words(
            "Deleted on one side, in use on the other",
            "It was deleted[ in {side}], while the other side [still has {number}|has changed or still"
            " needs it][ (status {status})].[ {problem}]",
            "Decide which holds; until then nothing is deleted and nothing is made again.",
        ),
        "deleted_vs_edited/opportunity": Words(
            "Converted back, document still there",
            "The delivery was converted back to an opportunity, while Visma.net still has [{number}|its"
            " document][ (status {status})].[ {problem}]",
            "Decide what becomes of the document; until then it is left as it is.",
        ),
        "deleted_vs_edited/cancelled": Words(
            "Cancelled in webCRM, document still there",
            "The delivery was cancelled in webCRM, while Visma.net still has [{number}|its document]["
            " (status {status})].[ {problem}]",
            "Decide what becomes of the document; until then it is left as it is.",
        ),
        "total_differs": Words(
            "Totals differ",
            "The totals of the two documents differ[: webCRM has {crm}, Visma.net has {erp}].",
            "Compare the lines; say that you have seen it if the difference is right.",
        ),
        "moved": Words(
            "Contact belongs to another customer",
            "The contact now belongs to [customer {number}|another customer], and webCRM cannot move a"
            " person.",
            "Make a new person under the new organisation, or leave it as it is.",
        ),
        "many_candidates": Words(
            "Several could be the same",
            "More than one record has the same [{key}|key][: {candidates}].",
            "Link it with the right one, or say that it is new.",
        ),
        "weak_match": Words(
            "Perhaps the same",
            "A record looks like the same one, but not surely[: {candidates}][ (same {key})].",
            "Link them, or say that it is new.",
        ),
        "key_contradiction": Words(
            "Keys that contradict each other",
            "The [{key}|key] names a record[ ({candidates})] that another key says is not the same.",
            "Correct the wrong key in webCRM or Visma.net, or link the two by hand.",
        ),
        "outside_type": Words(
            "Counterpart of another type",
            "The organisation of this customer exists in webCRM[ ({candidates})], but its type[ “{value}”]"
            " is not synced.",
            "Set the type, link them and leave it out, or exclude the customer.",
        ),
        "outside_type/left": Words(
            "An organisation that left the sync",
            "The organisation[ has the type “{crm}” now, which|'s type] is not synced; its customer is still"
            " active.",
            "Keep it so, make the customer inactive, or set the type back.",
        ),
        **UNRELIABLE,
    }
)
