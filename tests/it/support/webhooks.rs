//! A web server that keeps what is posted to it, as somebody's own program that hears of alerts.

use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt;
use http::{Request, Response};
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
    /// `/alerts`.
    pub path: String,
    /// Null where it is no JSON.
    pub body: Value,
}

/// Gone with this value.
pub struct Webhooks {
    address: String,
    posted: Arc<Mutex<Vec<Posted>>>,
    _serve: AbortOnDropHandle<()>,
}

impl Webhooks {
    /// One that has heard nothing.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let posted = Arc::<Mutex<Vec<Posted>>>::default();
        let kept = Arc::clone(&posted);
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
        Self { address, posted, _serve: AbortOnDropHandle::new(tokio::spawn(serve)) }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What came to this path, in order.
    pub fn at(&self, path: &str) -> Vec<Value> {
        let posted = self.posted.lock().expect("posts");
        posted.iter().filter(|one| one.path == path).map(|one| one.body.clone()).collect()
    }
}

async fn taken(kept: Arc<Mutex<Vec<Posted>>>, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
    let path = request.uri().path().to_owned();
    let whole = Body::from(request.into_body()).try_fold(Vec::new(), |mut whole, piece| async move {
        whole.extend_from_slice(&piece);
        Ok(whole)
    });
    let whole = whole.await.map_err(std::io::Error::other)?;
    let body = serde_json::from_slice(&whole).unwrap_or(Value::Null);
    kept.lock().expect("posts").push(Posted { path, body });
    Ok(Response::new(Body::from("ok".to_owned())))
}
