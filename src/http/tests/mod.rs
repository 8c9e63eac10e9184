//! Tests of the routes, through the same app that production serves.

mod basic_logins;
mod callers;
mod camera_log;
mod document;
mod edge;
mod ended_logins;
mod faults;
mod history;
mod hostile_queries;
mod incidents;
mod kinds;
mod locks;
mod logins;
mod media;
mod page;
mod probes;
mod rest;
mod server;
mod settings;
mod sheet;
mod slow;
mod socket;
mod status_page;
mod unread_logins;
mod world;

use std::io::Write;

use actix_web::http::{Method, header};
use actix_web::test::{TestRequest, init_service, read_body, try_call_service};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::connection_limits::ConnectionLimits;
use super::http_server::app;
use super::origin_guard::OriginPolicy;
use world::World;

/// An answer taken apart.
struct Reply {
    status: u16,
    headers: header::HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON answer")
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }
}

/// Whether the calling test has to return because there is no page; it counts as skipped then (see `tests/README.md`).
fn skips_without_page() -> bool {
    let is_built = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web/dist/index.html").exists();
    if !is_built {
        // Not by the macro, whose words the test runner keeps to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: page: web/dist is not built; `make web` builds it");
    }
    !is_built
}

impl World {
    /// Asks without a body.
    async fn get(&self, uri: &str) -> Reply {
        self.ask(Method::GET, uri, &[], None).await
    }

    /// Sends JSON text.
    async fn send(&self, method: Method, uri: &str, body: &str) -> Reply {
        self.ask(method, uri, &[("content-type", "application/json")], Some(body)).await
    }

    /// One request through the whole app, as a program on this machine would send it.
    async fn ask(&self, method: Method, uri: &str, headers: &[(&str, &str)], body: Option<&str>) -> Reply {
        let mut request = TestRequest::with_uri(uri).method(method);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.insert_header(("host", "127.0.0.1:8080"));
        }
        for header in headers {
            request = request.insert_header(*header);
        }
        if let Some(body) = body {
            request = request.set_payload(body.to_owned());
        }
        let listen = "127.0.0.1:8080".parse().expect("an address");
        let origin_policy = OriginPolicy::new(listen, self.state.allowed_origins.clone());
        let service = init_service(app(
            self.state.clone(),
            origin_policy,
            ConnectionLimits::for_descriptors(1024),
            CancellationToken::new(),
        ))
        .await;
        let response = try_call_service(&service, request.to_request()).await.expect("every error is an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, body: read_body(response).await.to_vec() }
    }
}
