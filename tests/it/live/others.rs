//! Programs of others and other processes of ours.

use std::process::Stdio;
use std::time::Duration;

use streamwarden::adapters::live::LiveStore;
use streamwarden::domain::duty::WorkClaim;
use streamwarden::domain::stream::StreamState;

use super::harness::{Node, Path, now, seconds};
use crate::support::redis::RedisServer;
use crate::support::wait::{TIMEOUT, eventually, true_within};

const INTERVAL: Duration = Duration::from_millis(500);

/// Python with the packages that such programs use.
async fn python() -> String {
    let made = tokio::process::Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/redis-py")).output().await;
    let made = made.expect(".ci/redis-py");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).expect("a path").trim().to_owned()
}

#[tokio::test]
async fn a_python_program_reads_list_history_and_messages() {
    let python = python().await;
    let server = RedisServer::start();
    let node = Node::start(&server, "n1");
    node.fault(None).await;
    let mut program = tokio::process::Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/live/other_program.py"))
        .arg(server.port().to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("python");
    let begun = now();
    let mut polls = 0_u32;
    let ended = async || {
        polls += 1;
        let bytes = 1_000 * u64::from(polls);
        let paths = [Path { name: "cam", bytes }, Path { name: "srt1", bytes }];
        node.poll("main", begun + seconds(2 * i64::from(polls)), &paths).await;
        program.try_wait().expect("our child").is_some()
    };
    true_within("the other program reads everything", TIMEOUT, ended).await;
    let output = program.wait_with_output().await.expect("its output");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "read it all");
}

#[tokio::test]
async fn what_a_silent_node_has_told_is_not_shown_as_running() {
    let server = RedisServer::start();
    let two = Node::start(&server, "n2");
    two.fault(None).await;
    {
        let one = Node::start(&server, "n1");
        one.poll("main", now(), &[Path { name: "cam", bytes: 1_000 }]).await;
        two.stream("cam", |status| status.state == StreamState::Live).await;
    }
    let silent = two.stream("cam", |status| status.state == StreamState::Unknown).await;
    assert!(silent.reason.expect("a reason").starts_with("the node n1, which told of it, has been silent since"));
    assert!(two.latest().await.servers.iter().all(|server| !server.reachable));
    // Back, it is believed again.
    let one = Node::start(&server, "n1");
    one.poll("main", now(), &[Path { name: "cam", bytes: 2_000 }]).await;
    two.stream("cam", |status| status.state == StreamState::Live).await;
}

/// Whether this process has to poll the server.
async fn polls(node: &Node, server: &str) -> bool {
    !matches!(node.live.claim(server, INTERVAL).await, WorkClaim::Others(_))
}

#[tokio::test]
async fn one_of_two_processes_polls_and_the_other_takes_over() {
    let mut server = RedisServer::start();
    let (one, two) = (Node::start(&server, "n1"), Node::start(&server, "n2"));
    one.fault(None).await;
    two.fault(None).await;
    assert!(polls(&one, "main").await);
    assert!(!polls(&two, "main").await, "it stands by");
    assert!(polls(&two, "other").await, "each server is claimed for itself");
    one.poll("main", now(), &[Path { name: "cam", bytes: 1_000 }]).await;
    two.stream("cam", |status| status.bytes_received == 1_000).await;
    assert!(polls(&one, "main").await, "it goes on");
    // It asks no more.
    eventually("a takeover", || async { polls(&two, "main").await.then_some(()) }).await;
    two.poll("main", now(), &[Path { name: "cam", bytes: 2_000 }]).await;
    assert!(!polls(&one, "main").await, "the other has it");
    one.stream("cam", |status| status.bytes_received == 2_000).await;
    let epoch: u64 = server.ask("GET mediamtx:streamwarden:epoch:main");
    assert_eq!(epoch, 2);
    // A claim that nobody of ours can have written ends like one of ours, and a key that holds something else is told.
    let _: String = server.ask("SET mediamtx:streamwarden:poller:main evil");
    assert!(!polls(&two, "main").await, "somebody has it");
    eventually("its end", || async { polls(&two, "main").await.then_some(()) }).await;
    let _: i64 = server.ask("DEL mediamtx:streamwarden:poller:main");
    let _: i64 = server.ask("LPUSH mediamtx:streamwarden:poller:main x");
    assert!(polls(&one, "main").await, "who cannot ask polls");
    one.fault(Some("claiming of the polling of the server main")).await;
    let _: i64 = server.ask("DEL mediamtx:streamwarden:poller:main");
    assert!(polls(&one, "main").await);
    one.fault(None).await;
    // Without Redis everybody polls for himself.
    server.stop();
    one.fault(Some("redis://")).await;
    two.fault(Some("redis://")).await;
    assert!(polls(&one, "main").await && polls(&two, "main").await);
    one.poll("main", now(), &[Path { name: "cam", bytes: 3_000 }]).await;
    assert_eq!(one.stream("cam", |_| true).await.bytes_received, 3_000);
}

#[tokio::test]
async fn a_second_process_of_the_same_name_is_told_by_both_until_it_has_gone() {
    let server = RedisServer::start();
    let one = Node::start(&server, "n1");
    one.fault(None).await;
    {
        let two = Node::start(&server, "n1");
        one.fault(Some("another process calls itself the node n1 too")).await;
        two.fault(Some("give each a `node` of its own")).await;
    }
    one.fault(None).await;
}
