//! Entries of a host's history: integers only, one-letter names; what was not measured is absent.
//!
//! `c` CPU in use, `x` of it programs, `y` the kernel, `t` given to others by the hypervisor, `w` waiting for a disk (1/100 %); `m` memory and `s` swap in use
//! (KiB); `l` load of a minute (1/100); `i` received and `o` sent (kbit/s); `r` read and `p` written (KiB/s); `f` the fullest disk
//! (1/100 %); `h` the hottest sensor (1/10 degree); `u` CPU of MediaMTX (1/100 % of a core), `b` its memory (KiB).

use std::collections::HashMap;

use super::read_samples::StreamEntryFields;
use crate::domain::history::{Metric, Reading};
use crate::domain::host::HostStatus;

/// Name of each number, and what it is multiplied with.
const FIELDS: [(Metric, &str, f64); 16] = [
    (Metric::Cpu, "c", 100.0),
    (Metric::CpuIowait, "w", 100.0),
    (Metric::CpuSteal, "t", 100.0),
    (Metric::MemoryUsed, "m", 1.0 / 1024.0),
    (Metric::SwapUsed, "s", 1.0 / 1024.0),
    (Metric::Load, "l", 100.0),
    (Metric::NetworkIn, "i", 1e-3),
    (Metric::NetworkOut, "o", 1e-3),
    (Metric::DiskRead, "r", 1.0 / 1024.0),
    (Metric::DiskWrite, "p", 1.0 / 1024.0),
    (Metric::DiskUsed, "f", 100.0),
    (Metric::Temperature, "h", 10.0),
    (Metric::MediamtxCpu, "u", 100.0),
    (Metric::MediamtxRss, "b", 1.0 / 1024.0),
    (Metric::CpuUser, "x", 100.0),
    (Metric::CpuSystem, "y", 100.0),
];

/// The numbers of a measurement.
pub(super) fn fields(status: &HostStatus) -> Vec<(&'static str, i64)> {
    let values = status.reading().values;
    let field = |(metric, value): (Metric, f64)| {
        let (_, name, by) = FIELDS.iter().find(|(one, ..)| *one == metric)?;
        // `as` keeps within the bounds, and makes 0 of what is no number.
        Some((*name, (value * by).round() as i64))
    };
    values.into_iter().filter_map(field).collect()
}

/// Reads entries, oldest first. What is not understood is left out.
pub(super) fn read(entries: &[StreamEntryFields]) -> Vec<Reading> {
    entries.iter().filter_map(|(id, fields)| entry(id, fields)).collect()
}

fn entry(id: &str, fields: &[(Vec<u8>, Vec<u8>)]) -> Option<Reading> {
    let at_ms: i64 = id.split_once('-')?.0.parse().ok()?;
    let number = |(name, value): &(Vec<u8>, Vec<u8>)| {
        let (metric, _, by) = FIELDS.iter().find(|(_, known, _)| known.as_bytes() == name)?;
        let value: i64 = std::str::from_utf8(value).ok()?.parse().ok()?;
        Some((*metric, value as f64 / by))
    };
    let values: Vec<_> = fields.iter().filter_map(number).collect();
    (!values.is_empty()).then(|| Reading { second: at_ms / 1_000, values, ..Reading::default() })
}

/// Ids of the last entries, by host.
#[derive(Debug, Default)]
pub(super) struct HostIds(HashMap<String, (i64, u64)>);

impl HostIds {
    /// The id of an entry of this time, behind the last one also when the clock was set back.
    pub(super) fn next(&mut self, host: &str, at: i64) -> (i64, u64) {
        let last = self.0.entry(host.to_owned()).or_insert((0, 0));
        *last = if at > last.0 { (at, 0) } else { (last.0, last.1 + 1) };
        *last
    }

    /// The stream holds a later entry than ours: go on behind it.
    pub(super) fn behind(&mut self, host: &str, last: (i64, u64)) {
        let known = self.0.entry(host.to_owned()).or_insert((0, 0));
        *known = last.max(*known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn numbers_are_integers_and_what_was_not_measured_is_absent() {
        let told = fields(&sample::host("edge-1"));
        let wanted = [
            ("c", 3_100),
            ("w", 500),
            ("t", 100),
            ("m", 1 << 20),
            ("i", 8),
            ("o", 16),
            ("r", 0),
            ("p", 1),
            ("f", 4_000),
            ("x", 2_000),
            ("y", 1_000),
        ];
        assert_eq!(told, wanted);
        assert_eq!(
            fields(&HostStatus { cpu: None, memory: None, disks: vec![], networks: vec![], ..sample::host("a") }),
            []
        );
        let names: std::collections::BTreeSet<&str> = FIELDS.iter().map(|(_, name, _)| *name).collect();
        assert_eq!(names.len(), Metric::all().filter(|metric| metric.is_of_hosts()).count(), "one name for each");
        // They come back, whatever lies between them.
        let text = |(name, value): &(&str, i64)| (name.as_bytes().to_vec(), value.to_string().into_bytes());
        let whole = ("1800000000000-0".to_owned(), told.iter().map(text).collect::<Vec<_>>());
        let rubbish = vec![(b"c".to_vec(), b"x".to_vec()), (b"zz".to_vec(), b"1".to_vec()), (vec![0xff], vec![0xfe])];
        let found = read(&[("x".to_owned(), whole.1.clone()), ("5-0".to_owned(), rubbish), whole]);
        let [reading] = found.as_slice() else { panic!("one: {found:?}") };
        let cpu = reading.values.iter().find(|(metric, _)| *metric == Metric::Cpu).copied();
        let memory = reading.values.iter().find(|(metric, _)| *metric == Metric::MemoryUsed).copied();
        assert_eq!((reading.second, reading.values.len()), (1_800_000_000, told.len()));
        assert_eq!((cpu, memory), (Some((Metric::Cpu, 31.0)), Some((Metric::MemoryUsed, (1_u64 << 30) as f64))));
        let mut ids = HostIds::default();
        assert_eq!([ids.next("a", 5), ids.next("a", 3), ids.next("b", 3)], [(5, 0), (5, 1), (3, 0)]);
        ids.behind("a", (9, 2));
        assert_eq!(ids.next("a", 6), (9, 3));
    }
}
