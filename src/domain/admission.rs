//! Which live streams are recorded: include and exclude patterns, the camera's own decide, and the limit.
//!
//! Deterministic: who records keeps its place, free places go by server and name. Asked by the recorders' manager at
//! every change of the live store.

use std::collections::BTreeSet;

use super::name::StreamName;
use super::stream::StreamState;

/// A stream as a server names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey {
    /// Server name of the configuration.
    pub server: String,
    /// The stream.
    pub name: StreamName,
}

impl std::fmt::Display for StreamKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.server, self.name)
    }
}

/// A stream that could be recorded.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Which.
    pub key: StreamKey,
    /// What the monitor says about it.
    pub state: StreamState,
    /// False when a camera row of that path says so.
    pub wanted: bool,
    /// It is there only while somebody reads it.
    pub on_demand: bool,
}

/// Rules of the configuration.
#[derive(Clone, Debug)]
pub struct AdmissionRules {
    /// Patterns of names to record.
    pub include: Vec<String>,
    /// Patterns of names not to record; wins over `include`.
    pub exclude: Vec<String>,
    /// At most so many at once.
    pub max_concurrent: usize,
    /// Streams that are there only while somebody reads them are recorded too.
    pub on_demand: bool,
}

/// What to do about one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdmissionDecision {
    /// Record it, or go on recording it.
    Record,
    /// Nobody asked for it: patterns or the camera row. The sentence says which.
    Unwanted(String),
    /// A recorder would keep it open for ever, and nobody asked for that. The sentence says what to change.
    OnDemand(String),
    /// It should be recorded, and there is no place. The sentence says what to change.
    NoPlace(String),
    /// It is not live.
    NotLive,
}

/// Said of a stream on demand.
const ON_DEMAND: &str = "its path exists only while somebody reads it (sourceOnDemand or runOnDemand of the media server), and a \
     recorder would keep it open for ever; set record.on_demand = true to record such paths";

impl AdmissionRules {
    /// One decision per candidate, by server and name. `recording` are the streams that hold a place now.
    pub fn judge(
        &self,
        candidates: &[Candidate],
        recording: &BTreeSet<StreamKey>,
    ) -> Vec<(StreamKey, AdmissionDecision)> {
        let mut decisions: Vec<(StreamKey, AdmissionDecision)> = candidates
            .iter()
            .map(|candidate| (candidate.key.clone(), self.decide(candidate, recording.contains(&candidate.key))))
            .collect();
        decisions.sort_by(|a, b| a.0.cmp(&b.0));
        decisions.dedup_by(|a, b| a.0 == b.0);

        let keeps = decisions
            .iter()
            .filter(|(key, decision)| *decision == AdmissionDecision::Record && recording.contains(key));
        let mut free = self.max_concurrent.saturating_sub(keeps.count());
        for (key, decision) in &mut decisions {
            if *decision != AdmissionDecision::Record || recording.contains(key) {
                continue;
            }
            match free.checked_sub(1) {
                Some(left) => free = left,
                None => *decision = AdmissionDecision::NoPlace(self.no_place()),
            }
        }
        decisions
    }

    /// The decision without the limit.
    fn decide(&self, candidate: &Candidate, recording: bool) -> AdmissionDecision {
        let name = candidate.key.name.as_str();
        let live = match candidate.state {
            StreamState::Live => true,
            // Silence may pass, and a server that does not answer our polls may well go on streaming: who records goes
            // on. Nobody begins on a guess.
            StreamState::Stalled | StreamState::Unknown => recording,
            StreamState::Offline => false,
        };
        if !candidate.wanted {
            AdmissionDecision::Unwanted("the camera's row says record = false".to_owned())
        } else if let Some(pattern) = self.exclude.iter().find(|pattern| matches(pattern, name)) {
            AdmissionDecision::Unwanted(format!("record.exclude names it ({pattern:?})"))
        } else if !self.include.iter().any(|pattern| matches(pattern, name)) {
            AdmissionDecision::Unwanted("no pattern of record.include names it".to_owned())
        } else if candidate.on_demand && !self.on_demand {
            AdmissionDecision::OnDemand(ON_DEMAND.to_owned())
        } else if live {
            AdmissionDecision::Record
        } else {
            AdmissionDecision::NotLive
        }
    }

    fn no_place(&self) -> String {
        format!(
            "{} streams are being recorded, which is record.max_concurrent; raise it or exclude a stream",
            self.max_concurrent
        )
    }
}

/// Whether a pattern names the whole of `name`: `*` is any run of characters, `/` included, `?` is any one.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // Where to go on when the text after the last star does not fit: never more than pattern x name steps.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    p = at + 1;
                    n = taken + 1;
                    star = Some((at, n));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> StreamKey {
        StreamKey { server: "main".into(), name: StreamName::parse(name).expect(name) }
    }

    fn live(name: &str) -> Candidate {
        Candidate { key: key(name), state: StreamState::Live, wanted: true, on_demand: false }
    }

    fn rules(include: &[&str], exclude: &[&str], max_concurrent: usize) -> AdmissionRules {
        let own = |patterns: &[&str]| patterns.iter().map(|p| (*p).to_owned()).collect();
        AdmissionRules { include: own(include), exclude: own(exclude), max_concurrent, on_demand: false }
    }

    fn recorded(rules: &AdmissionRules, candidates: &[Candidate], recording: &[&str]) -> Vec<String> {
        let recording = recording.iter().map(|name| key(name)).collect();
        let decisions = rules.judge(candidates, &recording);
        decisions
            .into_iter()
            .filter(|(_, v)| *v == AdmissionDecision::Record)
            .map(|(k, _)| k.name.to_string())
            .collect()
    }

    #[test]
    fn patterns() {
        for (pattern, name, wanted) in [
            ("*", "a/b", true),
            ("site/*", "site/cam/1", true),
            ("site/*", "site", false),
            ("*-sub", "cam-1-sub", true),
            ("*-sub", "cam-sub-1", false),
            ("cam?", "cam1", true),
            ("cam?", "cam", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbY", false),
            ("", "a", false),
            ("cam1", "cam1", true),
            ("**", "x", true),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
        // A hostile pattern costs pattern x name steps, not 2^n.
        assert!(!matches(&"*a".repeat(100), &"b".repeat(200)));
    }

    #[test]
    fn who_records_keeps_its_place_and_free_ones_go_by_name() {
        let all = [live("d"), live("b"), live("a"), live("c")];
        let two = rules(&["*"], &[], 2);
        assert_eq!(recorded(&two, &all, &[]), ["a", "b"]);
        assert_eq!(recorded(&two, &all, &["d"]), ["a", "d"]);
        assert_eq!(recorded(&two, &all, &["d", "c"]), ["c", "d"]);
        // A lowered limit stops nobody who records.
        assert_eq!(recorded(&rules(&["*"], &[], 1), &all, &["d", "c"]), ["c", "d"]);
        assert_eq!(recorded(&rules(&["*"], &[], 0), &all, &[]), [""; 0]);
    }

    #[test]
    fn everybody_else_learns_why() {
        let mut unwanted = live("c");
        unwanted.wanted = false;
        let stalled = Candidate { state: StreamState::Stalled, ..live("d") };
        let decisions = rules(&["?"], &["b*"], 1)
            .judge(&[live("a"), live("b"), unwanted, stalled, live("e"), live("long")], &BTreeSet::new());
        let words: Vec<String> = decisions
            .iter()
            .map(|(_, decision)| match decision {
                AdmissionDecision::Record => "record".to_owned(),
                AdmissionDecision::Unwanted(why)
                | AdmissionDecision::OnDemand(why)
                | AdmissionDecision::NoPlace(why) => why.clone(),
                AdmissionDecision::NotLive => "not live".to_owned(),
            })
            .collect();
        assert_eq!(words[0], "record");
        assert!(words[1].contains("record.exclude"), "{}", words[1]);
        assert!(words[2].contains("record = false"), "{}", words[2]);
        assert_eq!(words[3], "not live");
        assert!(words[4].contains("record.max_concurrent"), "{}", words[4]);
        assert!(words[5].contains("record.include"), "{}", words[5]);
    }

    #[test]
    fn what_is_there_on_demand_is_recorded_only_when_asked_for() {
        let candidate = |state, wanted| Candidate { state, wanted, on_demand: true, ..live("a") };
        for (asked, exclude, candidate, wanted) in [
            (false, &[][..], candidate(StreamState::Live, true), "record.on_demand"),
            (false, &[], candidate(StreamState::Offline, true), "record.on_demand"),
            (false, &["a"], candidate(StreamState::Live, true), "record.exclude"),
            (false, &[], candidate(StreamState::Live, false), "record = false"),
            (true, &[], candidate(StreamState::Live, true), "record"),
            (true, &[], candidate(StreamState::Offline, true), "not live"),
        ] {
            let rules = AdmissionRules { on_demand: asked, ..rules(&["*"], exclude, 9) };
            // It makes no difference whether it is being recorded.
            for recording in [BTreeSet::new(), BTreeSet::from([key("a")])] {
                let (_, decision) = rules.judge(std::slice::from_ref(&candidate), &recording).remove(0);
                let words = match decision {
                    AdmissionDecision::Record => "record".to_owned(),
                    AdmissionDecision::NotLive => "not live".to_owned(),
                    AdmissionDecision::OnDemand(why) | AdmissionDecision::Unwanted(why) => why,
                    AdmissionDecision::NoPlace(why) => panic!("{why}"),
                };
                assert!(words.contains(wanted), "{words} lacks {wanted}");
            }
        }
    }

    #[test]
    fn silence_stops_nobody_and_starts_nobody() {
        for (state, recording, wanted) in [
            (StreamState::Stalled, true, true),
            (StreamState::Stalled, false, false),
            (StreamState::Unknown, true, true),
            (StreamState::Unknown, false, false),
            (StreamState::Offline, true, false),
        ] {
            let candidate = Candidate { state, ..live("a") };
            let held: &[&str] = if recording { &["a"] } else { &[] };
            let is = !recorded(&rules(&["*"], &[], 9), &[candidate], held).is_empty();
            assert_eq!(is, wanted, "{state:?}, recording {recording}");
        }
    }
}
