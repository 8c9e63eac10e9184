//! A verdict in the making.

use chrono::{DateTime, Utc};

use super::fault_words::{cause_words, evidence_text, step_text};
use super::situation::{HostFact, IncidentFact};
use super::view::SituationView;
use crate::domain::incident::{
    Confidence, Evidence, FaultCause, FaultFinding, FaultPart, NextStep, Suggestion, Verdict,
};

/// More evidence does not make it clearer.
const MOST_EVIDENCE: usize = 8;
const MOST_OF_CONSEQUENCES: usize = 2;

/// Percent of a host's cores, memory, or time, from which on it counts as too much.
const BUSY: f64 = 95.0;
const MEMORY_FULL: f64 = 97.0;
const IO_WAITS: f64 = 40.0;

#[derive(Clone, Debug)]
pub(super) struct Opinion {
    pub cause: FaultCause,
    pub confidence: Confidence,
    pub evidence: Vec<Evidence>,
    pub steps: Vec<NextStep>,
}

impl Opinion {
    pub fn new(cause: FaultCause, confidence: Confidence) -> Self {
        Self { cause, confidence, evidence: Vec::new(), steps: Vec::new() }
    }

    pub fn unknown() -> Self {
        Self::new(FaultCause::Unknown, Confidence::Low).step(NextStep::ReadOwnLog)
    }

    /// A name that is not known: names are not resolved, or that one is wrong. `own`: the cause where others are.
    pub fn unknown_name(
        view: &SituationView<'_>,
        part: FaultPart,
        own: FaultCause,
        incident: &IncidentFact,
        name: Option<&str>,
    ) -> Self {
        let found = |opinion: Self| match name {
            Some(name) => opinion.found_about(part, FaultFinding::NameUnknown, name, incident.opened_at),
            None => opinion.found_at(part, FaultFinding::NameUnknown, incident.opened_at),
        };
        match view.names_resolve(incident.opened_at) {
            // Of several name servers the one that is asked may not be the one that knows it.
            true => {
                found(Self::new(own, Confidence::High)).step(NextStep::CorrectName).step(NextStep::LookAtNameServer)
            }
            false => found(Self::new(FaultCause::Dns, Confidence::Medium))
                .step(NextStep::LookAtNameServer)
                .step(NextStep::CorrectName),
        }
    }

    pub fn step(mut self, step: NextStep) -> Self {
        if !self.steps.contains(&step) {
            self.steps.push(step);
        }
        self
    }

    pub fn found(self, part: FaultPart, finding: FaultFinding) -> Self {
        self.with(Evidence { part, finding, name: None, at: None, count: None, of: None, text: String::new() })
    }

    pub fn found_at(self, part: FaultPart, finding: FaultFinding, at: DateTime<Utc>) -> Self {
        let at = Some(at);
        self.with(Evidence { part, finding, name: None, at, count: None, of: None, text: String::new() })
    }

    pub fn found_of(self, part: FaultPart, finding: FaultFinding, name: &str) -> Self {
        let name = Some(name.to_owned());
        self.with(Evidence { part, finding, name, at: None, count: None, of: None, text: String::new() })
    }

    pub fn found_about(self, part: FaultPart, finding: FaultFinding, name: &str, at: DateTime<Utc>) -> Self {
        let (name, at) = (Some(name.to_owned()), Some(at));
        self.with(Evidence { part, finding, name, at, count: None, of: None, text: String::new() })
    }

    pub fn counted(
        self,
        part: FaultPart,
        finding: FaultFinding,
        name: Option<&str>,
        count: u32,
        of: Option<u32>,
    ) -> Self {
        let (name, count) = (name.map(str::to_owned), Some(count));
        self.with(Evidence { part, finding, name, at: None, count, of, text: String::new() })
    }

    pub fn with(mut self, evidence: Evidence) -> Self {
        if self.evidence.len() < MOST_EVIDENCE {
            self.evidence.push(evidence);
        }
        self
    }

    /// What a host that is measured says of itself. Nothing of one that nobody measures.
    pub fn host(self, host: Option<&HostFact>) -> Self {
        let Some(host) = host else { return self };
        let name = host.name.as_str();
        match load_of(host) {
            _ if host.silent => {
                let (name, at) = (Some(name.to_owned()), Some(host.at));
                let (part, finding) = (FaultPart::Host, FaultFinding::Silent);
                self.with(Evidence { part, finding, name, at, count: None, of: None, text: String::new() })
            }
            Some((finding, Some(percent))) => self.counted(FaultPart::Host, finding, Some(name), percent, None),
            Some((finding, None)) => self.found_of(FaultPart::Host, finding, name),
            None if host.cpu.is_some() => self.found(FaultPart::Host, FaultFinding::Fine),
            None => self,
        }
    }

    pub fn into_verdict(mut self, root: Option<(&IncidentFact, &Self)>) -> Verdict {
        if root.is_some() {
            // There may be a thousand of them, and the root says the rest.
            self.evidence.retain(|one| one.finding != FaultFinding::Fine);
            self.evidence.truncate(MOST_OF_CONSEQUENCES);
        }
        for one in &mut self.evidence {
            one.text = evidence_text(one);
        }
        let mut summary = summary(&self.evidence);
        if let Some((incident, of_root)) = root {
            let follows = format!("follows from {}: {}", incident.subject.title(), cause_words(of_root.cause));
            summary = if summary.is_empty() { follows } else { format!("{follows} ({summary})") };
            (self.cause, self.confidence) = (of_root.cause, of_root.confidence);
            self.steps = vec![NextStep::LookAtRoot];
        } else if summary.is_empty() {
            summary = cause_words(self.cause).to_owned();
        }
        let try_next = self.steps.into_iter().map(|step| Suggestion { step, text: step_text(step).to_owned() });
        Verdict {
            cause: self.cause,
            confidence: self.confidence,
            summary,
            evidence: self.evidence,
            try_next: try_next.collect(),
            root: root.map(|(incident, _)| incident.id),
        }
    }
}

/// Why a host has too much to do; rounded to fives, so that it is not said anew with each measurement.
pub(super) fn load_of(host: &HostFact) -> Option<(FaultFinding, Option<u32>)> {
    let above = |value: Option<f64>, limit: f64| value.filter(|value| *value >= limit);
    let rounded = |value: f64| (value / 5.0).floor() as u32 * 5;
    if let Some(cpu) = above(host.cpu, BUSY) {
        return Some((FaultFinding::CpuBusy, Some(rounded(cpu))));
    }
    if let Some(memory) = above(host.memory, MEMORY_FULL) {
        return Some((FaultFinding::MemoryFull, Some(rounded(memory))));
    }
    above(host.io_wait, IO_WAITS).map(|_| (FaultFinding::DiskWaits, None))
}

/// `camera: stopped sending at 03:12:07 UTC; relay, server, network fine`.
fn summary(evidence: &[Evidence]) -> String {
    let (fine, wrong): (Vec<&Evidence>, Vec<&Evidence>) =
        evidence.iter().partition(|one| one.finding == FaultFinding::Fine);
    let mut told: Vec<String> = wrong.iter().map(|one| one.text.clone()).collect();
    if !fine.is_empty() {
        let parts: Vec<&str> = fine.iter().map(|one| super::fault_words::part_word(one.part)).collect();
        told.push(format!("{} fine", parts.join(", ")));
    }
    told.join("; ")
}
