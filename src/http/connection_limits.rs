//! How many connections HTTP may have, and how long they may keep it waiting: arithmetic alone.

use std::time::Duration;

/// How many connections, and how long they may keep us waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimits {
    /// Connections in all.
    pub total: usize,
    /// Of one address; what a trusted proxy passes on counts for its client.
    pub per_address: usize,
    /// Further ones, for what is always answered (`/health`, `/ready`, `/metrics`) only.
    pub reserve: usize,
    /// A JSON body must have arrived by then.
    pub body: Duration,
    /// A CSV file must have arrived by then: 8 MB at about 1 Mbit/s.
    pub file: Duration,
    /// Longest wait for a further request; longer than keep-alive and the head's own limit together.
    pub request: Duration,
    /// An answer of which the client takes nothing for so long is given up.
    pub answer: Duration,
}

impl ConnectionLimits {
    /// For a process that may have so many descriptors. A connection costs two, and HTTP gets half of them at most.
    pub(super) fn for_descriptors(descriptors: u64) -> Self {
        let total = usize::try_from(descriptors / 4).unwrap_or(usize::MAX).clamp(32, 1024);
        Self {
            total,
            per_address: total / 2,
            reserve: (total / 8).clamp(8, 32),
            body: Duration::from_secs(10),
            file: Duration::from_secs(60),
            request: Duration::from_secs(45),
            answer: Duration::from_secs(120),
        }
    }
}

impl ConnectionLimits {
    /// Room for so many WebSockets, in all and of one address, beside other requests; not more than half of the descriptors.
    pub(super) fn beside(self, (clients, of_one): (usize, usize), descriptors: u64) -> Self {
        let most = usize::try_from(descriptors / 4).unwrap_or(usize::MAX);
        let total = self.total.max(clients.saturating_add(256)).min(most).max(self.total);
        let per_address = self.per_address.max(of_one.saturating_add(128)).min(total - total / 8);
        Self { total, per_address, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_gets_at_most_half_of_the_descriptors() {
        for (descriptors, total) in [(256, 64), (1024, 256), (4096, 1024), (1_048_576, 1024), (u64::MAX, 1024)] {
            let limits = ConnectionLimits::for_descriptors(descriptors);
            assert_eq!(limits.total, total);
            assert!(limits.per_address < limits.total && limits.reserve >= 8);
            assert!(limits.total as u64 * 2 <= descriptors / 2, "two descriptors each");
        }
    }

    #[test]
    fn more_websockets_have_more_connections_as_far_as_descriptors_go() {
        let descriptors = 1_048_576;
        let limits = |descriptors, clients| ConnectionLimits::for_descriptors(descriptors).beside(clients, descriptors);
        let table = [
            (descriptors, (200, 50), (1_024, 512)),
            (descriptors, (1_000, 1_000), (1_256, 1_099)),
            (descriptors, (5_000, 500), (5_256, 628)),
            (4_096, (5_000, 5_000), (1_024, 896)),
            (256, (5_000, 5_000), (64, 56)),
        ];
        for (descriptors, clients, (total, per_address)) in table {
            let limits = limits(descriptors, clients);
            assert_eq!((limits.total, limits.per_address), (total, per_address), "{descriptors} {clients:?}");
        }
    }
}
