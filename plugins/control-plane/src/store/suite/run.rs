//! The list of the tests that every store must pass.

/// Defines a test for each entry; `$fixture` creates its fixture, or `None` to skip it.
macro_rules! suite {
    ($fixture:expr) => {
        $crate::store::suite::suite! { @tests $fixture;
            bootstrap: a_bootstrap_token_is_consumed_by_the_gateway_it_creates,
            bootstrap: inactive_and_other_tokens_create_no_gateway,
            bootstrap: a_failed_creation_consumes_no_token,
            bootstrap: of_many_with_one_bootstrap_token_one_succeeds,
            changes: a_created_gateway_is_returned,
            changes: versions_are_dense_and_their_contents_verbatim,
            changes: content_with_the_same_canonical_form_creates_no_version,
            changes: a_receipt_matches_the_stored_state,
            changes: a_revert_is_a_new_version_with_the_old_content,
            changes: names_and_labels_change_and_names_are_unique,
            changes: a_deleted_gateway_releases_its_name,
            changes: a_change_of_another_revision_is_rejected,
            changes: actions_increment_the_generation,
            changes: the_order_does_not_depend_on_the_clock,
            halts: a_halt_concerns_no_version,
            halts: several_gateways_are_halted_together,
            halts: a_second_halt_replaces_reason_and_end,
            halts: a_halt_ends_by_itself,
            halts: a_new_gateway_of_the_same_name_is_not_halted,
            history: every_change_writes_an_audit_row,
            history: triggers_prevent_changes_of_the_history,
            history: a_failed_change_writes_nothing,
            instances: the_newest_report_counts,
            instances: each_new_answer_is_stored,
            instances: outcomes_are_bounded_and_idle_instances_add_none,
            instances: live_instances_are_never_forgotten,
            instances: instances_that_have_not_answered_are_found,
            instances: the_desired_state_is_that_of_the_snapshot,
            instances: reports_of_one_instance_are_serialized,
            leases: a_renewal_is_found_and_stored_later,
            leases: what_is_more_than_a_renewal_is_stored_at_once,
            leases: drift_that_is_repaired_is_not_stored_later,
            leases: a_renewal_does_not_undo_a_newer_report,
            listing: gateways_are_ordered_by_name,
            listing: prefixes_and_labels_filter,
            states: a_list_by_state_is_that_of_all_gateways_in_it,
            states: states_of_many_instances_are_settled,
            idempotency: a_repeated_request_is_applied_once,
            idempotency: a_key_belongs_to_one_request_and_one_actor,
            idempotency: a_failed_request_can_be_retried,
            idempotency: a_key_expires_after_a_day,
            idempotency: of_many_with_one_key_one_is_applied,
            retention: a_prune_deletes_contents_and_keeps_versions,
            retention: a_pruned_version_is_neither_reverted_to_nor_pinned,
            retention: shared_contents_are_not_pruned,
            retention: a_repeated_prune_returns_the_first_receipt,
            retention: no_content_is_lost_when_others_prune_it,
            concurrency: concurrent_writers_wait_for_each_other,
            concurrency: of_many_gateways_with_one_name_one_is_created,
            concurrency: of_many_changes_of_one_revision_one_succeeds,
            concurrency: a_store_can_be_created_concurrently,
            concurrency: the_change_counter_changes_with_every_change,
            tokens: tokens_are_found_by_their_hashes,
            tokens: deleting_a_gateway_revokes_its_tokens,
            tokens: a_token_is_created_once_and_for_an_existing_gateway,
            tokens: tokens_are_listed_newest_first_and_filtered,
            tokens: a_revoked_token_stays_revoked,
            tokens: a_use_is_stored_if_it_is_some_minutes_later,
            tokens: a_rotation_creates_one_token_and_ends_the_other,
            tokens: of_many_rotations_of_one_token_one_succeeds,
            audit_log: every_row_is_sealed,
            audit_log: concurrent_writers_create_one_chain,
            audit_log: a_failed_change_leaves_no_gap_in_the_audit_log,
            audit_log: audit_rows_are_filtered,
            audit_log: rows_of_an_interval_are_found_whatever_clocks_did,
            audit_log: an_event_is_a_row_like_any_other,
            integrity: damage_is_found_with_any_number_of_threads,
            integrity: a_check_ends_with_the_error_of_its_progress,
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
