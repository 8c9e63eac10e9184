//! Options that several commands have.

use chrono::{DateTime, Utc};
use clap::Args;

/// A time as it is typed.
pub(super) fn time(text: &str) -> Result<DateTime<Utc>, String> {
    text.trim().parse().map_err(|_| "not a time; write it with date and zone, as in 2026-11-21T08:00:00Z".to_owned())
}

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Print {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// How data is printed, and which streamwarden is asked.
#[derive(Clone, Debug, Default, Args)]
pub struct ApiTarget {
    /// How to print it.
    #[command(flatten)]
    pub print: Print,
    /// Address of a running streamwarden to ask instead of the one of this configuration: http://127.0.0.1:8080
    #[arg(long, value_name = "URL", visible_alias = "url")]
    pub api: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_is_none_is_told_how_it_is_written() {
        for good in ["2026-11-21T08:00:00Z", "2026-11-21T08:00:00.5+02:00", " 2026-11-21 08:00:00Z "] {
            assert!(time(good).is_ok(), "{good}");
        }
        for wrong in ["yesterday", "", "2026-11-21", "2026-11-21T08:00:00"] {
            assert!(time(wrong).is_err_and(|said| said.contains("2026-11-21T08:00:00Z")), "{wrong}");
        }
    }
}
