//! Statements about nodes that are the same in every database.

/// Incidents and looks of an earlier version go to whoever relays. `owner` is the place of its name.
pub(super) fn take_up(owner: &str) -> [String; 2] {
    [
        format!(
            "UPDATE incidents SET node = {owner} WHERE node = '' AND closed_at IS NULL AND NOT EXISTS (\
             SELECT 1 FROM incidents AS own WHERE own.node = {owner} AND own.subject = incidents.subject \
             AND own.kind = incidents.kind AND own.closed_at IS NULL)"
        ),
        format!(
            "UPDATE camera_probes SET node = {owner} WHERE node = '' AND NOT EXISTS (\
             SELECT 1 FROM camera_probes AS own WHERE own.node = {owner} AND own.camera = camera_probes.camera)"
        ),
    ]
}

/// Paths of files that should be in a spool.
pub(super) fn ownerless() -> String {
    "SELECT spool_path FROM segments WHERE node = '' \
     AND state IN ('writing', 'sealed', 'uploading', 'uploaded', 'missing') LIMIT 100"
        .to_owned()
}
