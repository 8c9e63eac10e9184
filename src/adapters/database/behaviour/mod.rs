//! What every [`Database`](super::Database) does, as tests: each takes a database without cameras or recordings.
//! `tests!` makes one test of each for a database, so that both run the same list.

pub(super) mod camera_behaviour;
pub(super) mod copy_behaviour;
pub(super) mod history_behaviour;
pub(super) mod host_behaviour;
pub(super) mod import_behaviour;
pub(super) mod incident_behaviour;
pub(super) mod login_behaviour;
pub(super) mod maintenance_behaviour;
pub(super) mod node_behaviour;
pub(super) mod notification_behaviour;
pub(super) mod recording_behaviour;
pub(super) mod retention_behaviour;

use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use super::Database;

/// Listens until dropped, as the tree makes it do in the program.
pub(super) fn listening<D: Database + 'static>(database: &Arc<D>) -> AbortOnDropHandle<()> {
    let database = Arc::clone(database);
    AbortOnDropHandle::new(tokio::spawn(async move { drop(database.listen(Arc::new(|| ())).await) }))
}

/// One `#[tokio::test]` per sentence. `$open` is an async function that gives a guard which derefs to a database.
macro_rules! tests {
    ($open:path) => {
        $crate::adapters::database::behaviour::tests!(@each $open, camera_behaviour:
            a_new_camera_gets_the_defaults
            a_camera_keeps_every_field
            an_edit_changes_only_what_it_names
            a_row_is_written_only_as_it_was_seen
            one_of_many_editors_wins
            names_are_unique
            an_unknown_camera_is_not_found
            ids_are_not_used_again
            every_kind_has_a_template
            kinds_are_written_replaced_and_deleted
            a_kind_leads_no_stored_password_elsewhere
            no_camera_is_left_without_its_kind
            hostile_text_comes_back_as_it_went_in
            a_change_is_announced_at_once
        );
        $crate::adapters::database::behaviour::tests!(@each $open, import_behaviour:
            a_plan_is_written_whole_or_not_at_all
            a_plan_that_takes_its_time_is_written
            ten_thousand_cameras_are_imported_and_imported_again
        );
        $crate::adapters::database::behaviour::tests!(@each $open, recording_behaviour:
            a_session_opens_and_closes_once
            a_segment_keeps_every_field
            a_segment_is_replaced_by_its_number
            a_segment_moves_only_from_the_states_named
            uploads_are_claimed_oldest_first_and_once
            what_is_skipped_is_not_claimed
            the_newest_of_a_stream_is_claimed_on_demand
            a_day_is_paged_without_holes
            a_stream_is_in_the_order_of_its_sessions_and_numbers
            ranges_of_time_include_what_overlaps
            summaries_count_what_can_be_played
            sessions_come_with_what_can_be_played
            segments_are_counted_by_state
            sums_follow_every_change_of_a_segment
        );
        $crate::adapters::database::behaviour::tests!(@each $open, copy_behaviour:
            a_segment_follows_its_copies
            a_copy_in_conflict_is_not_claimed_before_it_is_released
            stretches_of_one_state_are_joined
        );
        $crate::adapters::database::behaviour::tests!(@each $open, incident_behaviour:
            one_incident_of_a_kind_is_open_per_subject
            an_incident_that_ended_before_the_answer_to_its_opening_is_over
            incidents_are_asked_for_by_every_field
            incidents_are_paged_from_the_newest
            old_incidents_are_forgotten
            an_incident_is_acknowledged_once_and_noted_often
            an_incident_keeps_its_last_verdict
            a_probe_of_a_camera_is_kept_until_the_next
        );
        $crate::adapters::database::behaviour::tests!(@each $open, maintenance_behaviour:
            what_is_excused_is_kept_until_it_is_over
        );
        $crate::adapters::database::behaviour::tests!(@each $open, retention_behaviour:
            locks_and_cleanups_are_kept
            a_segment_is_locked_by_what_touches_it
        );
        $crate::adapters::database::behaviour::tests!(@pair $open, retention_behaviour: a_cleanup_is_done_by_each_node_for_itself);
        $crate::adapters::database::behaviour::tests!(@each $open, login_behaviour:
            users_are_kept_and_a_new_password_ends_their_sessions
            of_operators_who_take_the_role_from_one_another_one_stays
            tokens_and_sessions_are_kept_noted_and_revoked
            changes_by_people_are_listed_from_the_newest
        );
        $crate::adapters::database::behaviour::tests!(@each $open, history_behaviour:
            buckets_are_kept_by_series_and_tier
            later_buckets_are_added_to_a_row
            old_history_is_forgotten
        );
        $crate::adapters::database::behaviour::tests!(@pair $open, history_behaviour: history_is_its_nodes_own);
        $crate::adapters::database::behaviour::tests!(@each $open, notification_behaviour:
            a_message_is_delivered_once_and_in_its_order
            the_queue_is_bounded_and_drops_the_oldest
            what_was_told_is_kept_by_receiver_kind_and_subject
        );
        $crate::adapters::database::behaviour::tests!(@pair $open, notification_behaviour: one_node_leads_the_notifications);
        $crate::adapters::database::behaviour::tests!(@each $open, host_behaviour: hosts_are_kept_as_last_measured);
        $crate::adapters::database::behaviour::tests!(@pair $open, node_behaviour:
            recordings_are_their_nodes_own
            incidents_and_probes_are_their_nodes_own
            open_incidents_are_taken_over_with_the_work
            open_incidents_of_one_server_are_taken_over
            a_second_relay_and_a_second_of_the_name_are_refused
            a_node_keeps_its_rows_when_it_is_renamed
        );
    };
    (@pair $open:path, $module:ident: $($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let database = $open().await;
                let (a, b) = (database.for_node("a"), database.for_node("b"));
                $crate::adapters::database::behaviour::$module::$name(&*a, &*b).await;
            }
        )*
    };
    (@each $open:path, $module:ident: $($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let database = $open().await;
                $crate::adapters::database::behaviour::$module::$name(&*database).await;
            }
        )*
    };
}
pub(super) use tests;
