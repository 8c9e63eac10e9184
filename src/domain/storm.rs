//! The start budget: a token bucket for the fleet and one per camera host, so that five hundred relays that lost their
//! server together do not come back as one flood on cameras, network and CPU.
//!
//! Who wants to start waits in a queue; [`StartQueue::grant`] says who may start now. First come, first served, but a
//! host whose own budget is spent does not hold up the others. Pure arithmetic on a monotonic clock (durations since any
//! fixed moment).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Starts per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Whole fleet.
    pub fleet: f64,
    /// One camera host.
    pub host: f64,
}

/// Cameras that wait for their turn.
#[derive(Debug)]
pub struct StartQueue {
    waiting: VecDeque<(i64, String)>,
    fleet: Bucket,
    /// Only hosts whose bucket is not full.
    hosts: BTreeMap<String, Bucket>,
    host_rate: f64,
}

/// Turns at a rate, with a burst of one second's worth (one at least): the "generic cell rate algorithm", which keeps
/// one number, the time at which the bucket would be full again.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    interval: Duration,
    burst: Duration,
    full_at: Duration,
}

impl Bucket {
    fn new(rate: f64) -> Self {
        // A rate of zero or nonsense must slow down, not divide by zero: one start in a minute.
        let rate = if rate.is_finite() { rate.clamp(1.0 / 60.0, 1000.0) } else { 1.0 / 60.0 };
        let interval = Duration::from_secs_f64(1.0 / rate);
        Self { interval, burst: Duration::from_secs(1).max(interval), full_at: Duration::ZERO }
    }

    /// When the next turn is free.
    fn free_at(&self) -> Duration {
        (self.full_at + self.interval).saturating_sub(self.burst)
    }

    fn take(&mut self, now: Duration) {
        self.full_at = self.full_at.max(now) + self.interval;
    }
}

impl StartQueue {
    /// Nobody waits, all buckets are full.
    pub fn new(rates: Rates) -> Self {
        Self {
            waiting: VecDeque::new(),
            fleet: Bucket::new(rates.fleet),
            hosts: BTreeMap::new(),
            host_rate: rates.host,
        }
    }

    /// Other rates from now on; who waits keeps the place, and what was granted counts.
    pub fn set_rates(&mut self, rates: Rates) {
        let full_at = self.fleet.full_at;
        self.fleet = Bucket { full_at, ..Bucket::new(rates.fleet) };
        self.host_rate = rates.host;
        for bucket in self.hosts.values_mut() {
            *bucket = Bucket { full_at: bucket.full_at, ..Bucket::new(rates.host) };
        }
    }

    /// Camera `id` on `host` wants to start. Asking twice keeps the first place.
    pub fn ask(&mut self, id: i64, host: &str) {
        if !self.waiting.iter().any(|(other, _)| *other == id) {
            self.waiting.push_back((id, host.to_owned()));
        }
    }

    /// Camera `id` does not want to any more.
    pub fn leave(&mut self, id: i64) {
        self.waiting.retain(|(other, _)| *other != id);
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// True when nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Who may start now, in order; they have left the queue.
    pub fn grant(&mut self, now: Duration) -> Vec<i64> {
        self.hosts.retain(|_, bucket| bucket.full_at > now);
        let mut granted = Vec::new();
        let mut place = 0;
        while place < self.waiting.len() && self.fleet.free_at() <= now {
            let (id, host) = &self.waiting[place];
            let bucket = self.hosts.entry(host.clone()).or_insert(Bucket::new(self.host_rate));
            if bucket.free_at() > now {
                place += 1;
                continue;
            }
            bucket.take(now);
            self.fleet.take(now);
            granted.push(*id);
            self.waiting.remove(place);
        }
        granted
    }

    /// When to ask [`StartQueue::grant`] again; `None` when nobody waits.
    pub fn next_grant(&self) -> Option<Duration> {
        let host_free = |host: &String| self.hosts.get(host).map_or(Duration::ZERO, Bucket::free_at);
        let first = self.waiting.iter().map(|(_, host)| host_free(host)).min()?;
        Some(first.max(self.fleet.free_at()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATES: Rates = Rates { fleet: 20.0, host: 2.0 };

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// Lets everybody start as early as allowed; returns when each did.
    fn run(queue: &mut StartQueue, mut now: Duration) -> Vec<(Duration, i64)> {
        let mut starts = Vec::new();
        while let Some(next) = queue.next_grant() {
            now = now.max(next);
            let granted = queue.grant(now);
            assert!(!granted.is_empty(), "next_grant says when somebody can start");
            starts.extend(granted.into_iter().map(|id| (now, id)));
        }
        starts
    }

    #[test]
    fn other_rates_count_at_once_and_nobody_loses_a_place() {
        let mut queue = StartQueue::new(RATES);
        (0..100).for_each(|id| queue.ask(id, &format!("10.0.0.{id}")));
        assert_eq!(queue.grant(ms(1000)).len(), 20, "the first burst");
        queue.set_rates(Rates { fleet: 2.0, host: 1.0 });
        assert_eq!(queue.grant(ms(1000)), [0_i64; 0], "spent is spent");
        let starts = run(&mut queue, ms(1000));
        assert_eq!(starts.iter().map(|(_, id)| *id).collect::<Vec<_>>(), (20..100).collect::<Vec<_>>());
        assert_eq!(starts[79].0 - starts[78].0, ms(500));
    }

    #[test]
    fn a_fleet_of_different_hosts_starts_at_the_fleet_rate() {
        let mut queue = StartQueue::new(RATES);
        (0..500).for_each(|id| queue.ask(id, &format!("10.0.0.{id}")));
        let starts = run(&mut queue, ms(1000));
        assert_eq!(starts.iter().map(|(_, id)| *id).collect::<Vec<_>>(), (0..500).collect::<Vec<_>>());
        assert_eq!((starts[19].0, starts[20].0, starts[499].0), (ms(1000), ms(1050), ms(25_000)));
    }

    #[test]
    fn one_busy_host_waits_for_itself_only() {
        let mut queue = StartQueue::new(RATES);
        (0..6).for_each(|id| queue.ask(id, "recorder"));
        (6..9).for_each(|id| queue.ask(id, &format!("cam{id}")));
        assert_eq!(queue.grant(ms(0)), [0, 1, 6, 7, 8]);
        let times: Vec<u64> = run(&mut queue, ms(0)).iter().map(|(at, _)| at.as_millis() as u64).collect();
        assert_eq!(times, [500, 1000, 1500, 2000]);
    }

    #[test]
    fn asking_twice_and_leaving() {
        let mut queue = StartQueue::new(Rates { fleet: f64::NAN, host: 0.0 });
        queue.ask(1, "a");
        queue.ask(1, "a");
        queue.ask(2, "b");
        queue.leave(2);
        assert_eq!((queue.len(), queue.grant(ms(0))), (1, vec![1]));
        assert!(queue.is_empty() && queue.next_grant().is_none());
        queue.ask(1, "a");
        assert_eq!(queue.next_grant(), Some(Duration::from_secs(60)), "nonsense rates slow down");
    }

    proptest! {
        /// In no window of one second does anybody start more often than burst plus rate.
        #[test]
        fn the_budget_is_never_exceeded(hosts in prop::collection::vec(0_u8..5, 1..120)) {
            let mut queue = StartQueue::new(RATES);
            for (id, host) in (0..).zip(&hosts) {
                queue.ask(id, &host.to_string());
            }
            let starts = run(&mut queue, ms(0));
            prop_assert_eq!(starts.len(), hosts.len());
            for (at, _) in &starts {
                let window = || starts.iter().filter(|(t, _)| t >= at && *t < *at + ms(1000));
                prop_assert!(window().count() <= 40);
                for host in 0..5_u8 {
                    let same = window().filter(|(_, id)| hosts[usize::try_from(*id).expect("id")] == host).count();
                    prop_assert!(same <= 4, "host {} started {} times", host, same);
                }
            }
        }
    }
}
