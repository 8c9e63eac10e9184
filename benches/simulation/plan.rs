//! From rows to what has to change: the pure part of taking a table.

use std::hint::black_box;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use streamwarden::domain::camera::{CameraRow, Kinds};
use streamwarden::domain::{fleet, hold};

use crate::measure::figures::{median, ms};
use crate::stage::host;

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
        updated_at: None,
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

/// Prints the table's row for each size.
pub fn measure() {
    let kinds: Kinds = [(
        "hikvision".to_owned(),
        "rtsp://{username}:{password}@{host}:{port=554}/Streaming/Channels/{channel=1}0{substream=1}".to_owned(),
    )]
    .into();
    let mut before_this: Option<(usize, Duration)> = None;
    for size in SIZES {
        let (rows, after) = ((0..size).map(row).collect::<Vec<_>>(), changed(size));
        let fleet = fleet::read(&rows, &kinds);
        let (mut whole, mut read, mut diffed) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let after = fleet::read(&after, &kinds);
            read.push(begun.elapsed());
            let (now, held) = hold::Scales::default().weigh(&fleet, after, 0.5, None, Duration::ZERO);
            let weighed = Instant::now();
            let changes = fleet::diff(&fleet, &now);
            diffed.push(weighed.elapsed());
            whole.push(begun.elapsed());
            black_box((changes, held));
        }
        let whole = median(&mut whole);
        let growth = before_this.replace((size, whole)).map_or(String::new(), |(before, took)| {
            let (rows, time) = (size as f64 / before as f64, whole.as_secs_f64() / took.as_secs_f64());
            format!("; {rows:.0} times the rows, {time:.1} times the time")
        });
        println!(
            "plan a full diff of {size} rows: {:.1} ms (goal 50 ms for 10000, linear), of it checking the rows {:.1} ms, \
             comparing {:.1} ms{growth}",
            ms(whole),
            ms(median(&mut read)),
            ms(median(&mut diffed))
        );
    }
}
