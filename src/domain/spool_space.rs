//! When the spool's disk is too full to record.

use crate::base::size::size;

/// Why nobody may record with `free` bytes on the spool's disk; `None` when there is room. Who has paused goes on only
/// with a tenth more than the limit, or recordings would stop and go with every file that is deleted.
///
/// The sentence does not change with `free`, so that it can be told once.
pub fn decision(free: u64, min_free: u64, is_paused: bool) -> Option<String> {
    let wanted = if is_paused { min_free.saturating_add(min_free / 10) } else { min_free };
    (free < wanted).then(|| {
        format!(
            "the disk of the spool has less than record.min_free ({}) left; free space, or lower record.keep_local",
            size(min_free)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_needs_a_tenth_more_to_end() {
        let limit = 1_000_000_000;
        for (free, is_paused, pauses) in [
            (limit, false, false),
            (limit - 1, false, true),
            (limit, true, true),
            (limit + limit / 10 - 1, true, true),
            (limit + limit / 10, true, false),
            (0, false, true),
        ] {
            assert_eq!(decision(free, limit, is_paused).is_some(), pauses, "{free} {is_paused}");
        }
        assert_eq!(decision(0, 0, false), None, "no limit");
        assert_eq!(decision(u64::MAX, u64::MAX, true), None, "nothing overflows");
        let words = decision(0, limit, false).expect("full");
        assert!(words.contains("record.min_free (1.0 GB)") && words.contains("keep_local"), "{words}");
    }
}
