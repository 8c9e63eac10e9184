//! Who calls is asked at every address, before anything happens there.

use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use async_trait::async_trait;

use super::world::World;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::login::UserRole;
use crate::http::caller::{Call, Caller, IdentifyCaller};
use crate::http::routes::TABLE;

/// Knows one token, and notes what it was asked about.
#[derive(Default)]
struct OneToken(Mutex<Vec<String>>);

#[async_trait(?Send)]
impl IdentifyCaller for OneToken {
    async fn identify(&self, call: Call<'_>) -> Result<Caller> {
        self.0.lock().expect("no panic").push(format!("{} {}", call.method, call.route));
        match call.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
            Some("Bearer right") => Ok(anna()),
            _ => Err(Error::new(ErrorKind::Unauthorized, "log in first")),
        }
    }
}

fn anna() -> Caller {
    Caller::User { name: "anna".into(), role: UserRole::Operator, session: None }
}

/// An address of the table with something in its places.
pub(super) fn filled(address: &str) -> String {
    let (mut uri, mut rest) = (String::new(), address);
    while let Some((before, after)) = rest.split_once('{') {
        uri.push_str(before);
        // A pattern has braces of its own, and is the end of its address.
        let (place, after) = if after.starts_with("id:") { ("", "") } else { after.split_once('}').expect("closed") };
        uri.push_str(if place.is_empty() { "01a22256-020e-74a0-aa22-06ecde45c7a0" } else { "1" });
        rest = after;
    }
    uri + rest
}

#[actix_web::test]
async fn every_address_asks_who_calls_the_websocket_too() {
    let callers = Arc::new(OneToken::default());
    let world = World::with_callers(callers.clone()).await;
    for (address, methods) in TABLE {
        for method in *methods {
            let (uri, method) = (filled(address), Method::from_bytes(method.as_bytes()).expect("a method"));
            let refused = world.ask(method.clone(), &uri, &[("content-type", "application/json")], Some("{}")).await;
            assert_eq!(refused.status, 401, "{method} {uri}");
            let asked = callers.0.lock().expect("no panic").pop();
            assert_eq!(asked, Some(format!("{method} {address}")));
            assert_eq!(
                (refused.json()["detail"].as_str(), refused.json()["status"].as_u64()),
                (Some("log in first"), Some(401))
            );
        }
    }
    let known = world.ask(Method::GET, "/api/v1/cameras", &[("authorization", "Bearer right")], None).await;
    assert_eq!(known.status, 200);
}

#[actix_web::test]
async fn without_a_login_everybody_is_anonymous() {
    let world = World::new().await;
    assert_eq!(world.get("/api/v1/cameras").await.status, 200);
    assert_eq!((Caller::Anonymous.to_string(), anna().to_string()), ("anonymous".into(), "anna".into()));
}
