//! Two nodes that would relay the same cameras: one of them does, also where neither finds the other in a database of ours,
//! and where the database was away when the second one started.

use std::sync::Arc;

use secrecy::ExposeSecret;
use streamwarden::demo::media_server::Options;

use super::nodes::{incident, on, ready, refused, stopped};
use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::postgres::{TestServer, shared};
use crate::support::processes::Job;
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

const ROLES: &str = "monitor,restream";
const QUERY: &str = "[database]\ncameras_query = \"SELECT id, name, url FROM cctv\"";

/// A database of its own with a site's table that holds one camera, and its URL.
fn site(server: &TestServer, camera: &url::Url) -> String {
    let url = server.database().expose_secret().to_owned();
    let made =
        format!("CREATE TABLE cctv (id int, name text, url text); INSERT INTO cctv VALUES (1, 'gate', '{camera}')");
    server.psql(name_of(&url), &made).expect("made");
    url
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().and_then(|name| name.split('?').next()).expect("a name")
}

/// Cameras come from a site's table; everything else is in a file of the node.
fn by_query(config: Config) -> Config {
    let restream = "refresh = \"2s\"".to_owned();
    Config { more: format!("{}\n{QUERY}", config.more), restream, ..config }
}

#[tokio::test]
async fn a_second_relay_of_a_sites_table_is_refused_with_the_first_one_named() {
    let database: Arc<TestServer> = shared();
    let (cameras, media) = (Cameras::start(1).await, server(&Options::default()).await);
    let url = site(&database, &cameras.url(0));
    let mut a = Program::start(&on(&url, "a", ROLES, by_query(Config::on(&media)))).await;
    a.live("gate").await;
    assert!(refused(&on(&url, "b", ROLES, by_query(Config::on(&media)))).contains("roles"));
    // Whoever does not relay is welcome, and so is the same node again after a kill.
    let monitor = Program::start(&on(&url, "b", "monitor", by_query(Config::on(&media)))).await;
    a.kill().await;
    a.start_again().await;
    a.live("gate").await;
    let checked = a.room().run(&["check", "--config", "streamwarden.toml"], &[("STREAMWARDEN_DATABASE__URL", &url)]);
    assert!(!checked.out.contains("relayed by the node"), "a is no standby of itself: {}", checked.out);
    stopped(&mut a).await;
    let b = Program::start(&on(&url, "c", ROLES, by_query(Config::on(&media)))).await;
    b.live("gate").await;
    b.stop().await;
    monitor.stop().await;
    drop(a);
    media.stop().await;
    cameras.stop().await;
}

/// B relays by what it knew last while the database is away, and A does so too; then the database comes back.
async fn the_later_one_yields(prepare: impl Fn(Config) -> Config, fill: impl FnOnce(&TestServer, &str, &url::Url)) {
    let database = TestServer::start("");
    let cameras = Cameras::start(1).await;
    let (media, other_media) = (server(&Options::default()).await, server(&Options::default()).await);
    let url = database.database().expose_secret().to_owned();
    let mut b = {
        let config = on(&url, "b", ROLES, prepare(Config::on(&other_media)));
        // A site's table is there before us; ours is made by the start.
        database.psql(name_of(&url), "CREATE TABLE cctv (id int, name text, url text)").expect("made");
        let b = Program::start(&config).await;
        fill(&database, name_of(&url), &cameras.url(0));
        b.live("gate").await;
        b
    };
    let kept = b.data_dir().join("cameras.last.json");
    eventually("its cameras are kept", || async { kept.exists().then_some(()) }).await;
    stopped(&mut b).await;
    let mut a = Program::start(&on(&url, "a", ROLES, prepare(Config::on(&media)))).await;
    a.live("gate").await;
    database.stop();
    b.start_again().await;
    b.live("gate").await;
    database.run();

    let reason = ready(&b, false, "\\\"a\\\"").await;
    assert!(reason.contains("relayed by the node"), "{reason}");
    let shown = eventually("b's camera waits", || async {
        b.api.camera("gate").await.filter(|camera| camera["state"] == "waiting")
    })
    .await;
    assert!(shown["lastError"].as_str().is_some_and(|why| why.contains("\"a\"")), "{shown}");
    let relay = Job::Relay("gate".to_owned());
    eventually("b's relay has ended", || async { b.process(&relay).is_none().then_some(()) }).await;
    let told = incident(&b, "node", true).await;
    assert!(told["cause"].as_str().is_some_and(|why| why.contains("\"a\"")), "{told}");
    assert!(
        b.log().contains("relays stopped: the cameras of this database are relayed by the node \"a\""),
        "{}",
        b.log()
    );
    a.live("gate").await;
    assert!(!a.log().contains("relays stopped"), "the one that was there first goes on: {}", a.log());

    // It goes on by itself when a has gone.
    stopped(&mut a).await;
    b.live("gate").await;
    ready(&b, true, "node").await;
    incident(&b, "node", false).await;
    b.stop().await;
    drop(a);
    media.stop().await;
    other_media.stop().await;
    cameras.stop().await;
}

#[tokio::test]
async fn a_relay_that_started_while_our_database_was_away_yields_to_the_one_that_was_there() {
    the_later_one_yields(
        |config| config,
        |database, name, camera| {
            let row = format!("INSERT INTO cameras (name, url) VALUES ('gate', '{camera}')");
            database.psql(name, &row).expect("inserted");
        },
    )
    .await;
}

#[tokio::test]
async fn a_relay_that_started_while_a_sites_database_was_away_yields_to_the_one_that_was_there() {
    the_later_one_yields(by_query, |database, name, camera| {
        let rows = format!("INSERT INTO cctv VALUES (1, 'gate', '{camera}')");
        database.psql(name, &rows).expect("filled");
    })
    .await;
}
