//! A start while the database of the users is away: whoever was asked for a login before is asked for one now.

use std::sync::Arc;

use actix_web::http::Method;
use serde_json::json;
use tokio::sync::watch;

use super::logins::PASSWORD;
use super::world::World;
use crate::actors::logins::{LOCAL_TOKEN, Logins};
use crate::adapters::database::postgres;
use crate::config::settings::PostgresSettings;
use crate::domain::login::{LoginTable, UserRole};
use crate::http::ByLogins;

/// The same `data_dir`, started anew with a database that does not answer.
async fn started_without_a_database(mut world: World) -> World {
    let settings = PostgresSettings {
        // Discard, where nobody listens.
        url: "postgresql://video:secret@127.0.0.1:9/video".into(),
        schema: None,
        listen_url: None,
    };
    let store = postgres::open_or_wait(&settings).await.expect("waits for it");
    let configured = watch::channel(LoginTable::default()).1;
    let logins = Logins::open(store, configured, false, world.folder.path().to_owned()).await.expect("opened");
    let state = Arc::get_mut(&mut world.state).expect("nobody else has it");
    state.callers = Arc::new(ByLogins(Arc::clone(&logins)));
    state.logins = logins;
    world
}

#[actix_web::test]
async fn nobody_is_let_in_while_it_is_not_known_who_may_log_in() {
    let world = World::new().await;
    world.add_user("anna", UserRole::Operator).await;
    let world = started_without_a_database(world).await;
    let basic = ("authorization", "Basic YW5uYTpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=");
    let (bearer, cookie) = (("authorization", "Bearer x"), ("cookie", "streamwarden_session=x"));
    for headers in [&[][..], &[basic], &[bearer], &[cookie]] {
        for (method, uri) in [(Method::GET, "/api/v1/streams"), (Method::DELETE, "/api/v1/cameras/1")] {
            let told = world.ask(method.clone(), uri, headers, None).await;
            let detail = told.json()["detail"].to_string();
            assert_eq!(told.status, 503, "{method} {uri} {headers:?}: {detail}");
            assert!(detail.contains("the database has not answered"), "{detail}");
            assert!(detail.contains("streamwarden check"), "what to do: {detail}");
        }
    }
    let told = world.log_in("anna", PASSWORD).await;
    assert_eq!(told.status, 503, "{}", told.json());
    let session = world.get("/api/v1/session").await.json();
    assert_eq!((&session["loginRequired"], &session["role"]), (&json!(true), &json!(null)), "{session}");
    assert!(session["reason"].to_string().contains("the database has not answered"), "{session}");
    assert_eq!(world.get("/health").await.status, 200);
    // Whoever can read `data_dir` is let in as before.
    let local = std::fs::read_to_string(world.folder.path().join(LOCAL_TOKEN)).expect("a token");
    assert_eq!(world.as_token(Method::GET, "/api/v1/streams", &local).await.status, 200);
}

#[actix_web::test]
async fn an_installation_where_nobody_has_ever_logged_in_is_open_without_its_database() {
    let world = started_without_a_database(World::new().await).await;
    assert_eq!(world.get("/api/v1/streams").await.status, 200);
}
