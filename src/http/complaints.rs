//! Log lines that one cause would write a thousand times: the first is written, and then one in a while with the number of
//! those that were left out.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The same complaint is logged again after so long.
const AGAIN: Duration = Duration::from_secs(60);

/// Most complaints that are remembered; a client that brings new ones all the time gets no line for each.
const MOST: usize = 100;

/// Complaints by their text.
pub(super) struct RequestComplaints(Mutex<BTreeMap<String, ComplaintCount>>);

struct ComplaintCount {
    at: Instant,
    left_out: u64,
}

impl RequestComplaints {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Whether to log this one: `Some` with the number of the same that were left out since the last.
    pub(super) fn is_due(&self, complaint: &str) -> Option<u64> {
        self.is_due_at(complaint, Instant::now())
    }

    fn is_due_at(&self, complaint: &str, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = told.get_mut(complaint) {
            if now.saturating_duration_since(known.at) < AGAIN {
                known.left_out += 1;
                return None;
            }
            known.at = now;
            return Some(std::mem::take(&mut known.left_out));
        }
        if told.len() >= MOST {
            told.retain(|_, known| now.saturating_duration_since(known.at) < AGAIN);
        }
        if told.len() >= MOST {
            return None;
        }
        told.insert(complaint.to_owned(), ComplaintCount { at: now, left_out: 0 });
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_told_once_in_a_while_with_the_number_left_out() {
        let (complaints, now) = (RequestComplaints::new(), Instant::now());
        assert_eq!(complaints.is_due_at("a", now), Some(0));
        for _ in 0..200 {
            assert_eq!(complaints.is_due_at("a", now + AGAIN / 2), None);
        }
        assert_eq!(complaints.is_due_at("b", now), Some(0), "another one");
        assert_eq!(complaints.is_due_at("a", now + AGAIN), Some(200));
        for number in 0..1000 {
            complaints.is_due_at(&format!("c{number}"), now + AGAIN);
        }
        assert!(complaints.0.lock().expect("no panic").len() <= MOST);
        assert_eq!(complaints.is_due_at("new", now + AGAIN), None, "no line for each of a thousand");
        assert_eq!(complaints.is_due_at("new", now + AGAIN * 3), Some(0));
    }
}
