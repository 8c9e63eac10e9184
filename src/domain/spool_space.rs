//! When the spool's disk is too full to record, and when segments leave it for that.

use crate::base::size::size;

/// The disk of the spool, as it was found last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpoolDisk {
    /// Bytes that are free; `None` before the first look, and when it cannot be written.
    pub free: Option<u64>,
    /// Why no recording is possible, in a sentence with a remedy.
    pub obstacle: Option<String>,
}

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

/// Bytes that have to leave a disk with `free` bytes: with fewer than that recordings pause soon, and with them those that have paused
/// have what they need to go on.
pub fn shortage(free: u64, min_free: u64) -> u64 {
    min_free.saturating_add(min_free / 4).saturating_sub(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_leave_before_recordings_pause_and_until_they_go_on() {
        let limit = 1_000_000_000;
        for (free, wanted) in
            [(limit * 5 / 4, 0), (limit * 2, 0), (limit * 5 / 4 - 1, 1), (limit, limit / 4), (0, limit * 5 / 4)]
        {
            assert_eq!(shortage(free, limit), wanted, "{free}");
            let left = free + shortage(free, limit);
            assert_eq!(decision(left, limit, true), None, "{free}: nobody is paused any more");
        }
        assert_eq!((shortage(0, 0), shortage(5, u64::MAX)), (0, u64::MAX - 5));
    }

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
