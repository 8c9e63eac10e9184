//! Which token tells of which host: while one does, another one is refused, so that who has a token for one host cannot
//! speak for another. A host that has fallen silent is anybody's again: its agent may have got another token.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The tokens that told of hosts lately.
#[derive(Debug, Default)]
pub struct HostReporters(HashMap<String, LastReport>);

#[derive(Debug)]
struct LastReport {
    token: String,
    at: Instant,
    silent_after: Duration,
}

impl HostReporters {
    /// Takes note of a report of `host` by the token of this name, after which it may be silent for so long.
    ///
    /// # Errors
    /// The name of the token that tells of this host.
    pub fn note(&mut self, host: &str, token: &str, silent_after: Duration, now: Instant) -> Result<(), String> {
        self.0.retain(|_, last| now.duration_since(last.at) < last.silent_after);
        if let Some(last) = self.0.get(host)
            && last.token != token
        {
            return Err(last.token.clone());
        }
        self.0.insert(host.to_owned(), LastReport { token: token.to_owned(), at: now, silent_after });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_belongs_to_its_token_until_it_is_silent() {
        let (mut reporters, start) = (HostReporters::default(), Instant::now());
        for (second, host, token, refused_for) in [
            (0, "a", "one", None),
            (10, "a", "two", Some("one")),
            (20, "a", "one", None),
            (20, "b", "two", None),
            // The refused one has not made it last longer, and neither has the other host.
            (54, "a", "two", Some("one")),
            (55, "a", "two", None),
            (56, "a", "one", Some("two")),
        ] {
            let at = start + Duration::from_secs(second);
            let noted = reporters.note(host, token, Duration::from_secs(35), at);
            assert_eq!(noted.err().as_deref(), refused_for, "{host} by {token} at {second}");
        }
        assert_eq!(reporters.0.len(), 1, "silent ones are not kept");
    }
}
