//! Users, roles, sessions and tokens: who gets what.

use actix_web::http::Method;
use chrono::{TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Reply;
use super::callers::filled;
use super::world::{World, stream};
use crate::adapters::live::Change;
use crate::adapters::secrets::{hash_password, random_secret, sha256};
use crate::domain::login::{LoginSession, Token, User, UserRole};
use crate::http::access::Access;
use crate::http::routes::accesses;
use crate::http::table::path_of;

pub(super) const PASSWORD: &str = "correct horse battery";

impl World {
    /// Adds a user with [`PASSWORD`].
    pub(super) async fn add_user(&self, name: &str, role: UserRole) {
        let password_hash = hash_password(PASSWORD.into()).await.expect("hashed");
        let user = User { name: name.to_owned(), role, password_hash, created_at: Some(Utc::now()) };
        self.state.logins.store().add_user(user).await.expect("added");
        self.state.logins.refresh().await.expect("read");
    }

    pub(super) async fn log_in(&self, name: &str, password: &str) -> Reply {
        let body = json!({ "name": name, "password": password }).to_string();
        self.send(Method::POST, "/api/v1/login", &body).await
    }

    /// A token; returns its secret.
    pub(super) async fn add_token(
        &self,
        name: &str,
        role: UserRole,
        prefix: Option<&str>,
        lasts: Option<TimeDelta>,
    ) -> String {
        let secret = random_secret();
        let token = Token {
            id: Uuid::now_v7(),
            name: name.to_owned(),
            role,
            hash: sha256(secret.expose_secret()),
            stream_prefix: prefix.map(str::to_owned),
            created_at: Some(Utc::now()),
            expires_at: lasts.map(|lasts| Utc::now() + lasts),
            used_at: None,
        };
        self.state.logins.store().add_token(token).await.expect("added");
        self.state.logins.refresh().await.expect("read");
        secret.expose_secret().to_owned()
    }

    /// A session that began so long ago; returns its cookie.
    pub(super) async fn add_session(&self, user: &str, ago: TimeDelta) -> (Uuid, String) {
        let added = self.add_session_elsewhere(user, ago).await;
        self.state.logins.refresh().await.expect("read");
        added
    }

    /// One that another process of the site has begun.
    async fn add_session_elsewhere(&self, user: &str, ago: TimeDelta) -> (Uuid, String) {
        let (secret, id, began) = (random_secret(), Uuid::now_v7(), Utc::now() - ago);
        let session = LoginSession {
            id,
            user: user.to_owned(),
            hash: sha256(secret.expose_secret()),
            address: "127.0.0.1".to_owned(),
            created_at: began,
            expires_at: began + TimeDelta::days(7),
            used_at: began,
        };
        self.state.logins.store().add_session(session).await.expect("added");
        (id, format!("streamwarden_session={}", secret.expose_secret()))
    }

    pub(super) async fn as_session(&self, method: Method, uri: &str, cookie: &str) -> Reply {
        let headers = [("cookie", cookie), ("content-type", "application/json")];
        self.ask(method, uri, &headers, Some("{}")).await
    }

    pub(super) async fn as_token(&self, method: Method, uri: &str, token: &str) -> Reply {
        let token = format!("Bearer {token}");
        self.ask(method, uri, &[("authorization", &token), ("content-type", "application/json")], Some("{}")).await
    }
}

/// The cookie that an answer sets, as a browser sends it back.
fn cookie_of(reply: &Reply) -> String {
    reply.header("set-cookie").split(';').next().expect("a cookie").to_owned()
}

#[actix_web::test]
async fn every_operation_is_for_those_that_its_type_says_and_for_nobody_else() {
    let world = World::new().await;
    world.add_user("anna", UserRole::Operator).await;
    world.add_user("vera", UserRole::Viewer).await;
    let (_, viewer) = world.add_session("vera", TimeDelta::zero()).await;
    // Of a week ago: added last, as a new session forgets those that are over.
    let (_, expired) = world.add_session("anna", TimeDelta::days(8)).await;
    let (gone, revoked) = world.add_session("anna", TimeDelta::zero()).await;
    let (_, expired_again) = world.add_session("anna", TimeDelta::days(8)).await;
    world.state.logins.end_session(gone).await.expect("ended");
    let over = world.add_token("over", UserRole::Operator, None, Some(TimeDelta::seconds(-1))).await;

    let document = world.get("/api/openapi.json").await.json();
    let mut walked = 0;
    for (address, method, access) in accesses() {
        let (uri, operation) = (filled(address), &document["paths"][path_of(address)][method.to_lowercase()]);
        let secured = operation["security"].as_array().is_some_and(|all| !all.is_empty());
        let verb = Method::from_bytes(method.as_bytes()).expect("a method");
        let nobody = world.ask(verb.clone(), &uri, &[("content-type", "application/json")], Some("{}")).await;
        let is_public = access.is_open();
        assert_eq!(secured, !is_public, "{method} {address}: what the document says");
        assert_eq!(nobody.status == 401 && address != "/api/v1/login", !is_public, "{method} {address}: nobody");
        if is_public {
            continue;
        }
        walked += 1;
        assert!(operation["responses"]["401"].is_object(), "{method} {address}");
        for cookie in [&expired, &revoked, &expired_again, &"streamwarden_session=guessed".to_owned()] {
            let refused = world.as_session(verb.clone(), &uri, cookie).await;
            assert_eq!(refused.status, 401, "{method} {address}: a session that is over");
        }
        for token in [over.as_str(), "guessed"] {
            assert_eq!(world.as_token(verb.clone(), &uri, token).await.status, 401, "{method} {address}: {token}");
        }
        let looked = world.as_session(verb.clone(), &uri, &viewer).await;
        let refused = looked.status == 403 && String::from_utf8_lossy(&looked.body).contains("needs the role operator");
        assert_eq!(
            refused,
            matches!(access, Access::Role(UserRole::Operator) | Access::Reporter),
            "{method} {address}: viewer {}",
            looked.status
        );
        assert_ne!(looked.status, 401, "{method} {address}: viewer");
        // Sessions begin anew, as some of these operations end them.
        if world.state.logins.table().user("anna").is_none() {
            world.add_user("anna", UserRole::Operator).await;
        }
        let (_, operator) = world.add_session("anna", TimeDelta::zero()).await;
        let done = world.as_session(verb, &uri, &operator).await;
        assert!(![401, 403].contains(&done.status), "{method} {address}: operator {}", done.status);
    }
    assert!(walked > 30, "{walked}");
}

#[actix_web::test]
async fn a_login_gives_a_session_that_scripts_and_other_sites_never_get() {
    let world = World::new().await;
    let open = world.get("/api/v1/session").await.json();
    assert_eq!((&open["loginRequired"], &open["role"]), (&json!(false), &json!("operator")), "nobody could log in");
    assert_eq!(world.get("/api/v1/cameras").await.status, 200);
    world.add_user("vera", UserRole::Viewer).await;
    assert_eq!(world.get("/api/v1/cameras").await.status, 401, "from the first user on");
    let nobody = world.get("/api/v1/session").await.json();
    let wanted = json!({ "loginRequired": true, "user": null, "role": null, "reason": null });
    assert_eq!(nobody, wanted);

    let (name, password) = (world.log_in("nora", PASSWORD).await, world.log_in("vera", "wrong password").await);
    assert_eq!((name.status, password.status), (401, 401));
    assert_eq!(name.body, password.body, "nobody learns which of them is wrong");

    let begun = world.log_in("vera", PASSWORD).await;
    assert_eq!(begun.status, 200, "{}", begun.json());
    let set = begun.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{part}: {set}");
    }
    assert!(!set.contains("Secure"), "it came over http: {set}");
    let cookie = cookie_of(&begun);
    let stored = format!("{:?}", world.state.stores.logins.logins().await.expect("read").sessions[0].hash.0);
    assert!(!stored.contains(cookie.split_once('=').expect("a value").1), "only its hash is kept");
    assert_eq!(world.as_session(Method::GET, "/api/v1/cameras", &cookie).await.status, 200);
    let known = world.as_session(Method::GET, "/api/v1/session", &cookie).await.json();
    assert_eq!((&known["user"], &known["role"]), (&json!("vera"), &json!("viewer")));

    // Behind a proxy that says https.
    let body = json!({ "name": "vera", "password": PASSWORD }).to_string();
    let headers = [("content-type", "application/json"), ("cookie", cookie.as_str()), ("x-forwarded-proto", "https")];
    let again = world.ask(Method::POST, "/api/v1/login", &headers, Some(&body)).await;
    assert!(again.header("set-cookie").contains("Secure"), "{}", again.header("set-cookie"));
    let next = cookie_of(&again);
    assert_ne!(next, cookie, "a login gives another session");
    assert_eq!(world.as_session(Method::GET, "/api/v1/cameras", &cookie).await.status, 401, "and ends the one before");

    let foreign = [("cookie", next.as_str()), ("origin", "https://evil.example"), ("content-type", "application/json")];
    let forged = world.ask(Method::POST, "/api/v1/logout", &foreign, Some("{}")).await;
    assert_eq!(forged.status, 403, "a page of another site");
    let out = world.as_session(Method::POST, "/api/v1/logout", &next).await;
    assert_eq!((out.status, out.header("set-cookie").contains("Max-Age=0")), (204, true));
    assert_eq!(world.as_session(Method::GET, "/api/v1/cameras", &next).await.status, 401);
}

/// A balancer may give the next request to a process that has not read the database since.
#[actix_web::test]
async fn a_session_that_another_process_has_begun_counts_at_once() {
    let world = World::new().await;
    world.add_user("anna", UserRole::Operator).await;
    let (_, cookie) = world.add_session_elsewhere("anna", TimeDelta::zero()).await;
    assert_eq!(world.as_session(Method::GET, "/api/v1/status", &cookie).await.status, 200);
    let (_, over) = world.add_session_elsewhere("anna", TimeDelta::days(8)).await;
    let refused = world.as_session(Method::GET, "/api/v1/status", &over).await;
    let why = String::from_utf8_lossy(&refused.body);
    assert!(refused.status == 401 && why.contains("expired"), "{} {why}", refused.status);
    let made_up = world.as_session(Method::GET, "/api/v1/status", "streamwarden_session=x").await;
    assert_eq!(made_up.status, 401);
}

#[actix_web::test]
async fn a_token_reads_what_it_was_made_for_until_it_is_revoked() {
    let world = World::new().await;
    let on_air = |name: &str| Change::Stream(stream("main", name).into());
    world.publish(vec![on_air("studio/a"), on_air("gate")]).await;
    let obs = world.add_token("obs", UserRole::Viewer, Some("studio/"), None).await;
    let live = world.as_token(Method::GET, "/api/v1/streams/studio%2Fa/live", &obs).await;
    assert_eq!(live.status, 200, "{}", live.json());
    assert_eq!((&live.json()["live"], &live.json()["bitrateKbps"]), (&json!(true), &json!(4000)));
    for (uri, wanted) in [
        ("/api/v1/streams/studio%2Fa", 200),
        ("/api/v1/streams/gate/live", 403),
        ("/api/v1/streams/gate", 403),
        ("/api/v1/streams", 403),
        ("/api/v1/cameras", 403),
        ("/metrics", 403),
        ("/api/v1/users", 403),
    ] {
        assert_eq!(world.as_token(Method::GET, uri, &obs).await.status, wanted, "{uri}");
    }

    let root = world.add_token("root", UserRole::Operator, None, None).await;
    let operator = format!("Bearer {root}");
    let headers = [("authorization", operator.as_str()), ("content-type", "application/json")];
    let body = json!({ "name": "scrape", "role": "viewer" }).to_string();
    let made = world.ask(Method::POST, "/api/v1/tokens", &headers, Some(&body)).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let scrape = made.json()["token"].as_str().expect("a token").to_owned();
    assert_eq!(world.as_token(Method::GET, "/metrics", &scrape).await.status, 200);
    let listed = world.as_token(Method::GET, "/api/v1/tokens", &root).await;
    assert_eq!(listed.json()["items"].as_array().map(Vec::len), Some(3));
    assert!(!String::from_utf8_lossy(&listed.body).contains(&scrape), "shown once");
    assert_eq!(world.as_token(Method::DELETE, "/api/v1/tokens/scrape", &root).await.status, 204);
    assert_eq!(world.as_token(Method::GET, "/metrics", &scrape).await.status, 401);

    let audit = world.as_token(Method::GET, "/api/v1/audit", &root).await.json();
    let told: Vec<_> = audit["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|one| {
            (
                one["who"].as_str().expect("who"),
                one["action"].as_str().expect("what"),
                one["target"].as_str().expect("target"),
            )
        })
        .collect();
    let wanted =
        [("token root", "DELETE /api/v1/tokens/{name}", "scrape"), ("token root", "POST /api/v1/tokens", "scrape")];
    assert_eq!(told, wanted);
    assert!(!audit.to_string().contains(&scrape), "without secrets");
}

#[actix_web::test]
async fn users_are_added_changed_and_removed_and_their_sessions_with_them() {
    let world = World::new().await;
    world.add_user("anna", UserRole::Operator).await;
    let (_, anna) = world.add_session("anna", TimeDelta::zero()).await;
    let headers = [("cookie", anna.as_str()), ("content-type", "application/json")];
    let ask =
        async |method: Method, uri: &str, body: Value| world.ask(method, uri, &headers, Some(&body.to_string())).await;
    let vera = json!({ "name": "vera", "role": "viewer", "password": PASSWORD });
    let short =
        ask(Method::POST, "/api/v1/users", json!({ "name": "vera", "role": "viewer", "password": "hunter2" })).await;
    assert_eq!((short.status, &short.json()["field"]), (422, &json!("password")));
    assert!(!String::from_utf8_lossy(&short.body).contains("hunter2"));
    assert_eq!(ask(Method::POST, "/api/v1/users", vera.clone()).await.status, 201);
    assert_eq!(ask(Method::POST, "/api/v1/users", vera).await.status, 409);
    let cookie = cookie_of(&world.log_in("vera", PASSWORD).await);
    assert_eq!(world.as_session(Method::GET, "/api/v1/users", &cookie).await.status, 403);
    assert_eq!(ask(Method::PATCH, "/api/v1/users/vera", json!({ "role": "operator" })).await.status, 200);
    let users = world.as_session(Method::GET, "/api/v1/users", &cookie).await;
    assert_eq!(users.status, 200, "the role of now");
    assert!(!String::from_utf8_lossy(&users.body).contains("argon2"), "no hash");
    let own = json!({ "current": PASSWORD, "new": "another long password" }).to_string();
    let as_vera = [("cookie", cookie.as_str()), ("content-type", "application/json")];
    assert_eq!(world.ask(Method::POST, "/api/v1/password", &as_vera, Some(&own)).await.status, 204);
    assert_eq!(
        world.as_session(Method::GET, "/api/v1/users", &cookie).await.status,
        401,
        "a new password ends sessions"
    );
    assert_eq!(world.log_in("vera", PASSWORD).await.status, 401);
    let cookie = cookie_of(&world.log_in("vera", "another long password").await);
    assert_eq!(ask(Method::DELETE, "/api/v1/users/vera", json!({})).await.status, 204);
    assert_eq!(world.as_session(Method::GET, "/api/v1/cameras", &cookie).await.status, 401);
    assert_eq!(ask(Method::DELETE, "/api/v1/users/vera", json!({})).await.status, 404);
    for (method, body) in [(Method::DELETE, json!({})), (Method::PATCH, json!({ "role": "viewer" }))] {
        let refused = ask(method, "/api/v1/users/anna", body).await;
        let why = refused.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(refused.status == 409 && why.contains("the last operator") && why.contains("user add NAME"), "{why}");
    }
    assert_eq!(ask(Method::PATCH, "/api/v1/users/anna", json!({ "role": "operator" })).await.status, 200, "as it was");
    let audit = world.as_session(Method::GET, "/api/v1/audit?who=anna", &anna).await;
    let text = String::from_utf8_lossy(&audit.body).into_owned();
    assert!(
        text.contains("\"before\":{\"role\":\"viewer\"}")
            && text.contains("\"after\":{\"newPassword\":false,\"role\":\"operator\"}"),
        "{text}"
    );
    assert!(!text.contains("horse") && !text.contains("another long"), "without secrets");
}

#[actix_web::test]
async fn a_change_of_a_camera_is_told_with_what_it_was_and_without_its_password() {
    let world = World::new().await;
    let body =
        json!({ "name": "gate", "kind": "hikvision", "host": "10.0.0.9", "username": "u", "password": "s3cret-pw" });
    let added = world.send(Method::POST, "/api/v1/cameras", &body.to_string()).await;
    assert_eq!(added.status, 201, "{}", added.json());
    let id = added.json()["id"].clone();
    let edit = json!({ "host": "10.0.0.10", "password": "another-s3cret" }).to_string();
    assert_eq!(world.send(Method::PATCH, &format!("/api/v1/cameras/{id}"), &edit).await.status, 200);
    assert_eq!(world.send(Method::PATCH, "/api/v1/cameras/999", &edit).await.status, 404, "nothing was changed");
    let audit = world.get("/api/v1/audit").await;
    let items = audit.json()["items"].as_array().expect("items").clone();
    assert_eq!(items.len(), 2, "{items:?}");
    assert_eq!((&items[0]["who"], &items[0]["action"]), (&json!("anonymous"), &json!("PATCH /api/v1/cameras/{id}")));
    assert_eq!((&items[0]["before"]["host"], &items[0]["after"]["host"]), (&json!("10.0.0.9"), &json!("10.0.0.10")));
    assert_eq!((&items[1]["before"], &items[1]["after"]["name"]), (&Value::Null, &json!("gate")));
    assert!(!String::from_utf8_lossy(&audit.body).contains("s3cret"), "without secrets");
}
