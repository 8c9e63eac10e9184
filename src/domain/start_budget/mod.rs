//! The start budget: so many starts per second for the fleet and for each camera host, so that five hundred relays that
//! lost their server together do not come back as one flood on cameras, network and CPU.
//!
//! Who wants to start waits in a queue; [`StartQueue::grant`] says who may start now. First come, first served, but a
//! host whose own budget is spent does not hold up the others. Every step costs the logarithm of the queue's length,
//! because a fleet that fell together asks together. Pure arithmetic on a monotonic clock (durations since any fixed
//! moment).

mod budget;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use budget::Budget;

/// Starts per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Whole fleet.
    pub fleet: f64,
    /// One camera host.
    pub host: f64,
}

/// Cameras that wait for a start permit.
#[derive(Debug)]
pub struct StartQueue {
    fleet: Budget,
    host_rate: f64,
    /// Hosts where somebody waits, or whose budget is not whole.
    hosts: BTreeMap<String, Host>,
    /// Who waits: place in the queue, and host.
    places: BTreeMap<i64, (u64, String)>,
    next_place: u64,
    /// The first who waits for each host that is free, by place.
    ready: BTreeMap<u64, String>,
    /// Where somebody waits for the host's own budget: when it is free.
    later: BTreeSet<(Duration, String)>,
    /// Where nobody waits: when the host can be forgotten.
    idle: BTreeSet<(Duration, String)>,
}

#[derive(Debug)]
struct Host {
    budget: Budget,
    /// Cameras by place.
    waiting: BTreeMap<u64, i64>,
    listed: QueueState,
}

/// Where a host is listed.
#[derive(Clone, Copy, Debug)]
enum QueueState {
    Ready(u64),
    Later(Duration),
    Idle(Duration),
}

impl StartQueue {
    /// Nobody waits, all budgets are whole.
    pub fn new(rates: Rates) -> Self {
        Self {
            fleet: Budget::new(rates.fleet),
            host_rate: rates.host,
            hosts: BTreeMap::new(),
            places: BTreeMap::new(),
            next_place: 0,
            ready: BTreeMap::new(),
            later: BTreeSet::new(),
            idle: BTreeSet::new(),
        }
    }

    /// Other rates from now on; who waits keeps the place, and what was granted counts.
    pub fn set_rates(&mut self, rates: Rates) {
        self.fleet.set_rate(rates.fleet);
        self.host_rate = rates.host;
        let names: Vec<String> = self.hosts.keys().cloned().collect();
        for name in names {
            if let Some(host) = self.hosts.get_mut(&name) {
                host.budget.set_rate(rates.host);
            }
            self.list_again(&name);
        }
    }

    /// Camera `id` on `host` wants to start. Asking twice keeps the first place.
    pub fn ask(&mut self, id: i64, host: &str) {
        if self.places.contains_key(&id) {
            return;
        }
        let place = self.next_place;
        self.next_place += 1;
        self.places.insert(id, (place, host.to_owned()));
        let rate = self.host_rate;
        let new =
            || Host { budget: Budget::new(rate), waiting: BTreeMap::new(), listed: QueueState::Idle(Duration::ZERO) };
        let known = self.hosts.entry(host.to_owned()).or_insert_with(new);
        known.waiting.insert(place, id);
        // Behind others of its host it changes nothing.
        if known.waiting.len() == 1 {
            self.list_again(host);
        }
    }

    /// Camera `id` does not want to any more.
    pub fn leave(&mut self, id: i64) {
        let Some((place, name)) = self.places.remove(&id) else { return };
        if let Some(host) = self.hosts.get_mut(&name) {
            host.waiting.remove(&place);
        }
        self.list_again(&name);
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True when nobody waits.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Who may start now, in order; they have left the queue. `tell` is asked of each who may start: who does not take
    /// it (false) leaves the queue too, and the start goes to the next.
    pub fn grant(&mut self, now: Duration, mut tell: impl FnMut(i64) -> bool) -> Vec<i64> {
        self.look_again(now);
        let mut granted = Vec::new();
        while self.fleet.free_at() <= now {
            let Some((place, name)) = self.ready.pop_first() else { break };
            let Some(host) = self.hosts.get_mut(&name) else { continue };
            if let Some(id) = host.waiting.remove(&place) {
                self.places.remove(&id);
                if tell(id) {
                    host.budget.take(now);
                    self.fleet.take(now);
                    granted.push(id);
                }
            }
            self.list_again(&name);
            self.look_again(now);
        }
        granted
    }

    /// When to ask [`StartQueue::grant`] again; `None` when nobody waits.
    pub fn next_grant(&self) -> Option<Duration> {
        if self.is_empty() {
            return None;
        }
        let host = if self.ready.is_empty() { self.later.first().map(|(at, _)| *at) } else { None };
        Some(host.unwrap_or_default().max(self.fleet.free_at()))
    }

    /// Hosts whose time has come are ready, or forgotten.
    fn look_again(&mut self, now: Duration) {
        while let Some(name) = due(&mut self.later, now) {
            let Some(host) = self.hosts.get_mut(&name) else { continue };
            let Some(place) = host.waiting.keys().next().copied() else { continue };
            host.listed = QueueState::Ready(place);
            self.ready.insert(place, name);
        }
        while let Some(name) = due(&mut self.idle, now) {
            self.hosts.remove(&name);
        }
    }

    /// Who waits for a host, or its budget, has changed.
    fn list_again(&mut self, name: &str) {
        let Some(host) = self.hosts.get_mut(name) else { return };
        match host.listed {
            QueueState::Ready(place) => _ = self.ready.remove(&place),
            QueueState::Later(at) => _ = self.later.remove(&(at, name.to_owned())),
            QueueState::Idle(at) => _ = self.idle.remove(&(at, name.to_owned())),
        }
        if host.waiting.is_empty() {
            let at = host.budget.whole_at();
            host.listed = QueueState::Idle(at);
            self.idle.insert((at, name.to_owned()));
        } else {
            let at = host.budget.free_at();
            host.listed = QueueState::Later(at);
            self.later.insert((at, name.to_owned()));
        }
    }
}

/// Takes the first entry whose time has come.
fn due(list: &mut BTreeSet<(Duration, String)>, now: Duration) -> Option<String> {
    if list.first()?.0 > now {
        return None;
    }
    list.pop_first().map(|(_, name)| name)
}
