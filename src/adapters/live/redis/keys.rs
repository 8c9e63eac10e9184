//! Names of keys and channels. README.md has them for other programs.

use std::collections::BTreeMap;

use crate::domain::name::StreamName;

/// The keys of one installation.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
    /// Beginning of the keys of each configured server.
    bases: BTreeMap<String, String>,
}

impl Keys {
    /// `servers` in the order of the configuration: the first has the short keys.
    pub(super) fn new(prefix: &str, servers: &[String]) -> Self {
        let base = |(place, server): (usize, &String)| {
            let base = if place == 0 { prefix.to_owned() } else { format!("{prefix}:{server}") };
            (server.clone(), base)
        };
        Self { prefix: prefix.to_owned(), bases: servers.iter().enumerate().map(base).collect() }
    }

    /// Beginning of a server's keys.
    pub(super) fn base(&self, server: &str) -> String {
        self.bases.get(server).cloned().unwrap_or_else(|| format!("{}:{server}", self.prefix))
    }

    /// Whether this can be the beginning of the keys of this server, whoever says so.
    pub(super) fn may_be_base(&self, server: &str, base: &str) -> bool {
        base == self.prefix || base == format!("{}:{server}", self.prefix)
    }

    /// Stream: measurements of one host.
    pub(super) fn host(&self, name: &str) -> String {
        format!("{}:host:{name}", self.prefix)
    }

    /// Beginnings of the configured servers' keys.
    pub(super) fn bases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.bases.iter().map(|(server, base)| (server.as_str(), base.as_str()))
    }

    /// The channel in which processes of ours tell one another of their states.
    pub(super) fn own_updates(&self) -> String {
        format!("{}:streamwarden:updates", self.prefix)
    }

    /// The channel of commands for a node.
    pub(super) fn commands(&self, node: &str) -> String {
        format!("{}:streamwarden:commands:{node}", self.prefix)
    }

    /// The channel of answers for a node.
    pub(super) fn answers(&self, node: &str) -> String {
        format!("{}:streamwarden:answers:{node}", self.prefix)
    }

    /// Sorted set: names of nodes with their last sign of life in ms.
    pub(super) fn nodes(&self) -> String {
        format!("{}:streamwarden:nodes", self.prefix)
    }

    /// Text: which node polls this server.
    pub(super) fn poller(&self, server: &str) -> String {
        format!("{}:streamwarden:poller:{server}", self.prefix)
    }

    /// Number: how often the server was taken over.
    pub(super) fn epoch(&self, server: &str) -> String {
        format!("{}:streamwarden:epoch:{server}", self.prefix)
    }

    /// Text: which node does this work.
    pub(super) fn worker(&self, work: &str) -> String {
        format!("{}:streamwarden:worker:{work}", self.prefix)
    }

    /// Number: how often the work was taken over.
    pub(super) fn work_epoch(&self, work: &str) -> String {
        format!("{}:streamwarden:worker-epoch:{work}", self.prefix)
    }

    /// A key that exists for nobody: rights are tried on it.
    pub(super) fn tried(&self) -> String {
        format!("{}:streamwarden:check", self.prefix)
    }

    /// Hash: the states that one node owns.
    pub(super) fn node(&self, node: &str) -> String {
        format!("{}:streamwarden:node:{node}", self.prefix)
    }
}

/// Text: JSON array of a server's streams.
pub(super) fn latest(base: &str) -> String {
    format!("{base}:streams:latest")
}

/// Stream: samples of one path.
pub(super) fn history(base: &str, name: &StreamName) -> String {
    format!("{base}:history:{}", name.as_str())
}

/// Channel: one message for each poll.
pub(super) fn updates(base: &str) -> String {
    format!("{base}:updates")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_server_has_the_short_keys_and_none_meets_another() {
        let keys = Keys::new("mediamtx", &["main".to_owned(), "two".to_owned()]);
        let name = StreamName::parse("cam/front").expect("a name");
        assert_eq!(latest(&keys.base("main")), "mediamtx:streams:latest");
        assert_eq!(history(&keys.base("main"), &name), "mediamtx:history:cam/front");
        assert_eq!(updates(&keys.base("main")), "mediamtx:updates");
        assert_eq!(latest(&keys.base("two")), "mediamtx:two:streams:latest");
        assert_eq!(latest(&keys.base("elsewhere")), "mediamtx:elsewhere:streams:latest");
        assert_eq!(keys.node("n1"), "mediamtx:streamwarden:node:n1");
        assert_eq!(keys.host("edge-1"), "mediamtx:host:edge-1");
        assert!(keys.may_be_base("other", "mediamtx") && keys.may_be_base("other", "mediamtx:other"));
        assert!(!keys.may_be_base("other", "mediamtx:two"));
    }
}
