//! From rows to what has to change: the pure part of taking a table.

use std::hint::black_box;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use streamwarden::domain::camera::{CameraRow, Kinds};
use streamwarden::domain::change_guard;
use streamwarden::domain::fleet::{self, Fleet};

use crate::harness::host;
use crate::measure::figures::{mean, median, ms};
use crate::measure::usage::cpu_of_this_thread;

const SIZES: [usize; 3] = [1_000, 10_000, 20_000];
const ROUNDS: usize = 15;

fn row(n: usize) -> CameraRow {
    CameraRow {
        id: i64::try_from(n).expect("an id"),
        name: format!("site{}/cam{n}", n / 100),
        kind: "hikvision".into(),
        host: Some(host(n)),
        port: None,
        username: Some("admin".into()),
        password: Some(SecretString::from(format!("secret/{n}"))),
        channel: Some("1".into()),
        substream: None,
        url: None,
        transport: None,
        audio: None,
        enabled: true,
        record: true,
        port_text: None,
        updated_at: None,
        label: None,
    }
}

/// Of ten rows one is gone, one has another host, one is switched off, one is another camera's under a new id.
fn changed(count: usize) -> Vec<CameraRow> {
    let change = |n: usize| match n % 10 {
        0 => None,
        1 => Some(CameraRow { host: Some(host(n + 70_000)), ..row(n) }),
        2 => Some(CameraRow { enabled: false, ..row(n) }),
        3 => Some(CameraRow { id: row(n).id + 1_000_000, ..row(n) }),
        _ => Some(row(n)),
    };
    (0..count).filter_map(change).collect()
}

/// Times one piece of work, again and again.
#[derive(Default)]
struct Times {
    clock: Vec<Duration>,
    cpu: Vec<Duration>,
}

impl Times {
    fn of(mut work: impl FnMut()) -> Self {
        let mut times = Self::default();
        for _ in 0..ROUNDS {
            let (begun, cpu) = (Instant::now(), cpu_of_this_thread());
            work();
            times.cpu.push(cpu_of_this_thread() - cpu);
            times.clock.push(begun.elapsed());
        }
        times
    }

    fn print(&mut self, what: &str, size: usize, first: &mut Option<(usize, Duration)>) {
        // The kernel counts CPU time in ticks of some milliseconds: one round may count none.
        let (clock, cpu) = (median(&mut self.clock), mean(&self.cpu));
        let (few, took) = *first.get_or_insert((size, cpu));
        println!(
            "{what}, {size} rows: {:.1} ms, {:.1} ms of CPU (goal 50 ms for 10000; linear); {:.0} times the rows of the first, \
             {:.1} times the CPU",
            ms(clock),
            ms(cpu),
            size as f64 / few as f64,
            cpu.as_secs_f64() / took.as_secs_f64()
        );
    }
}

/// Prints the table's rows for each size.
pub fn measure() {
    let kinds: Kinds = [(
        "hikvision".to_owned(),
        "rtsp://{username}:{password}@{host}:{port=554}/Streaming/Channels/{channel=1}0{substream=1}".to_owned(),
    )]
    .into();
    let plan = |before: &Fleet, rows: &[CameraRow]| {
        let after = fleet::read_again(rows, &kinds, before);
        let (now, held) =
            change_guard::ChangeGuard::default().evaluate(before, after, 0.5, None, &|_| true, Duration::ZERO);
        black_box((fleet::diff(before, &now), held));
    };
    let (mut first, mut other, mut same) = (None, None, None);
    for size in SIZES {
        let (rows, changed) = ((0..size).map(row).collect::<Vec<_>>(), changed(size));
        let (nothing, fleet) = (Fleet::new(), fleet::read(&rows, &kinds));
        Times::of(|| plan(&nothing, &rows)).print("plan from nothing", size, &mut first);
        Times::of(|| plan(&fleet, &changed)).print("plan a full diff, four of ten rows changed", size, &mut other);
        Times::of(|| plan(&fleet, &rows)).print("plan a full diff, nothing changed", size, &mut same);
    }
}
