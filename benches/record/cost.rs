//! Our own CPU time beside many recorders.

use std::time::Duration;

use streamwarden::demo::demo_server::AnyServer;

use crate::Size;
use crate::measure::usage::{cpu, load, pss};
use crate::support::program::{Config, Program};
use crate::support::rtp_publisher::{Script, publish};
use crate::support::wait::eventually;

/// Records so many streams at once, in segments of ten seconds, polled as by default.
pub async fn measure(config: &Config, media: &AnyServer, size: Size) {
    let environment = vec![("STREAMWARDEN_MONITOR__INTERVAL".to_owned(), "2s".to_owned())];
    let config = Config { segment_duration: "10s", environment, ..config.clone() };
    let program = Program::start(&config).await;
    let server = media.rtsp_url();
    // Long enough for all to begin, and for what is counted.
    let script = Script { seconds: 25 + size.recorders / 2 + size.counted as usize, ..Script::PLAIN };
    let names: Vec<String> = (0..size.recorders).map(|number| format!("many{number}")).collect();
    let publishers: Vec<_> = names.iter().map(|name| publish(&server, name, script)).collect();
    eventually("all recorded", || async {
        let streams = program.api.items("/api/v1/streams").await;
        let recorded = streams.iter().filter(|stream| stream["recording"]["state"] == "recording").count();
        (recorded >= names.len()).then_some(())
    })
    .await;
    let before = cpu(program.pid());
    tokio::time::sleep(Duration::from_secs(size.counted)).await;
    let share = (cpu(program.pid()) - before) / size.counted as f64;
    println!(
        "our own CPU beside {} recorders: {:.1} % of a core (goal 5 for 50), {:.0} MiB; {}",
        names.len(),
        share * 100.0,
        pss(program.pid()),
        load()
    );
    let join = || publishers.into_iter().for_each(|publisher| drop(publisher.join()));
    tokio::task::spawn_blocking(join).await.expect("sent");
    program.stop().await;
}
