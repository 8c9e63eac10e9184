//! Somebody else's collector, in Python, on the same answer.

use std::process::Command;
use std::time::Duration;

use super::measure::api::FakeApi;
use super::support::redis::RedisServer;

/// CPU of one of its polls.
pub fn cpu_per_poll(paths: usize, redis: &RedisServer) -> Duration {
    let python = Command::new(".ci/redis-py").output().expect(".ci/redis-py");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let python = String::from_utf8(python.stdout).expect("a path");
    let api = FakeApi::start(paths);
    let run = Command::new(python.trim())
        .args(["benches/polls/collector.py", api.url().trim_end_matches('/'), &redis.port().to_string(), "40"])
        .output()
        .expect("python");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let seconds: f64 = String::from_utf8_lossy(&run.stdout).trim().parse().expect("seconds");
    Duration::from_secs_f64(seconds)
}
