//! A web server that keeps what is posted to it, as somebody's own program that hears of incidents and alerts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::Body;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// What was posted.
#[derive(Clone, Debug)]
pub struct Posted {
    /// `/alerts`, with its query.
    pub path: String,
    /// Names in small letters.
    pub headers: BTreeMap<String, String>,
    /// Null where it is no JSON.
    pub body: Value,
    /// What it was answered.
    pub status: u16,
}

/// Gone with this value.
pub struct Webhooks {
    address: String,
    held: Arc<Mutex<WebhookState>>,
    _serve: AbortOnDropHandle<()>,
}

struct WebhookState {
    posted: Vec<Posted>,
    status: u16,
}

impl Webhooks {
    /// One that has heard nothing and answers everything with this status.
    pub async fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let held = Arc::new(Mutex::new(WebhookState { posted: Vec::new(), status }));
        let kept = Arc::clone(&held);
        let serve = async move {
            while let Ok((guest, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                let answer = service_fn(move |request| taken(Arc::clone(&kept), request));
                // A client that goes away is no fault.
                tokio::spawn(
                    async move { drop(http1::Builder::new().serve_connection(TokioIo::new(guest), answer).await) },
                );
            }
        };
        Self { address, held, _serve: AbortOnDropHandle::new(tokio::spawn(serve)) }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers so from now on.
    pub fn answer(&self, status: u16) {
        self.held.lock().expect("posts").status = status;
    }

    /// Everything, in order.
    pub fn posted(&self) -> Vec<Posted> {
        self.held.lock().expect("posts").posted.clone()
    }

    /// What was answered well.
    pub fn taken(&self) -> Vec<Value> {
        self.posted().into_iter().filter(|one| (200..300).contains(&one.status)).map(|one| one.body).collect()
    }

    /// What came to this path, in order.
    pub fn at(&self, path: &str) -> Vec<Value> {
        self.posted().into_iter().filter(|one| one.path == path).map(|one| one.body).collect()
    }
}

async fn taken(kept: Arc<Mutex<WebhookState>>, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
    let path = request.uri().to_string();
    let headers = request.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let headers = headers.collect();
    let whole = Body::from(request.into_body()).try_fold(Vec::new(), |mut whole, piece| async move {
        whole.extend_from_slice(&piece);
        Ok(whole)
    });
    let whole = whole.await.map_err(std::io::Error::other)?;
    let body = serde_json::from_slice(&whole).unwrap_or(Value::Null);
    let mut response = Response::new(Body::empty());
    let mut held = kept.lock().expect("posts");
    let status = held.status;
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    held.posted.push(Posted { path, headers, body, status });
    Ok(response)
}
