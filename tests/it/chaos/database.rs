//! PostgreSQL goes away in every way it can, under running cameras: their ffmpegs are the same all the time, whatever
//! dies meanwhile comes back without it, and when it is back, edits act again.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use nix::sys::signal::Signal;
use serde_json::Value;
use url::Url;

use super::harness::{Before, Harness};
use super::long;
use super::proxy::{Manner, Proxy};
use crate::support::processes::{send, words};
use crate::support::wait::within;

/// Cameras of each test.
const COUNT: usize = 6;

/// The longest gap between the database's return and an edit that acts: a dead connection is found out (15 s), and a new
/// one is tried for (5 s).
const EDITS_ACT_WITHIN: Duration = Duration::from_secs(30);

/// What `/ready` says of the database, and what the page is told; both are answered however the database is.
async fn states_of_database(harness: &Harness) -> Vec<Value> {
    let (_, ready) = harness.program.api.text("/ready").await.expect("an answer");
    let ready: Value = serde_json::from_str(&ready).expect("JSON");
    let told = [ready, harness.program.api.get("/api/v1/status").await];
    let of = |told: &Value| {
        let services = told["services"].as_array().expect("a list");
        services.iter().find(|service| service["name"] == "database").expect("one of them").clone()
    };
    told.iter().map(of).collect()
}

async fn is_shown(harness: &Harness, well: bool) {
    harness
        .until("the database's state shown", || async {
            let states = states_of_database(harness).await;
            let told = |state: &Value| state["detail"].as_str().is_some_and(|text| text.len() > 10);
            let shown = states.iter().all(|state| state["ok"] == well && told(state));
            if shown { Ok(()) } else { Err(format!("{states:?}")) }
        })
        .await;
}

/// While the database is away: it is shown, the cameras go on, and one that dies comes back.
async fn go_on_without(harness: &Harness, relays: &mut BTreeMap<String, u32>, victim: usize) {
    is_shown(harness, false).await;
    assert_eq!(&harness.relays(), relays, "nothing has happened to them");
    let name = format!("cam{}", victim % COUNT);
    send(relays[&name], Signal::SIGKILL);
    let pid = relays[&name];
    harness
        .until("a relay back without the database", || async {
            harness.relays().get(&name).filter(|now| **now != pid).map(|_| ()).ok_or_else(String::new)
        })
        .await;
    let now = harness.all_running().await;
    assert!(now.iter().all(|(other, pid)| *other == name || relays[other] == *pid), "{now:?}, not {relays:?}");
    *relays = now;
    // One that hangs is given time.
    harness
        .until("the database missed by whoever reads it", || async {
            let tree = harness.program.api.get("/api/v1/tree").await;
            let restreams =
                tree["children"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "restreams"));
            let planner = restreams.and_then(|role| {
                role["children"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "planner"))
            });
            let fault = planner.map(|planner| planner["state"]["databaseFault"].clone());
            if fault.is_some_and(|fault| fault.is_string()) { Ok(()) } else { Err(tree.to_string()) }
        })
        .await;
}

/// Afterwards: it is shown, a changed, a new and a deleted row act, and the others are the same as ever.
async fn edits_act(
    harness: &Harness,
    before: &Before,
    relays: &BTreeMap<String, u32>,
    what: &str,
    since: Option<DateTime<Utc>>,
) {
    is_shown(harness, true).await;
    let begun = Instant::now();
    let reads = words(relays["cam1"], "cmdline");
    let mut sources = (0..COUNT).map(|number| harness.source(number).to_string());
    let elsewhere = sources.find(|source| !reads.contains(source)).expect("another one");
    harness.sql(&format!("UPDATE cameras SET url = '{elsewhere}' WHERE name = 'cam1'"));
    harness
        .until("the edit", || async {
            let pid = harness.relays().get("cam1").copied().ok_or("no relay")?;
            let args = words(pid, "cmdline");
            if args.contains(&elsewhere) { Ok(()) } else { Err(format!("{args:?}")) }
        })
        .await;
    within(begun.elapsed(), EDITS_ACT_WITHIN, "the edit");
    println!("{what}: an edit acts {:?} after the database is back", begun.elapsed());
    harness.insert(&[("extra".to_owned(), harness.source(2))]);
    harness.all_running().await;
    harness.sql("DELETE FROM cameras WHERE name = 'extra'");
    harness.forget(&["extra"]);
    harness.in_order(before).await;
    let now = harness.relays();
    let others = |relays: &BTreeMap<String, u32>| {
        let others = relays.iter().filter(|(name, _)| *name != "cam1");
        others.map(|(name, pid)| (name.clone(), *pid)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(others(&now), others(relays), "{what}");
    let Some(since) = since else { return };
    // What waited in memory is written within seconds.
    for (kind, words) in [("serviceDown", "the database"), ("cameraDown", "SIGKILL")] {
        harness
            .until("an incident of the outage", || async {
                let told = harness.incidents(kind).await;
                // Not by when it was opened: that is dated to the question which was under way, and got no answer any more.
                let then = told.iter().filter(|one| {
                    one["closedAt"].as_str().is_none_or(|at| at.parse().is_ok_and(|at: DateTime<Utc>| at >= since))
                });
                let told_so = then.filter_map(|one| one["cause"].as_str()).any(|why| why.contains(words));
                if told_so { Ok(()) } else { Err(format!("{what}: {kind} since {since}: {told:#?}")) }
            })
            .await;
    }
}

#[tokio::test]
async fn a_database_that_is_killed_restarted_or_paused_is_waited_for() {
    let (harness, before) = Harness::open(COUNT).await;
    for round in 0..if long() { 5 } else { 1 } {
        let mut relays = harness.all_running().await;
        let since = Utc::now();
        harness.database.crash();
        go_on_without(&harness, &mut relays, round).await;
        harness.database.run();
        edits_act(&harness, &before, &relays, "killed", Some(since)).await;

        let mut relays = harness.all_running().await;
        let since = Utc::now();
        harness.database.stop();
        go_on_without(&harness, &mut relays, round + 2).await;
        harness.database.run();
        edits_act(&harness, &before, &relays, "restarted", Some(since)).await;

        let mut relays = harness.all_running().await;
        let since = Utc::now();
        harness.database.pause(Signal::SIGSTOP);
        go_on_without(&harness, &mut relays, round + 4).await;
        harness.database.pause(Signal::SIGCONT);
        edits_act(&harness, &before, &relays, "paused", Some(since)).await;
    }
    harness.close().await;
}

/// Ends every session but those of the test.
const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                         WHERE backend_type = 'client backend' AND application_name <> 'outsider'";

/// How many times `/ready` hangs in a lock with its question, and not the manager with its own.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                       AND application_name <> 'outsider' AND query LIKE '%transaction_read_only%'";

#[tokio::test]
async fn connections_that_are_cut_in_the_middle_of_a_question_are_made_anew() {
    let mut way = None;
    let (harness, before) = Harness::with(COUNT, "", |config, database| {
        let proxy = Proxy::to(SocketAddr::from((Ipv4Addr::LOCALHOST, database.port())));
        for (name, value) in &mut config.environment {
            if name == "PG_DSN" {
                *value = proxy.on_the_way_to(&Url::parse(value).expect("a URL")).to_string();
            }
        }
        way = Some(proxy);
    })
    .await;
    let way = way.expect("made above");
    // Two of them: within a transaction the view of the sessions stands still.
    let locker = harness.outsider().await.expect("a connection");
    let outsider = harness.outsider().await.expect("a connection");
    for round in 0..if long() { 100 } else { 25 } {
        // Every question about the cameras hangs, and is cut: by the server, or by the network.
        locker.batch_execute("BEGIN; LOCK TABLE cameras").await.expect("the lock");
        let asking = tokio::spawn({
            let api = harness.program.api.clone();
            async move { api.text("/ready").await.map(|(status, _)| status.as_u16()) }
        });
        harness
            .until("a question in the lock", || async {
                let waiting: i64 = outsider.query_one(WAITING, &[]).await.expect("an answer").get(0);
                if waiting > 0 { Ok(()) } else { Err("none".to_owned()) }
            })
            .await;
        if round % 2 == 0 {
            outsider.execute(TERMINATE, &[]).await.expect("ended");
        } else {
            way.cut();
        }
        locker.batch_execute("ROLLBACK").await.expect("the end of the lock");
        assert_eq!(asking.await.expect("asked"), Some(503), "whoever asked is told");
    }
    edits_act(&harness, &before, &harness.relays(), "cut", None).await;

    // The network swallows everything, then refuses everything.
    let mut relays = harness.all_running().await;
    let since = Utc::now();
    way.stick(true);
    go_on_without(&harness, &mut relays, 2).await;
    way.stick(false);
    edits_act(&harness, &before, &relays, "swallowed", Some(since)).await;
    let mut relays = harness.all_running().await;
    let since = Utc::now();
    way.turn(Manner::Closed);
    go_on_without(&harness, &mut relays, 3).await;
    way.turn(Manner::Honest);
    edits_act(&harness, &before, &relays, "hung up", Some(since)).await;
    drop((locker, outsider));
    harness.close().await;
}

#[tokio::test]
async fn a_database_without_a_free_connection_is_waited_for() {
    const MOST: usize = 100;
    let (harness, before) = Harness::with(COUNT, &format!("max_connections = {MOST}\n"), |_, _| ()).await;
    for round in 0..if long() { 5 } else { 1 } {
        let mut relays = harness.all_running().await;
        let since = Utc::now();
        let mut held = vec![harness.outsider().await.expect("a connection")];
        while held.len() < MOST {
            match harness.outsider().await {
                Ok(client) => held.push(client),
                // The others are the program's; what it loses is ours, if we are quicker.
                Err(_) => _ = held[0].execute(TERMINATE, &[]).await.expect("ended"),
            }
        }
        go_on_without(&harness, &mut relays, round).await;
        for state in states_of_database(&harness).await {
            assert!(state["detail"].as_str().is_some_and(|why| why.contains("connections")), "{state}");
        }
        drop(held);
        edits_act(&harness, &before, &relays, "exhausted", Some(since)).await;
    }
    harness.close().await;
}
