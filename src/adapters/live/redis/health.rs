//! How it stands with Redis: what works, and why what does not.

use std::collections::BTreeMap;

use tokio::sync::watch;

/// Keys in the way that are named.
const KEYS_NAMED: usize = 3;

/// How it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedisHealth {
    writing: Side,
    listening: Side,
    /// Why something that processes share cannot be claimed, by what it is: `polling of the server main`.
    claims: BTreeMap<String, String>,
    /// The name of this node, which another process has too.
    namesake: Option<String>,
    /// Keys that hold something that is not ours, and what.
    keys: BTreeMap<String, String>,
}

/// One of the two connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Side {
    /// It has not been tried yet.
    #[default]
    Begins,
    Works,
    Fails(String),
}

impl RedisHealth {
    /// What is wrong, in a sentence; `None` while all is well or nothing has been tried yet.
    pub fn fault(&self) -> Option<String> {
        if let Side::Fails(why) = &self.writing {
            return Some(why.clone());
        }
        if let Side::Fails(why) = &self.listening {
            return Some(format!("listening for changes of other processes: {why}"));
        }
        if let Some((what, why)) = self.claims.first_key_value() {
            return Some(format!("claiming of the {what}: {why}; two processes may do it"));
        }
        if let Some(name) = &self.namesake {
            return Some(format!(
                "another process calls itself the node {name} too, and neither is told of the other's cameras; give each a `node` of its own"
            ));
        }
        let (key, why) = self.keys.iter().next()?;
        let more = match self.keys.len() {
            1 => String::new(),
            count => {
                let names: Vec<_> = self.keys.keys().skip(1).take(KEYS_NAMED - 1).map(String::as_str).collect();
                format!(" (so do {} others: {})", count - 1, names.join(", "))
            }
        };
        Some(format!("the key {key} {why}{more}; delete it, or set another live.prefix"))
    }

    /// What this process owns does not get there.
    pub(super) fn is_writing_failed(&self) -> bool {
        matches!(self.writing, Side::Fails(_))
    }

    /// Both connections have worked.
    pub fn is_connected(&self) -> bool {
        self.writing == Side::Works && self.listening == Side::Works
    }
}

/// Where the two connections tell how they are.
#[derive(Clone, Debug, Default)]
pub(super) struct HealthReporter(watch::Sender<RedisHealth>);

impl HealthReporter {
    pub(super) fn subscribe(&self) -> watch::Receiver<RedisHealth> {
        self.0.subscribe()
    }

    pub(super) fn now(&self) -> RedisHealth {
        self.0.borrow().clone()
    }

    pub(super) fn writing(&self, fault: Option<String>) {
        self.set("writing to Redis", |health| &mut health.writing, fault);
    }

    pub(super) fn listening(&self, fault: Option<String>) {
        self.set("listening to Redis", |health| &mut health.listening, fault);
    }

    /// Claiming of what processes share; `what` as people call it.
    pub(super) fn claiming(&self, what: &str, fault: Option<&String>) {
        self.0.send_if_modified(|health| {
            if health.claims.get(what) == fault {
                return false;
            }
            match fault {
                Some(why) => {
                    log::warn!("claiming of the {what} in Redis failed, two processes may do it: {why}");
                    health.claims.insert(what.to_owned(), why.clone());
                }
                None => {
                    log::info!("claiming of the {what} in Redis: recovered");
                    health.claims.remove(what);
                }
            }
            true
        });
    }

    /// Another process has the name of this node, or it has no more.
    pub(super) fn namesake(&self, name: Option<&String>) {
        self.0.send_if_modified(|health| {
            if health.namesake.as_ref() == name {
                return false;
            }
            match name {
                Some(name) => log::warn!(node = name.as_str(); "another process calls itself the node {name} too"),
                None => log::info!("no other process has the name of this node any more"),
            }
            health.namesake = name.cloned();
            true
        });
    }

    /// This key holds something that is not ours, or it does no more.
    pub(super) fn key(&self, key: &str, why: Option<&str>) {
        self.0.send_if_modified(|health| match why {
            Some(why) => {
                let is_new = health.keys.get(key).is_none_or(|known| known != why);
                if is_new {
                    log::warn!(key = key; "the key {key} {why}; delete it, or set another live.prefix");
                    health.keys.insert(key.to_owned(), why.to_owned());
                }
                is_new
            }
            None => health.keys.remove(key).is_some(),
        });
    }

    /// Keys that hold something that is not ours.
    pub(super) fn has_keys(&self) -> bool {
        !self.0.borrow().keys.is_empty()
    }

    /// Their names.
    pub(super) fn keys(&self) -> Vec<String> {
        self.0.borrow().keys.keys().cloned().collect()
    }

    fn set(&self, what: &str, side: fn(&mut RedisHealth) -> &mut Side, fault: Option<String>) {
        self.0.send_if_modified(|health| {
            let side = side(health);
            let new = fault.map_or(Side::Works, Side::Fails);
            if *side == new {
                return false;
            }
            match (&*side, &new) {
                (_, Side::Fails(why)) => log::warn!("{what} failed, everything goes on in this process: {why}"),
                (Side::Begins, _) => log::info!("{what}: started"),
                _ => log::info!("{what}: recovered"),
            }
            *side = new;
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_until_it_is_well() {
        let health = HealthReporter::default();
        assert_eq!((health.now().fault(), health.now().is_connected()), (None, false), "nothing was tried");
        health.writing(Some("away".to_owned()));
        health.listening(Some("deaf".to_owned()));
        assert_eq!(health.now().fault().as_deref(), Some("away"));
        health.writing(None);
        assert!(health.now().fault().is_some_and(|fault| fault.contains("deaf")));
        health.listening(None);
        assert!(health.now().is_connected());
        // Each by itself: one that is well says nothing of another.
        health.claiming("polling of the server main", Some(&"no right".to_owned()));
        health.claiming("work health-network", Some(&"holds a list".to_owned()));
        health.claiming("work health-streams", None);
        let fault = health.now().fault().expect("a fault");
        assert!(fault.contains("server main: no right") && fault.contains("two processes"), "{fault}");
        health.claiming("polling of the server main", None);
        let fault = health.now().fault().expect("a fault");
        assert!(fault.contains("health-network: holds a list"), "{fault}");
        health.claiming("work health-network", None);
        for name in ["a", "b", "c", "d", "e"] {
            health.key(name, Some("holds text"));
        }
        let fault = health.now().fault().expect("a fault");
        assert!(fault.starts_with("the key a holds text (so do 4 others: b, c)"), "{fault}");
        for name in ["a", "b", "c", "d", "e"] {
            health.key(name, None);
        }
        assert_eq!(health.now().fault(), None);
    }
}
