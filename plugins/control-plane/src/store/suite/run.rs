//! The list of what every store must do.

/// Makes a test of each entry; `$fixture` makes a fixture for it, or `None` to skip it.
macro_rules! suite {
    ($fixture:expr) => {
        $crate::store::suite::suite! { @tests $fixture;
            bootstrap: a_bootstrap_token_is_spent_by_the_gateway_it_registers,
            bootstrap: what_is_no_bootstrap_token_any_more_registers_nothing,
            bootstrap: a_refused_registration_spends_no_token,
            bootstrap: of_many_with_one_bootstrap_token_one_registers,
            changes: a_gateway_is_as_it_was_created,
            changes: versions_are_dense_and_their_contents_verbatim,
            changes: what_means_the_same_makes_no_version,
            changes: what_a_change_tells_is_what_is_kept,
            changes: a_revert_is_a_new_version_with_the_old_content,
            changes: names_and_labels_change_and_names_are_unique,
            changes: a_deleted_gateway_is_gone_and_frees_its_name,
            changes: a_change_of_another_revision_is_refused,
            changes: what_is_asked_moves_the_generation,
            changes: a_clock_that_goes_back_changes_no_order,
            history: every_change_has_its_row,
            history: history_cannot_be_rewritten_even_by_hand,
            history: a_refused_change_leaves_nothing,
            instances: the_newest_report_counts,
            instances: each_new_answer_is_kept,
            instances: only_the_last_instances_are_kept,
            instances: reports_of_one_instance_take_turns,
            listing: gateways_come_in_the_order_of_their_names,
            listing: prefixes_and_labels_select,
            idempotency: a_repeated_request_is_carried_out_once,
            idempotency: a_key_belongs_to_one_request_and_one_actor,
            idempotency: a_failed_request_may_be_tried_again,
            idempotency: a_key_is_forgotten_after_a_day,
            idempotency: of_many_with_one_key_one_is_carried_out,
            retention: a_prune_takes_contents_that_nobody_needs_and_leaves_versions,
            retention: what_has_no_content_is_neither_reverted_to_nor_pinned,
            retention: contents_that_others_have_stay,
            retention: a_repeated_prune_tells_what_the_first_did,
            retention: nothing_is_lost_when_many_publish_what_others_prune,
            concurrency: many_writers_with_stores_of_their_own_wait_for_each_other,
            concurrency: of_many_who_want_one_name_one_gets_it,
            concurrency: of_many_who_expect_one_revision_one_succeeds,
            concurrency: many_may_make_the_store_at_once,
            concurrency: the_pulse_moves_with_changes_of_others,
            tokens: tokens_are_known_by_their_hashes,
            tokens: a_gateways_tokens_end_with_it,
            tokens: a_token_is_made_once_and_for_a_gateway_that_exists,
            tokens: tokens_come_newest_first_and_by_filter,
            tokens: a_revoked_token_stays_revoked,
            tokens: a_use_is_kept_when_it_is_news,
            tokens: a_rotation_makes_one_token_and_ends_the_other,
            tokens: of_many_who_rotate_one_token_one_succeeds,
            audit_log: every_row_is_sealed_whatever_made_it,
            audit_log: many_writers_make_one_chain,
            audit_log: a_refused_change_leaves_no_hole_in_the_trail,
            audit_log: rows_of_the_trail_are_selected,
            audit_log: a_note_is_a_row_like_any_other,
        }
    };
    (@tests $fixture:expr; $($module:ident: $name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                if let Some(fixture) = $fixture {
                    $crate::store::suite::$module::$name(&fixture);
                }
            }
        )*
    };
}

pub(crate) use suite;
