//! The page for viewers: who sees it, what is in it, and how little it costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::http::Method;
use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;

use super::world::{World, camera, server, stream};
use crate::adapters::database::{HistoryQuery, HistoryStore, SeriesBuckets};
use crate::adapters::live::Change;
use crate::adapters::live::faulty_store::FaultyLiveStore;
use crate::base::{Error, Result};
use crate::domain::history::{Bucket, NotLive, SeriesKey, SeriesKind, Tier};
use crate::domain::incident::{Incident, IncidentKind, Subject};
use crate::domain::login::UserRole;
use crate::domain::stream::{StreamState, StreamStatus};

const JSON: &str = "/api/v1/status-page";
const ALL: [&str; 3] = ["/status", "/status/style.css", JSON];

/// A database that counts how often it is asked for the past, and may refuse.
struct Counted {
    store: Arc<dyn HistoryStore>,
    asked: AtomicUsize,
    refuses: bool,
}

#[async_trait]
impl HistoryStore for Counted {
    async fn add_history(&self, batch: Vec<SeriesBuckets>) -> Result<()> {
        self.store.add_history(batch).await
    }

    async fn history(&self, query: HistoryQuery) -> Result<Vec<Bucket>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.refuses {
            return Err(Error::unavailable("postgresql://admin:hunter2@10.0.0.9 does not answer"));
        }
        self.store.history(query).await
    }

    async fn series(&self, kind: SeriesKind, tier: Tier, since: i64) -> Result<Vec<SeriesKey>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.store.series(kind, tier, since).await
    }

    async fn forget_history(&self, tier: Tier, before: i64) -> Result<u64> {
        self.store.forget_history(tier, before).await
    }
}

fn counted(world: &mut World, refuses: bool) -> Arc<Counted> {
    let state = Arc::get_mut(&mut world.state).expect("nobody else has it yet");
    let counted = Arc::new(Counted { store: state.stores.history.clone(), asked: AtomicUsize::default(), refuses });
    state.stores.history = counted.clone();
    counted
}

#[actix_web::test]
async fn without_the_setting_there_is_no_such_address() {
    let world = World::new().await;
    for uri in ALL {
        let reply = world.get(uri).await;
        assert_eq!((reply.status, &reply.json()["detail"]), (404, &json!("there is nothing at this address")), "{uri}");
        assert!(!String::from_utf8_lossy(&reply.body).to_lowercase().contains("page"), "{uri}");
    }
}

#[actix_web::test]
async fn it_is_for_everybody_or_for_those_who_have_logged_in() {
    let open = World::new().await.with_status_page("streams = [\"*\"]");
    let closed = World::new().await.with_status_page("streams = [\"*\"]\nlogin = true");
    for world in [&open, &closed] {
        world.add_user("vera", UserRole::Viewer).await;
    }
    let token = open.add_token("cam", UserRole::Viewer, Some("site/"), None).await;
    for uri in ALL {
        let public = open.get(uri).await;
        let cache = public.header("cache-control").to_owned();
        assert!(public.status == 200 && cache == "public, max-age=15", "{uri}: {} {cache}", public.status);
        assert_eq!(open.ask(Method::GET, uri, &[("if-none-match", public.header("etag"))], None).await.status, 304);
        // What is sent along is not looked at: neither a token for other things nor a wrong password.
        assert_eq!(open.as_token(Method::GET, uri, &token).await.status, 200, "{uri}");
        let wrong = [("authorization", "Basic dmVyYTp3cm9uZw==")];
        assert_eq!(open.ask(Method::GET, uri, &wrong, None).await.status, 200, "{uri}");

        assert_eq!(closed.get(uri).await.status, 401, "{uri}");
        let (_, cookie) = closed.add_session("vera", TimeDelta::zero()).await;
        let known = closed.as_session(Method::GET, uri, &cookie).await;
        assert_eq!((known.status, known.header("cache-control")), (200, "private, no-cache"), "{uri}");
    }
    assert_eq!(open.get("/api/v1/streams").await.status, 401, "everything else asks for a login");
}

#[actix_web::test]
async fn names_and_times_are_told_and_nothing_of_the_inside() {
    let world = World::new().await;
    let world =
        world.with_status_page("title = \"Live & well\"\nstreams = [\"site/*\", \"gone\"]\nservers = [\"main\"]");
    let mut gate = camera(7, "site/gate");
    gate.label = Some("Gate <b>".to_owned());
    let cause = "rtsp://admin:hunter2@10.0.0.9/a refuses the login".to_owned();
    let opened = Utc::now() - TimeDelta::minutes(5);
    let incident =
        Incident::open(Uuid::now_v7(), IncidentKind::CameraDown, Subject::camera_of(7, "site/gate"), cause, opened);
    let away = StreamStatus {
        state: StreamState::Offline,
        reason: Some("rtsp://admin:hunter2@10.0.0.9/a is gone".to_owned()),
        ..stream("main", "site/gate")
    };
    let on_demand = StreamStatus { on_demand: true, ..stream("main", "site/on-demand") };
    world
        .publish(vec![
            Change::Server(server("main")),
            Change::Server(server("inside")),
            Change::Camera(gate),
            Change::Stream(Arc::new(away)),
            Change::Stream(Arc::new(stream("main", "site/yard"))),
            Change::Stream(Arc::new(on_demand)),
            Change::Stream(Arc::new(stream("main", "hidden"))),
            Change::Incident(Arc::new(incident)),
        ])
        .await;
    let told = world.get(JSON).await.json();
    let items: Vec<_> = told["items"].as_array().expect("items").iter().collect();
    let said: Vec<_> =
        items.iter().map(|item| (item["kind"].as_str(), item["name"].as_str(), item["state"].as_str())).collect();
    assert_eq!(
        said,
        [
            (Some("stream"), Some("Gate <b>"), Some("down")),
            (Some("stream"), Some("gone"), Some("unknown")),
            (Some("stream"), Some("site/yard"), Some("up")),
            (Some("server"), Some("main"), Some("up")),
        ]
    );
    assert_eq!(
        (&told["title"], &told["state"], &told["stale"]),
        (&json!("Live & well"), &json!("down"), &json!(false))
    );
    let incidents = told["incidents"].as_array().expect("a list");
    assert_eq!(
        (incidents.len(), &incidents[0]["name"], &incidents[0]["trouble"]),
        (1, &json!("Gate <b>"), &json!("down"))
    );
    for item in items {
        let days = item["days"].as_array().expect("days");
        // Nothing was measured, so nothing is up; what the incident says is down.
        let is_down = item["state"] == "down";
        let uptime = if is_down { json!(0.0) } else { json!(null) };
        assert_eq!((days.len(), &item["uptime"]), (90, &uptime), "{item}");
        let down: u64 = days.iter().filter_map(|day| day["downSeconds"].as_u64()).sum();
        assert_eq!(down >= 300, is_down, "{item}");
        assert!(days.iter().all(|day| day["upSeconds"] == 0), "{item}");
    }
    for (language, word) in
        [("en", "What is wrong now"), ("de", "Was gerade nicht stimmt"), ("ru", "Что сейчас не так")]
    {
        let page = world.get(&format!("/status?lang={language}")).await;
        let text = String::from_utf8_lossy(&page.body).into_owned();
        assert!(text.contains(word) && text.contains("Gate &lt;b&gt;") && text.contains("Live &amp; well"), "{text}");
        assert!(page.header("content-security-policy").contains("default-src 'self'"), "as everywhere");
        let all = format!("{text}{told}");
        for secret in ["hunter2", "10.0.0.9", "rtsp", "admin", "hidden", "inside", "on-demand", "refuses"] {
            assert!(!all.contains(secret), "{secret}: {all}");
        }
    }
}

#[actix_web::test]
async fn the_address_says_the_language_else_the_browser_does() {
    let open = World::new().await.with_status_page("streams = [\"*\"]");
    let closed = World::new().await.with_status_page("streams = [\"*\"]\nlogin = true");
    closed.add_user("vera", UserRole::Viewer).await;
    for (query, accepted, language) in [
        ("", "de-AT, en;q=0.5", "de"),
        ("?lang=ru", "de", "ru"),
        ("?lang=RU-ru", "de", "ru"),
        ("?lang=fr", "de", "de"),
        ("?lang=fr", "fr", "en"),
        ("?lang=", "de", "de"),
        ("?lang=ru&lang=en", "de", "de"),
        ("?lang=%ff", "de", "de"),
    ] {
        for (world, status) in [(&open, 200), (&closed, 401)] {
            let uri = format!("/status{query}");
            let page = world.ask(Method::GET, &uri, &[("accept-language", accepted)], None).await;
            let text = String::from_utf8_lossy(&page.body).into_owned();
            let wanted = format!("<html lang=\"{language}\">");
            assert!(page.status == status && text.contains(&wanted), "{uri} {accepted}: {} {text}", page.status);
        }
    }
}

#[actix_web::test]
async fn days_are_what_the_history_says_of_them() {
    let world = World::new().await.with_status_page("streams = [\"*\"]\nservers = [\"*\"]");
    let (step, today) = (Tier::TenMinutes.step(), Utc::now().timestamp().div_euclid(86_400) * 86_400);
    let bucket = |at: i64, not_live: Option<NotLive>| Bucket {
        at,
        state: Some(if not_live.is_some() { StreamState::Offline } else { StreamState::Live }),
        reset: false,
        lost: false,
        watched: None,
        not_live,
        bands: Vec::new(),
    };
    let yesterday = today - 86_400;
    let buckets = vec![
        bucket(yesterday, None),
        bucket(yesterday + step, Some(NotLive { seconds: 30, away: 20 })),
        bucket(today - 89 * 86_400, None),
        bucket(today - 91 * 86_400, None),
    ];
    // A stream that nobody tells of any more, but the history.
    let series = [SeriesKey::stream("main", "late"), SeriesKey::of(SeriesKind::Server, "main")];
    let batch = series.map(|series| (series, Tier::TenMinutes, buckets.clone()));
    world.state.stores.history.add_history(batch.to_vec()).await.expect("added");
    world.publish(vec![Change::Server(server("main"))]).await;
    let told = world.get(JSON).await.json();
    let items = told["items"].as_array().expect("items");
    assert_eq!(items.len(), 2, "{told}");
    for item in items {
        let days = item["days"].as_array().expect("days");
        let of = |back: usize| {
            let day = &days[89 - back];
            [&day["upSeconds"], &day["downSeconds"], &day["unknownSeconds"]]
                .map(|seconds| seconds.as_u64().expect("a number"))
        };
        assert_eq!((of(1), of(89), of(2)), ([1_170, 20, 85_210], [600, 0, 85_800], [0, 0, 86_400]), "{item}");
        // 1770 of 1790 known seconds.
        assert_eq!(item["uptime"], json!(0.9888), "{item}");
    }
}

#[actix_web::test]
async fn however_many_ask_the_database_is_asked_once() {
    let mut world = World::new().await.with_status_page("streams = [\"*\"]");
    let asked = counted(&mut world, false);
    world.publish(vec![Change::Stream(Arc::new(stream("main", "gate")))]).await;
    let replies = join_all((0..20).map(|n| world.get(ALL[n % 3]))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(asked.asked.load(Ordering::Relaxed), 2, "the names of streams, and the days of one");
}

#[actix_web::test]
async fn a_database_that_refuses_is_not_asked_again_by_whoever_asks_and_not_told_of() {
    let mut world = World::new().await.with_status_page("streams = [\"gate\"]");
    let asked = counted(&mut world, true);
    for uri in ["/status", JSON, "/status"] {
        let reply = world.get(uri).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, "60"), "{uri}");
        assert!(!String::from_utf8_lossy(&reply.body).contains("hunter2"), "{uri}");
    }
    assert_eq!(asked.asked.load(Ordering::Relaxed), 1);
}

#[actix_web::test]
async fn a_live_store_that_is_away_is_asked_once_however_many_ask() {
    let mut world = World::new().await.with_status_page("streams = [\"gate\"]");
    let live = FaultyLiveStore::new();
    live.unreadable.store(true, Ordering::Relaxed);
    Arc::get_mut(&mut world.state).expect("nobody else has it yet").live = live.clone();
    for reply in join_all((0..20).map(|_| world.get(JSON))).await {
        assert_eq!((reply.status, reply.header("retry-after")), (503, "60"));
    }
    assert_eq!(world.get("/status").await.status, 503);
    assert_eq!(live.copies.load(Ordering::Relaxed), 1);
}

#[actix_web::test]
async fn an_address_with_a_slash_behind_it_leads_to_the_page() {
    let mut world = World::new().await.with_status_page("streams = [\"*\"]");
    for (uri, wanted) in [("/status/", "../status"), ("/status/?lang=de", "../status?lang=de")] {
        let reply = world.get(uri).await;
        assert_eq!((reply.status, reply.header("location")), (308, wanted), "{uri}");
    }
    Arc::get_mut(&mut world.state).expect("nobody else has it yet").base_path = "/cams".to_owned();
    assert_eq!(world.get("/cams/status/").await.header("location"), "../status");
    assert_eq!(World::new().await.get("/status/").await.status, 404, "where there is no such page, nothing is special");
}

#[actix_web::test]
async fn it_works_below_a_path_and_says_what_is_made_up_and_left_out() {
    let until = Utc::now();
    let mut world = World::new().await.with_status_page("streams = [\"*\"]").with_sample_until(until);
    Arc::get_mut(&mut world.state).expect("nobody else has it yet").base_path = "/cams".to_owned();
    world.publish((0..203).map(|n| Change::Stream(Arc::new(stream("main", &format!("s{n:03}"))))).collect()).await;
    let told = world.get("/cams/api/v1/status-page").await.json();
    let items = told["items"].as_array().expect("items").len();
    assert_eq!((items, &told["leftOut"], told["sampleUntil"].is_string()), (200, &json!(3), true));
    let page = world.get("/cams/status").await;
    let text = String::from_utf8_lossy(&page.body).into_owned();
    // Relative to the page's own address, wherever a proxy shows it.
    assert!(
        text.contains("href=\"status/style.css\"") && text.contains("not measured") && text.contains("too many: 3"),
        "{text}"
    );
    assert_eq!(world.get("/cams/status/style.css").await.header("content-type"), "text/css; charset=utf-8");
}
