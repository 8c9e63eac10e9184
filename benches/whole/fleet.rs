//! Our own CPU and memory beside the ffmpegs that we supervise.

use std::time::Duration;

use crate::measure::usage::{cpu, pss};
use crate::support::cameras::Cameras;
use crate::support::processes::Job;
use crate::support::program::Program;

/// Relays of small streams.
pub const SIZE: usize = 20;

/// How long CPU time is counted.
const SPAN: Duration = Duration::from_secs(30);

/// Relays all cameras for a while.
pub async fn weigh(program: &Program, cameras: &Cameras) {
    for index in 0..SIZE {
        let url = cameras.url(index);
        program.sql(&format!("INSERT INTO cameras(name, url, record) VALUES ('fleet{index}', '{url}', 0)"));
    }
    for index in 0..SIZE {
        program.camera_in(&format!("fleet{index}"), "running").await;
    }
    let processes = program.processes().into_iter();
    let relays: Vec<u32> =
        processes.filter(|process| matches!(process.job, Job::Relay(_))).map(|process| process.pid).collect();
    let sum = |read: fn(u32) -> f64| relays.iter().map(|pid| read(*pid)).sum::<f64>();
    let (ours, theirs) = (cpu(program.pid()), sum(cpu));
    tokio::time::sleep(SPAN).await;
    let span = SPAN.as_secs_f64();
    let (ours, theirs) = ((cpu(program.pid()) - ours) / span * 100.0, (sum(cpu) - theirs) / span * 100.0);
    let (our_memory, their_memory) = (pss(program.pid()), sum(pss));
    println!(
        "beside {} relays over {span:.0} s: our CPU {ours:.1} % of a core, theirs {theirs:.1} %, ratio {:.3}; \
         our PSS {our_memory:.1} MiB, theirs {their_memory:.1} MiB, ratio {:.3}",
        relays.len(),
        ours / theirs,
        our_memory / their_memory
    );
}
