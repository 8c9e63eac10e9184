//! What a host may say of itself.

use chrono::{DateTime, TimeDelta, Utc};

use super::status::{HostState, HostStatus};
use crate::base::{Error, Result};

/// Longest name of a host, in bytes: as the setting `node`.
const LONGEST_NAME: usize = 64;
/// Longest other text, in characters.
const LONGEST_TEXT: usize = 300;
/// Most disks, interfaces, sensors, reasons.
const MOST: usize = 256;
/// A clock may go wrong by so much.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
/// Older measurements are nobody's backlog.
const OLDEST: TimeDelta = TimeDelta::days(2);

/// A report of a host, as it is taken up.
///
/// # Errors
/// `Invalid` naming the field.
pub fn checked(report: HostStatus, now: DateTime<Utc>) -> Result<HostStatus> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if report.name.is_empty() || report.name.len() > LONGEST_NAME || !report.name.chars().all(plain) {
        return Err(Error::invalid("name", "must be 1 to 64 letters, digits, '_', '-' and '.'"));
    }
    if report.at > now + AHEAD || report.at < now - OLDEST {
        let apart = (report.at - now).num_minutes();
        let direction = if apart > 0 { "ahead of" } else { "behind" };
        let text = format!("is {} minutes {direction} the clock here; set the clock of the host (NTP)", apart.abs());
        return Err(Error::invalid("at", text));
    }
    if !(0.5..=3_600.0).contains(&report.interval) {
        return Err(Error::invalid("interval", "must be 0.5 to 3600 seconds"));
    }
    let lists = [
        ("disks", report.disks.len()),
        ("networks", report.networks.len()),
        ("temperatures", report.temperatures.len()),
        ("unmeasured", report.unmeasured.len()),
    ];
    if let Some((field, _)) = lists.into_iter().find(|(_, count)| *count > MOST) {
        return Err(Error::invalid(field, format!("has more than {MOST} entries")));
    }
    if texts(&report).any(|text| text.chars().count() > LONGEST_TEXT || text.chars().any(char::is_control)) {
        let why = format!("must be at most {LONGEST_TEXT} characters, without control characters");
        return Err(Error::invalid("a name or a reason", why));
    }
    Ok(HostStatus { state: HostState::Live, ..report })
}

fn texts(report: &HostStatus) -> impl Iterator<Item = &String> {
    let disks = report.disks.iter().flat_map(|disk| [Some(&disk.mount), Some(&disk.device), disk.reason.as_ref()]);
    let networks = report.networks.iter().map(|one| &one.name);
    let sensors = report.temperatures.iter().map(|one| &one.name);
    let reasons = report.unmeasured.iter().flat_map(|(field, why)| [field, why]);
    disks.flatten().chain(networks).chain(sensors).chain(reasons)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn a_report_that_nobody_can_mean_is_refused_with_its_field() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let good = HostStatus { at: now, ..sample::host("edge-1") };
        type Edit = fn(&mut HostStatus);
        let table: [(Edit, Option<&str>); 9] = [
            (|_| {}, None),
            (|one| one.at -= TimeDelta::hours(30), None),
            (|one| one.state = HostState::Silent, None),
            (|one| one.name.clear(), Some("name")),
            (|one| one.name = "a/b".to_owned(), Some("name")),
            (|one| one.at += TimeDelta::minutes(7), Some("ahead of the clock here")),
            (|one| one.at -= TimeDelta::days(3), Some("behind the clock here")),
            (|one| one.interval = f64::NAN, Some("interval")),
            (|one| one.disks[0].mount = "x".repeat(301), Some("300 characters")),
        ];
        for (index, (edit, wanted)) in table.into_iter().enumerate() {
            let mut report = good.clone();
            edit(&mut report);
            match (checked(report, now), wanted) {
                (Ok(taken), None) => assert_eq!(taken.state, HostState::Live, "{index}"),
                (Err(error), Some(words)) => assert!(error.to_string().contains(words), "{index}: {error}"),
                (other, _) => panic!("{index}: {other:?}"),
            }
        }
    }
}
