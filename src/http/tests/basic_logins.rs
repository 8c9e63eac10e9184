//! Names and passwords that come with each request, and what else only some may see.

use actix_web::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::json;

use super::logins::PASSWORD;
use super::world::World;
use crate::domain::login::{LastOperator, UserRole};

#[actix_web::test]
async fn names_and_passwords_may_be_sent_along_and_are_tried_only_so_often() {
    let world = World::new().await;
    world.add_user("anna", UserRole::Operator).await;
    // anna:correct horse battery
    let basic = [("authorization", "Basic YW5uYTpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=")];
    assert_eq!(world.ask(Method::GET, "/api/v1/users", &basic, None).await.status, 200);
    let wrong = [("authorization", "Basic YW5uYTp3cm9uZw==")];
    let mut refused = Vec::new();
    for _ in 0..12 {
        refused.push(world.ask(Method::GET, "/api/v1/users", &wrong, None).await.status);
    }
    assert_eq!((refused[0], refused.last()), (401, Some(&429)), "{refused:?}");
    let told = world.log_in("anna", PASSWORD).await;
    assert_eq!(told.status, 429, "the right one neither, for a while");
    let wait: u64 = told.header("retry-after").parse().expect("seconds");
    assert!((1..=7).contains(&wait), "{wait}");
    let known = world.ask(Method::GET, "/api/v1/users", &basic, None).await;
    assert_eq!(known.status, 429, "nor one that was right a moment ago: it could have been found by trying");
    assert_eq!(world.get("/health").await.status, 200);
}

#[actix_web::test]
async fn where_anybody_may_ask_a_name_and_a_password_tell_more_and_wrong_ones_nothing() {
    let world = World::new().await;
    world.add_user("anna", UserRole::Operator).await;
    let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("anna:{password}")));
    let (right, wrong) = (basic(PASSWORD), basic("wrong password"));
    let told = async |headers: &[(&str, &str)]| {
        let ready = world.ask(Method::GET, "/ready", headers, None).await;
        let session = world.ask(Method::GET, "/api/v1/session", headers, None).await;
        let services = ready.json()["services"].as_array().map_or(0, Vec::len);
        (ready.status, services > 0, session.status, session.json()["user"].clone())
    };
    assert_eq!(told(&[]).await, (200, false, 200, json!(null)));
    assert_eq!(told(&[("authorization", &right)]).await, (200, true, 200, json!("anna")));
    let chrome = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
    let runs = world.state.logins.argon2_runs();
    for _ in 0..12 {
        assert_eq!(told(&[("authorization", &wrong), chrome]).await, (200, false, 200, json!(null)));
    }
    assert_eq!(world.state.logins.argon2_runs(), runs, "a proxy's own password in front of a browser is no attempt");
    assert_eq!(world.log_in("anna", PASSWORD).await.status, 200);
    for _ in 0..12 {
        assert_eq!(told(&[("authorization", &wrong)]).await, (200, false, 200, json!(null)), "never 401 nor 429");
    }
    assert_eq!(world.log_in("anna", PASSWORD).await.status, 429, "but each is an attempt");
}

#[actix_web::test]
async fn programs_are_asked_for_a_name_and_a_password_and_browsers_are_not() {
    let world = World::new().await;
    world.add_user("anna", UserRole::Operator).await;
    let chrome = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
    let wrong = ("authorization", "Bearer wrong");
    for (headers, basic) in [
        (vec![], true),
        (vec![("user-agent", "Lavf/59.27.100")], true),
        (vec![("user-agent", "curl/7.88.1"), wrong], true),
        (vec![chrome], false),
        (vec![chrome, wrong], false),
        (vec![("sec-fetch-mode", "cors")], false),
    ] {
        for path in ["/api/v1/users", "/api/v1/recordings/a/playlist.m3u8", "/metrics"] {
            let answer = world.ask(Method::GET, path, &headers, None).await;
            let asked = answer.header("www-authenticate");
            assert_eq!((answer.status, asked.starts_with("Basic realm=")), (401, basic), "{path} {headers:?}: {asked}");
            assert!(!asked.is_empty(), "{path} {headers:?}");
        }
    }
    assert_eq!(world.get("/health").await.header("www-authenticate"), "");
}

#[actix_web::test]
async fn a_password_that_comes_with_each_request_is_verified_once_until_it_is_another_one() {
    let world = World::new().await;
    for name in ["anna", "vera"] {
        world.add_user(name, UserRole::Operator).await;
    }
    let runs = || world.state.logins.argon2_runs();
    let basic = |name: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
    let ask = async |credentials: &str| {
        world.ask(Method::GET, "/api/v1/users", &[("authorization", credentials)], None).await.status
    };
    let (anna, vera) = (basic("anna", PASSWORD), basic("vera", PASSWORD));
    // More than there are attempts.
    for _ in 0..25 {
        assert_eq!(ask(&anna).await, 200);
    }
    assert_eq!((ask(&vera).await, ask(&vera).await, runs()), (200, 200, 2), "each of them once");

    // Nobody learns from the work who there is.
    for (credentials, what) in [
        (basic("nora", "wrong password"), "a name that nobody has"),
        (basic("anna", "wrong password"), "a wrong password"),
        (basic("anna", &format!("{PASSWORD}!")), "one that begins like the right one"),
    ] {
        let before = runs();
        assert_eq!((ask(&credentials).await, runs() - before), (401, 1), "{what}");
    }
    for (name, password) in [("nora", "wrong password"), ("anna", "wrong password")] {
        let before = runs();
        assert_eq!((world.log_in(name, password).await.status, runs() - before), (401, 1), "a login as {name}");
    }

    // What was right a moment ago is not, once it has changed.
    world.state.logins.set_password("anna".to_owned(), "another long password".into()).await.expect("changed");
    assert_eq!((ask(&anna).await, ask(&basic("anna", "another long password")).await), (401, 200));
    world.state.logins.store().remove_user("vera".to_owned(), LastOperator::MayGo).await.expect("removed");
    world.state.logins.refresh().await.expect("read");
    assert_eq!(ask(&vera).await, 401);
}

#[actix_web::test]
async fn settings_are_shown_to_operators() {
    let world = World::new().await;
    world.add_user("vera", UserRole::Viewer).await;
    let operator = world.add_token("root", UserRole::Operator, None, None).await;
    let (_, viewer) = world.add_session("vera", TimeDelta::zero()).await;
    assert_eq!(world.as_session(Method::GET, "/api/v1/settings", &viewer).await.status, 403);
    let shown = world.as_token(Method::GET, "/api/v1/settings", &operator).await;
    let wanted = json!({ "key": "http.listen", "value": "\"127.0.0.1:8080\"", "origin": "default" });
    assert_eq!((shown.status, shown.json()), (200, json!({ "items": [wanted], "next": null })));
}
