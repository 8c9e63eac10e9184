//! The API of Vimeo, as far as it is looked at: events, the status of their sessions, viewers, the token; and what it says when it does not
//! want to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::Body;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// The token of the account.
pub const TOKEN: &str = "canary-vimeo-token";
/// The stream key of every event; nobody may see it.
pub const KEY: &str = "canary-vimeo-key";

/// What it answers.
#[derive(Clone, Debug)]
pub struct Account {
    /// By path, without query.
    pub answers: BTreeMap<&'static str, Value>,
    /// In place of every answer: status, body, headers.
    pub refuses: Option<(u16, Value)>,
    /// Added to every answer.
    pub headers: Vec<(&'static str, String)>,
    /// Paths that were asked for, with their queries, in order.
    pub asked: Vec<String>,
}

/// Gone with this value.
pub struct VimeoStandIn {
    account: Arc<Mutex<Account>>,
    address: String,
    _serve: AbortOnDropHandle<()>,
}

impl VimeoStandIn {
    /// An account with these answers.
    pub async fn start(answers: BTreeMap<&'static str, Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let account = Account { answers, refuses: None, headers: Vec::new(), asked: Vec::new() };
        let account = Arc::new(Mutex::new(account));
        let kept = Arc::clone(&account);
        let serve = async move {
            while let Ok((guest, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                let answer = service_fn(move |request| {
                    let answer = answer(&kept, &request);
                    async move { Ok::<_, std::convert::Infallible>(answer) }
                });
                // A client that goes away is no fault.
                tokio::spawn(
                    async move { drop(http1::Builder::new().serve_connection(TokioIo::new(guest), answer).await) },
                );
            }
        };
        Self { account, address, _serve: AbortOnDropHandle::new(tokio::spawn(serve)) }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// It is another way from now on.
    pub fn change(&self, change: impl FnOnce(&mut Account)) {
        change(&mut self.account.lock().expect("the account"));
    }

    /// What was asked for since the last time, without queries.
    pub fn asked(&self) -> Vec<String> {
        let asked = std::mem::take(&mut self.account.lock().expect("the account").asked);
        asked.iter().map(|path| path.split('?').next().unwrap_or_default().to_owned()).collect()
    }
}

fn answer(account: &Mutex<Account>, request: &Request<Incoming>) -> Response<Body> {
    let mut account = account.lock().expect("the account");
    account.asked.push(request.uri().to_string());
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_asked_well = header("accept").contains("version=3.4");
    let is_known = header("authorization") == format!("bearer {TOKEN}");
    let (status, body) = match (&account.refuses, account.answers.get(request.uri().path())) {
        (Some((status, body)), _) => (*status, body.clone()),
        _ if !is_asked_well => (400, json!({ "error": "an Accept header is missing" })),
        _ if !is_known => {
            (401, json!({ "error": "You must provide a valid authenticated access token.", "error_code": 8000 }))
        }
        (None, Some(body)) => (200, body.clone()),
        (None, None) => (404, json!({ "error": "The requested page couldn't be found.", "error_code": 5000 })),
    };
    let mut response = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
    for (name, value) in &account.headers {
        response = response.header(*name, value);
    }
    let text = if body.is_string() { body.as_str().unwrap_or_default().to_owned() } else { body.to_string() };
    response.body(Body::from(text)).expect("an answer")
}

/// An account with one event that goes on, one that is planned and one that is over.
pub fn account() -> BTreeMap<&'static str, Value> {
    let secrets = json!({ "rtmp_link": format!("rtmp://h/{KEY}"), "stream_key": KEY });
    let event = |id: u32, title: &str, status: Value, live: Value, before: Value| {
        let mut event = json!({ "uri": format!("/live_events/{id}"), "title": title, "status": status, "completed_on": null,
            "metadata": { "connections": { "live_video": live, "pre_live_video": before } } });
        event.as_object_mut().expect("an object").extend(secrets.as_object().expect("an object").clone());
        event
    };
    let video = |id: u32, status: &str| json!({ "uri": format!("/videos/{id}"), "options": ["GET"], "status": status });
    let events = [
        event(11, "Sunday", json!("started"), video(21, "streaming"), Value::Null),
        event(12, "Monday", Value::Null, Value::Null, video(22, "ready")),
        event(13, "Saturday", json!("ended"), Value::Null, Value::Null),
    ];
    let list = json!({ "total": 3, "page": 1, "per_page": 20, "paging": { "next": null }, "data": events });
    BTreeMap::from([
        (
            "/oauth/verify",
            json!({ "access_token": TOKEN, "scope": "public private stats", "user": { "name": "Studio" } }),
        ),
        ("/me/live_events", list),
        ("/me/live_events/11", events[0].clone()),
        ("/videos/21/sessions/status", session("4", Some("started"))),
        ("/videos/22/sessions/status", session("2", None)),
        ("/videos/21", json!({ "uri": "/videos/21", "live_stats": { "viewers": { "current": 42 } } })),
    ])
}

/// The status of a session.
pub fn session(ingest: &str, status: Option<&str>) -> Value {
    json!({ "id": 1, "can_manage": true, "status": status, "stream_mode": "live", "ingest": {
        "status": ingest, "encoder_type": "rtmp", "start_time": 1_795_946_400, "width": 1920, "height": 1080,
        "rtmp_link": format!("rtmp://h/{KEY}"), "stream_key": KEY, "rtmp_expires_at": "2030-01-01T00:00:00+00:00" } })
}
