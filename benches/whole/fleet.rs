//! Our own CPU and memory beside the ffmpegs that we supervise: as many relays of a small stream as the machine carries.

use std::time::Duration;

use streamwarden::demo::demo_server::AnyServer;
use streamwarden::demo::media_server::{MediaServer, Options};

use crate::measure::usage::{available, busy, cores, cpu, load, pss};
use crate::support::media::Publisher;
use crate::support::processes::Job;
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

/// 128x72 at 5 frames/s without sound: next to nothing.
const TINY: &str = "-re -f lavfi -i testsrc2=size=128x72:rate=5 -c:v libx264 -preset ultrafast -tune zerolatency \
                    -pix_fmt yuv420p -g 5";
/// Relays, as long as the machine carries them.
const SIZES: [usize; 3] = [50, 100, 200];
/// How long CPU time is counted.
const SPAN: Duration = Duration::from_secs(20);
/// The machine carries no more when so much of its CPU would be busy ...
const FULL: f64 = 0.95;
/// ... or so many MiB would not be left.
const SPARE: f64 = 1024.0;

/// Relays one small stream, published once, to more and more paths.
pub async fn measure_cost(media: &AnyServer) {
    let server = MediaServer::start(Options::default()).expect("free ports");
    let mut url = server.rtsp_url();
    url.set_path("tiny");
    let publisher = Publisher::run(&TINY.split_whitespace().collect::<Vec<_>>(), &url);
    let presence = server.presence();
    eventually("the source on air", || async { presence.is_live("tiny").then_some(()) }).await;
    // Polled as by default, which is slower than in tests.
    let environment = vec![("STREAMWARDEN_MONITOR__INTERVAL".to_owned(), "2s".to_owned())];
    let config = Config { environment, stall_timeout: "10s", ..Config::on(media) };
    let program = Program::start(&config).await;
    let mut begun = 0;
    for (place, size) in SIZES.into_iter().enumerate() {
        let row = |n: usize| format!("('fleet{n}', '{url}', 0)");
        let rows: Vec<String> = (begun..size).map(row).collect();
        program.sql(&format!("INSERT INTO cameras(name, url, record) VALUES {}", rows.join(",")));
        begun = size;
        eventually("all relays run", || async { (running(&program).await == size).then_some(()) }).await;
        let (busy, share, memory) = measure(&program, size).await;
        let Some(next) = SIZES.get(place + 1) else { break };
        let growth = *next as f64 / size as f64;
        // What serves them costs about as much again.
        if busy + 2.0 * share * (growth - 1.0) > FULL || available() - memory * (growth - 1.0) < SPARE {
            println!(
                "{next} relays are more than this machine carries: {:.0} % of its CPU is busy with {size}",
                busy * 100.0
            );
            break;
        }
    }
    program.stop().await;
    drop(publisher);
    server.stop().await;
}

async fn running(program: &Program) -> usize {
    let cameras = program.api.items("/api/v1/cameras").await;
    cameras.iter().filter(|camera| camera["state"] == "running").count()
}

/// Prints a row; returns which part of the machine's CPU was busy, which part of it with us and our ffmpegs, and the relays'
/// memory in MiB.
async fn measure(program: &Program, size: usize) -> (f64, f64, f64) {
    let processes = program.processes().into_iter();
    let relays: Vec<u32> =
        processes.filter(|process| matches!(process.job, Job::Relay(_))).map(|process| process.pid).collect();
    let sum = |read: fn(u32) -> f64| relays.iter().map(|pid| read(*pid)).sum::<f64>();
    let (ours, theirs, machine) = (cpu(program.pid()), sum(cpu), busy());
    tokio::time::sleep(SPAN).await;
    let span = SPAN.as_secs_f64();
    let (ours, theirs) = ((cpu(program.pid()) - ours) / span * 100.0, (sum(cpu) - theirs) / span * 100.0);
    let machine = busy().since(&machine);
    let (our_memory, their_memory) = (pss(program.pid()), sum(pss));
    println!(
        "beside {} relays ({size} asked for) over {span:.0} s: our CPU {ours:.1} % of a core (goal 2 % with 200), the ffmpegs' \
         {theirs:.1} %, ratio {:.3}; our PSS {our_memory:.1} MiB (goal 64), theirs {their_memory:.1} MiB, ratio {:.3}; \
         machine {:.0} % busy, {}",
        relays.len(),
        ours / theirs,
        our_memory / their_memory,
        machine * 100.0,
        load()
    );
    (machine, (ours + theirs) / 100.0 / cores(), their_memory)
}
