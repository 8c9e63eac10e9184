//! What a host may say of itself.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};

use super::status::{HostState, HostStatus};
use crate::base::{Error, Result};

/// Longest name of a host, in bytes: as the setting `node`.
const LONGEST_NAME: usize = 64;
/// Longest other text, in characters.
const LONGEST_TEXT: usize = 300;
/// All texts together, in bytes: a host with hundreds of disks has a tenth of it.
const LONGEST_TEXTS: usize = 32 << 10;
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
    let is_folder = matches!(report.name.as_str(), "." | "..");
    if !(1..=LONGEST_NAME).contains(&report.name.len()) || !report.name.chars().all(plain) || is_folder {
        return Err(Error::invalid("name", "must be 1 to 64 letters, digits, '_', '-' and '.', and not . or .."));
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
    if texts(&report).map(String::len).sum::<usize>() > LONGEST_TEXTS {
        let why = format!("have more than {} KiB together", LONGEST_TEXTS >> 10);
        return Err(Error::invalid("the names and reasons", why));
    }
    if let Some((field, why)) = wrong_number(&report) {
        return Err(Error::invalid(field, why));
    }
    Ok(HostStatus { state: HostState::Live, ..report })
}

/// The first number that no host can have. Rates are at most those of a machine with thousands of disks.
fn wrong_number(report: &HostStatus) -> Option<(&'static str, &'static str)> {
    type Bounds = (RangeInclusive<f64>, &'static str);
    const PERCENT: Bounds = (0.0..=100.5, "must be 0 to 100 percent");
    const RATE: Bounds = (0.0..=1e16, "must be 0 or more");
    let mut numbers: Vec<(&'static str, Option<f64>, Bounds)> = Vec::new();
    if let Some(cpu) = report.cpu {
        numbers
            .extend([cpu.user, cpu.system, cpu.iowait, cpu.steal, cpu.busy].map(|share| ("cpu", Some(share), PERCENT)));
    }
    if let Some(load) = report.load {
        numbers.extend([load.one, load.five, load.fifteen].map(|load| ("load", Some(load), RATE)));
    }
    let pressure = report.pressure.iter().flat_map(|one| [one.cpu, one.memory, one.io]).flatten();
    numbers.extend(
        pressure.flat_map(|share| [("pressure", Some(share.some), PERCENT), ("pressure", share.full, PERCENT)]),
    );
    for disk in &report.disks {
        numbers.push(("disks.usedPercent", disk.used_percent, PERCENT));
        numbers.extend([disk.read_rate, disk.write_rate, disk.days_until_full].map(|rate| ("disks", rate, RATE)));
    }
    for network in &report.networks {
        let rates = [network.received_bitrate, network.sent_bitrate, network.link_bitrate];
        numbers.extend(rates.map(|rate| ("networks", rate, RATE)));
    }
    let degrees = (-273.15..=10_000.0, "must be degrees Celsius");
    numbers.extend(report.temperatures.iter().map(|one| ("temperatures", Some(one.celsius), degrees.clone())));
    numbers.extend(report.mediamtx.iter().map(|one| ("mediamtx.cpu", one.cpu, RATE)));
    let wrong =
        numbers.into_iter().find(|(_, number, (range, _))| number.is_some_and(|number| !range.contains(&number)));
    let sizes = report.memory.iter().chain(&report.swap).any(|one| one.used > one.total);
    let disks = report.disks.iter().any(|disk| disk.free.zip(disk.total).is_some_and(|(free, total)| free > total));
    wrong
        .map(|(field, _, (_, why))| (field, why))
        .or(sizes.then_some(("memory", "has more used than there is")))
        .or(disks.then_some(("disks", "has more free than there is")))
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
        let table: [(Edit, Option<&str>); 15] = [
            (|_| {}, None),
            (|one| one.at -= TimeDelta::hours(30), None),
            (|one| one.state = HostState::Silent, None),
            (|one| one.name.clear(), Some("name")),
            (|one| one.name = "a/b".to_owned(), Some("name")),
            (|one| one.at += TimeDelta::minutes(7), Some("ahead of the clock here")),
            (|one| one.at -= TimeDelta::days(3), Some("behind the clock here")),
            (|one| one.interval = f64::NAN, Some("interval")),
            (|one| one.disks[0].mount = "x".repeat(301), Some("300 characters")),
            (|one| one.name = "..".to_owned(), Some("name")),
            (|one| one.unmeasured.extend((0..200).map(|n| (format!("{n}"), "x".repeat(290)))), Some("32 KiB together")),
            (|one| one.disks[0].used_percent = Some(-1.0), Some("disks.usedPercent")),
            (|one| one.disks[0].days_until_full = Some(-5.0), Some("disks")),
            (|one| one.disks[0].read_rate = Some(1e300), Some("disks")),
            (|one| (one.disks[0].total, one.disks[0].free) = (Some(1), Some(2)), Some("more free")),
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
