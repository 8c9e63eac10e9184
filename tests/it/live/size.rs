//! What a day of history costs in Redis, at the size that its nodes really have.

use std::time::Duration;

use super::harness::{Node, Path, now, seconds};
use crate::support::redis::RedisServer;

/// Polls of a day at the interval of 2 s.
const POLLS: u32 = 43_200;
/// Bytes that a path and day may cost, and one from an SRT source.
const MOST: (u64, u64) = (950_000, 1_600_000);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_a_path_stays_small() {
    let server = RedisServer::start();
    let node = Node::keeping(&server, Duration::from_secs(25 * 3600));
    node.fault(None).await;
    let begun = now() - seconds(86_400);
    let mut client = server.client();
    let mut length = || -> u32 { redis::cmd("XLEN").arg("mediamtx:history:cam").query(&mut client).expect("a number") };
    let (mut cam, mut random) = (0_u64, 1_u64);
    for poll in 0..POLLS {
        // 4 Mbit/s, a million bytes a poll, never twice the same.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        cam += 900_000 + (random >> 40) % 200_000;
        let at = begun + seconds(2 * i64::from(poll));
        let paths =
            [Path { name: "cam", bytes: cam }, Path { name: "srt-noisy", bytes: cam }, Path { name: "idle", bytes: 0 }];
        node.poll("main", at, &paths).await;
        if poll % 8 == 7 {
            while length() <= poll {
                tokio::task::yield_now().await;
            }
        }
    }
    let usage = |name: &str| -> u64 { server.ask(&format!("MEMORY USAGE mediamtx:history:{name} SAMPLES 0")) };
    let (cam, srt, idle) = (usage("cam"), usage("srt-noisy"), usage("idle"));
    println!("a day: {cam} bytes, {srt} from SRT, {idle} where nothing moves");
    assert!(cam <= MOST.0 && srt <= MOST.1 && idle <= MOST.0 / 20, "{cam}, {srt}, {idle}");
    let entries: u32 = server.ask("XLEN mediamtx:history:idle");
    assert!((1_440..=1_500).contains(&entries), "once a minute: {entries}");
}
