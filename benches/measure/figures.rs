//! Numbers as they are printed.

use std::time::Duration;

/// The middle of the readings.
pub fn median(readings: &mut [Duration]) -> Duration {
    readings.sort();
    readings[readings.len() / 2]
}

/// One line: what, ours, bare, ratio, and every reading in milliseconds.
pub fn line(what: &str, ours: &mut [Duration], bare: &mut [Duration]) {
    let (us, them) = (median(ours), median(bare));
    println!(
        "{what}: {:.0} ms, bare ffmpeg {:.0} ms, ratio {:.2}   [ours {}; bare {}]",
        us.as_secs_f64() * 1e3,
        them.as_secs_f64() * 1e3,
        us.as_secs_f64() / them.as_secs_f64(),
        all(ours),
        all(bare)
    );
}

fn all(readings: &[Duration]) -> String {
    readings.iter().map(|reading| reading.as_millis().to_string()).collect::<Vec<_>>().join(" ")
}
