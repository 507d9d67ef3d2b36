"""The 92 faults of webCRM's own earlier integration, and the tests that show that ours has none of them.

A1..A50 are admitted in its documentation or comments, W-1..W-42 were found by reading it. Each fault is said
in our words; below it stand tests (names without `test_`) that fail if ours does the same. A study of the
predecessor gave the faults; `docs/predecessor.md` is made from this (`predecessor_page.py`), and
`tests/unit/test_docs.py` holds every test named here to pytest's own collection.
"""

ITEMS = """\
A1 All customers share one queue: nobody can be served apart
  a_broken_neighbour_stops_nobody
  a_neighbour_that_catches_up_does_not_slow_an_edit
  one_connection_never_sees_another
A2 Operations are called idempotent and are not: a repeated create makes a second record
  e02_the_answer_of_a_create_is_lost
  a_crash_between_a_create_and_its_answer_makes_no_twin
A3 A first synchronisation and the order history are promised, not built
  a_first_sync_links_and_makes_no_twin
  before_the_plan_is_accepted_nothing_is_written
  order_history_all
A4 The code of one ERP is a copy of the other's
  no_function_is_written_twice
A5 Each changed item costs a call of its own to read it
  a_look_costs_the_same_for_two_companies_and_for_many
  e29_a_new_item_is_one_call
A6 Persons cost a call per organisation at every look
  a_look_costs_the_same_for_two_companies_and_for_many
  contacts_are_paged_by_skipping
A7 Creates in quick succession collide on their new ids, and some are lost
  creates_in_quick_succession_are_all_made_and_none_twice
A8 Two deliveries with one number are locked, both, against every edit
  e44_a_number_that_another_delivery_holds_gets_a_prefix
  e45_our_number_on_another_delivery_stops_the_writes_to_both
  a_number_that_another_delivery_holds_is_not_written
A9 A person that is taken before its organisation fails
  e28_a_person_waits_for_its_organisation
A10 After a minute of attempts a change is given up
  an_outage_of_five_hours_needs_nobody
  no_error_of_either_system_swallows_an_edit
A11 Throttling is a fixed pause that knows neither limit nor answer
  the_rate_holds_over_an_hour_whatever_the_load
  a_throttled_answer_stops_all_until_the_server_allows_and_halves_the_limit_once
  a_429_says_how_long_to_wait
A12 Of two edits at the same time one is dropped, and nobody is told
  two_people_edit_two_fields_and_both_edits_survive
  two_people_edit_one_field_and_the_erp_wins
A13 Every write comes back at the next look and is handled as a change
  one_edit_is_one_write_and_no_echo_comes_back
A14 A look must not fail half-way: what it had not queued is skipped
  a_crash_between_reading_a_change_and_keeping_it_skips_nothing
  a_failed_page_ends_the_read_with_a_fault_of_the_taxonomy
  a_window_that_never_stands_still_does_not_move_the_cursor
A15 A customer that catches up slows all the others
  a_neighbour_that_catches_up_does_not_slow_an_edit
A16 What failed is repaired by copying messages between queues by hand
  a_retry_of_a_cause_tries_its_records_again
  an_open_row_is_listed_while_the_other_rows_flow
A17 Countries do not come: one side has codes, the other names
  e15_a_country_is_a_code_in_the_erp
  country_names_in_all_languages
A18 Of the delivery addresses only the first comes, one way, as free text
  a_chosen_address_may_go_both_ways
  every_optional_row_brings_the_customers_values
A19 Customer group and payment terms are left out (and the bank account: Visma.net's form has no row for it)
  every_optional_row_brings_the_customers_values
  every_optional_row_that_may_go_out_goes_out
A20 Archived customers and private persons are ignored, and the archiving never shows
  e18_an_inactive_customer_stays_linked_and_takes_no_delivery
  an_inactive_customer_may_give_its_organisation_a_type
  hollow_records_are_taken_and_grow_later
A21 A filter by type or status has to be set
  without_a_filter_every_organisation_takes_part
A22 A name that is cut on one side is cut on the other too
  e19_a_name_longer_than_webcrm_holds
  a_cut_text_is_written_once_and_never_comes_back
A23 Payment terms need the whole text of the option, code and words
  e16_a_code_without_an_entry_holds_up_its_own_row_only
  payment_terms_go_by_their_prefix_and_a_lost_code_is_unmapped
A24 Middle names are lost
  with_join_the_middle_name_goes_out_with_the_first
A25 The link field of a person cannot be unique, and is trusted to be
  a_person_whose_marker_names_a_contact_of_another_customer_is_asked
  a_copy_is_not_adopted
  two_strangers_with_one_marker_are_left_to_a_person
A26 Only the first contact comes, and a changed choice leaves two
  both_sorts_of_checkbox_mark_a_person
  e22_an_unticked_person_only_receives
A27 The true checkmarks of a person cannot be used
  both_sorts_of_checkbox_mark_a_person
A28 The fields of products cannot be chosen per customer
  unit_price_and_cost_are_taken_as_the_rules_say
  what_is_optional_may_be_left_out
A29 Deliveries go one way or the other, never both
  e48_a_quantity_of_an_open_order_is_one_patch_of_one_line
  lines_of_an_order_from_the_erp_follow_it_one_by_one
A30 A delivery gets no responsible user, and webCRM must not ask for one
  deliveries_get_their_sales_person_or_the_default_user
A31 A sales person comes only if both systems know it, else nobody
  deliveries_get_their_sales_person_or_the_default_user
  users_are_found_by_e_mail_and_unknown_ones_are_left_out
A32 Webhooks are not used: every change waits for the next look
  a_hook_hurries_and_without_it_the_poll_comes
  h3_the_same_delivery_twice_wakes_once
A33 A customer's own mapping is an open question
  export_diff_import_come_round
  rows_are_changed_removed_switched_on_and_added
A34 The way from webCRM's deliveries to the ERP was never tested
  e40_a_delivery_becomes_one_order_with_its_lines
  hands_off
A35 A delivery is written in several calls and stands half-done until a retry
  a_delivery_half_written_is_completed_and_loses_no_line
  an_order_that_could_not_be_read_back_costs_no_line
  a_set_of_which_a_line_was_refused_is_open_and_one_wholly_refused_is_not
A36 To change a delivery its lines are deleted and made anew
  lines_of_an_order_from_the_erp_follow_it_one_by_one
  e86_the_erps_new_order_of_lines_is_followed
A37 Lines of text are lost
  e82_a_text_line_travels_in_the_note_of_the_line_above
  text_lines_may_be_items_or_stay_at_home
A38 The VAT rate is asked for line by line
  a_line_costs_no_look_up
A39 A record that only has to wait ends among the failures
  e28_a_person_waits_for_its_organisation
  e38_a_delivery_without_goods_waits_for_lines
A40 A contact that moved to another company: webCRM cannot follow, and nobody is told
  e27_a_contact_that_moved_to_another_customer_is_asked
  with_recreate_a_moved_contact_is_a_new_person_and_the_old_one_resigned
A41 A last name of a dash, its own stand-in for none, breaks the way back
  a_person_whose_last_name_is_a_dash_stops_nothing
  e20_a_person_with_a_first_name_only
A42 The dashes that catalogue rows must hold are read back as values
  e29_a_new_item_is_one_call
  the_canonical_text_of_a_wire_value
A43 Reading in parallel broke connections and refused tokens
  no_more_than_the_limit_run_at_once
  one_login_serves_all_who_wait_and_is_renewed_five_minutes_early
  a_read_logs_in_once_more_when_its_token_is_refused
A44 Of several records with one key the first is taken
  two_rows_of_one_item_are_asked_about_and_neither_is_written
  two_records_with_one_marker_are_both_shown
A45 One sales account is built in
  the_item_decides_the_account
A46 The rows of a query are decoded twice, the first time into anything
  a_row_of_a_query_is_decoded_once
A47 The change of time zone is doubtful
  the_later_edit_wins_however_far_the_clocks_are_apart
  the_zone_is_learnt_from_stamps_that_run_ahead
  the_overlap_is_longer_in_the_night_that_repeats_an_hour
A48 The second ERP has no OAuth, a client per call, no check of its scope
  a_missing_visma_scope
  tokens_are_fetched_once_and_refreshed_early
  o6_the_bearer_goes_to_its_own_host_in_each_request_and_no_cookie_stays
A49 The vendor's client library blocks, and has one type for what is read and what is written
  declared_shapes_have_exactly_the_members_of_the_file
  a_customer_body_wraps_and_renames
  a_customer_is_created_found_again_updated_and_guarded
A50 A document read by its id lacks what its list shows, and the gap is taken for a value
  a_header_row_replaces_no_fuller_shadow
  fields_that_were_not_read_are_unknown_not_empty
W-1 Every error of webCRM is logged and the change forgotten
  no_error_of_either_system_swallows_an_edit
  e85_a_currency_that_the_erp_refuses_parks_the_delivery_with_its_words
  the_whole_tree_keeps_the_rule[swallowed]
W-2 A create whose id was not written back is sent again, from the old picture
  a_crash_between_a_create_and_its_answer_makes_no_twin
  a_create_that_lands_after_a_crash_makes_no_twin
  e41_an_order_whose_answer_was_lost_is_found_and_adopted
W-3 A check after the create throws, and the retry creates again
  an_answer_that_comes_by_half_is_looked_up
  an_order_that_could_not_be_read_back_costs_no_line
W-4 The token stands on a client that all customers share: one writes with another's
  nobody_is_shown_the_token_of_another
  o6_the_bearer_goes_to_its_own_host_in_each_request_and_no_cookie_stays
W-5 Only the first page of a list is read, then the position moves on
  a_thousand_changes_in_one_second_are_all_found
  rows_that_move_while_the_list_is_read_are_not_lost
  a_silent_page_cap_loses_no_row
W-6 One customer's bad key stops all those after it
  a_broken_neighbour_stops_nobody
W-7 Values are put into query scripts as they are: an apostrophe breaks them
  o7_a_literal_is_read_back_as_it_was
  o7_many_literals_stay_apart_and_within_the_length_of_an_address
W-8 A large record does not fit into its message, and its customer stands still
  a_delivery_of_any_size_goes_through
W-9 To store an id the whole old record is written back, over later edits
  the_number_that_comes_back_overwrites_no_edit_made_meanwhile
  an_update_sends_the_changed_fields_only
W-10 An older message that comes later undoes what is newer
  an_edit_that_overtakes_a_write_is_not_lost
  a_page_older_than_our_write_is_stale
W-11 Two workers look for one record at once, and both create it
  one_open_op_per_pair
  an_op_is_claimed_once
W-12 The VAT number is compared in one field and written from another
  a_row_reads_and_writes_one_and_the_same_field
W-13 Empty lines of an address are dropped, the others move up, later ones are lost
  e12_an_address_with_an_empty_line_goes_there_and_back
  e13_an_address_too_long_is_cut_in_the_erp_only
W-14 A whole name is compared with its cut form: always different, always written
  e19_a_name_longer_than_webcrm_holds
  a_cut_text_is_written_once_and_never_comes_back
W-15 New customers lack the defaults that the ERP needs
  e17_a_class_that_demands_a_vat_zone
  a_new_organisation_becomes_one_customer_with_our_marker_and_no_number
  create_carries_filled_values_and_defaults_and_says_what_it_agrees_on
W-16 A customer without a postal address fails
  hollow_records_are_taken_and_grow_later
  a_visma_row_of_nothing_but_nulls_is_a_record
W-17 Lines are created with one product key and updated with another
  a_line_names_its_item_in_one_way_at_the_create_and_later
  e31_a_renumbered_item_keeps_its_row_and_a_draft_line_still_resolves
W-18 Discount, unit, VAT and cost of a line do not reach the ERP
  a_line_names_its_item_in_one_way_at_the_create_and_later
  e47_the_discount_of_the_header_is_folded_into_the_lines
  the_key_of_the_erps_line_and_its_vat_are_kept_on_the_line
W-19 Every changed delivery becomes an approved invoice: no filter, no draft
  the_trigger_decides_when_a_delivery_goes
  e36_the_deliveries_of_before_the_start_are_not_poured_into_the_erp
  e77_a_delivery_becomes_an_invoice_on_hold
W-20 Lines are added again to an invoice whatever its state
  e78_a_released_invoice_is_not_edited_any_more
  e49_a_shipped_line_is_not_changed_any_more
W-21 A delivery is rewritten although nothing changed, its lines deleted first
  e102_a_delivery_saved_without_a_change_costs_no_call
  a_delivery_half_written_is_completed_and_loses_no_line
W-22 Three look-ups in the ERP for every line
  a_line_costs_no_look_up
W-23 An answer without a row fails with a misleading error
  get_answers_only_those_that_exist
  a_visma_row_of_nothing_but_nulls_is_a_record
W-24 The position is saved by rewriting the whole configuration, over an operator's edit
  new_rules_and_moving_positions_do_not_overwrite_each_other
W-25 A new customer begins at now: nothing is synchronised, and nothing says so
  a_first_sync_links_and_makes_no_twin
  e95_what_is_empty_on_one_side_is_filled_from_the_other
W-26 Every message costs two logins and a search of all configurations
  a_message_costs_no_login
W-27 The filter, the date and the page of a request are computed and thrown away
  the_next_read_asks_from_the_overlap_on_and_checks_the_filter
  the_second_read_brings_only_what_changed
W-28 Invoices of the ERP are sent the wrong way, to the ERP
  e66_an_invoice_without_an_order_is_a_delivery_of_its_own
  an_order_of_the_erp_comes_as_a_delivery_with_its_lines
W-29 Deliveries to the second ERP are an empty step that reports success
  e40_a_delivery_becomes_one_order_with_its_lines
W-30 Organisations are made without a type and fall out of their own filter
  e05_a_customer_becomes_an_organisation
W-31 A change of the address alone is never seen
  e12_an_address_with_an_empty_line_goes_there_and_back
W-32 A configuration is used without being checked
  a_wrong_configuration_exits_2_with_file_line_and_key
  refused_with_place_and_reason
  every_misfit_is_named
W-33 A change is stored under one name and read under another: it never arrives
  e01_an_organisation_becomes_a_customer
  a_create_that_lands_after_a_crash_makes_no_twin
W-34 Time zones by a name that only Windows knows, an hour off around the change
  no_time_zone_is_named
  the_zone_is_learnt_from_stamps_that_run_ahead
W-35 Records stand in the log, two thousand characters of each
  d3_no_value_of_a_record_is_logged_or_shown
W-36 A customer that is archived drops out of the list and stays active in webCRM
  e18_an_inactive_customer_stays_linked_and_takes_no_delivery
  an_inactive_customer_may_give_its_organisation_a_type
W-37 Discontinued products can still be sold
  e30_an_inactive_item_is_marked_and_comes_back
W-38 The field for the unit is optional, and without it every product fails
  what_is_optional_may_be_left_out
W-39 An organisation without an address fails
  hollow_records_are_taken_and_grow_later
  a_webcrm_row_of_nothing_but_nulls_is_a_record_of_empty_fields
W-40 A person without a last name fails
  e20_a_person_with_a_first_name_only
  a_webcrm_row_of_nothing_but_nulls_is_a_record_of_empty_fields
W-41 Value, currency, invoice date and sales person of a delivery stay empty
  an_order_brings_its_value_and_currency
  an_order_of_the_erp_comes_as_a_delivery_with_its_lines
  e66_an_invoice_without_an_order_is_a_delivery_of_its_own
  deliveries_get_their_sales_person_or_the_default_user
W-42 Forty of its forty-seven tests need live systems, and some are skipped
  no_test_asks_for_the_key_of_a_live_system
  the_whole_tree_keeps_the_rule[skipped]
"""
