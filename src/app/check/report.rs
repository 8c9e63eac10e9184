//! What `check` found, for people and as JSON.

use std::fmt;

use serde::Serialize;

/// How it stands with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckOutcome {
    /// Fit for use.
    Ok,
    /// Works, but somebody should know.
    Note,
    /// Not fit for use.
    Fault,
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was tried: `ffmpeg`, `server main`, `http.listen`.
    pub what: String,
    /// How it stands.
    #[serde(rename = "verdict")]
    pub outcome: CheckOutcome,
    /// What was found, in a sentence.
    pub found: String,
    /// What to do, when something is to be done and `found` does not say it.
    pub remedy: Option<String>,
}

impl Finding {
    /// Something fit for use.
    pub fn ok(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), outcome: CheckOutcome::Ok, found: found.into(), remedy: None }
    }

    /// Something that works, with a note.
    pub fn note(what: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), outcome: CheckOutcome::Note, found: found.into(), remedy: Some(remedy.into()) }
    }

    /// Something that is not fit for use.
    pub fn fault(what: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), outcome: CheckOutcome::Fault, found: found.into(), remedy: Some(remedy.into()) }
    }

    /// A fault in words that hold their remedy behind a semicolon; `otherwise`: what to do where they hold none.
    pub fn in_words(what: impl Into<String>, outcome: CheckOutcome, words: &str, otherwise: &str) -> Self {
        let (found, remedy) = words.split_once("; ").unwrap_or((words, otherwise));
        Self { what: what.into(), outcome, found: found.to_owned(), remedy: Some(remedy.to_owned()) }
    }

    /// An error of an adapter, whose sentence holds its remedy.
    pub fn error(what: impl Into<String>, error: &crate::base::Error) -> Self {
        Self { what: what.into(), outcome: CheckOutcome::Fault, found: error.to_string(), remedy: None }
    }
}

/// Everything that was tried, in the order of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// One line each.
    pub findings: Vec<Finding>,
}

impl Report {
    /// True when nothing is unfit for use.
    pub fn is_fit(&self) -> bool {
        self.findings.iter().all(|finding| finding.outcome != CheckOutcome::Fault)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.findings.iter().map(|finding| finding.what.chars().count()).max().unwrap_or(0);
        for finding in &self.findings {
            let mark = match finding.outcome {
                CheckOutcome::Ok => "ok   ",
                CheckOutcome::Note => "note ",
                CheckOutcome::Fault => "FAULT",
            };
            writeln!(out, "{mark}  {:<width$}  {}", finding.what, finding.found)?;
            if let Some(remedy) = &finding.remedy {
                writeln!(out, "{:indent$}-> {remedy}", "", indent = width + 9)?;
            }
        }
        let count = |outcome| self.findings.iter().filter(|finding| finding.outcome == outcome).count();
        let notes = match count(CheckOutcome::Note) {
            0 => String::new(),
            1 => " 1 note: it keeps nothing from starting, and somebody should look at it.".to_owned(),
            many => format!(" {many} notes: they keep nothing from starting, and somebody should look at them."),
        };
        match count(CheckOutcome::Fault) {
            0 => write!(out, "\nAll checks passed.{notes}"),
            1 => write!(out, "\n1 check failed.{notes}"),
            many => write!(out, "\n{many} checks failed.{notes}"),
        }
    }
}
