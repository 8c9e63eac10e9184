//! Numbers as they are printed: what was measured beside what was asked for. Nothing is judged.

use std::time::Duration;

/// The middle of the readings.
pub fn median(readings: &mut [Duration]) -> Duration {
    readings.sort();
    readings[readings.len() / 2]
}

/// The mean of the readings.
pub fn mean(readings: &[Duration]) -> Duration {
    readings.iter().sum::<Duration>() / u32::try_from(readings.len()).expect("few")
}

/// Milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A row of the table: median, median of the other, their ratio and its goal, and every reading in milliseconds.
pub fn versus(what: &str, ours: &mut [Duration], other: &str, theirs: &mut [Duration], goal: &str) {
    let (us, them) = (median(ours), median(theirs));
    println!(
        "{what}: {:.0} ms, {other} {:.0} ms, ratio {:.2} (goal {goal})   [ours {}; {other} {}]",
        ms(us),
        ms(them),
        us.as_secs_f64() / them.as_secs_f64(),
        spread(ours),
        spread(theirs)
    );
}

/// The same with means: for readings that are spread evenly over all cases there are.
pub fn versus_on_average(what: &str, ours: &[Duration], other: &str, theirs: &[Duration], goal: &str) {
    let (us, them) = (mean(ours), mean(theirs));
    println!(
        "{what}: {:.0} ms, {other} {:.0} ms, {:+.0} ms, ratio {:.2} (goal {goal})   [ours {}; the other {}]",
        ms(us),
        ms(them),
        ms(us) - ms(them),
        us.as_secs_f64() / them.as_secs_f64(),
        spread(&mut ours.to_vec()),
        spread(&mut theirs.to_vec())
    );
}

/// Sorted readings in milliseconds.
pub fn spread(readings: &mut [Duration]) -> String {
    readings.sort();
    readings.iter().map(|reading| format!("{:.0}", ms(*reading))).collect::<Vec<_>>().join(" ")
}
