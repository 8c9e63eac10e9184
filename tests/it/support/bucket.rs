//! An S3 server of a test's own: s3s on a folder, and faults in front of it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use futures_util::StreamExt;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use secrecy::SecretString;
use streamwarden::config::settings::S3Settings;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::room::files_below;

/// Who may ask.
pub const KEY: &str = "AKIATEST";
/// What requests are signed with.
pub const SECRET: &str = "bucket-secret-of-the-tests";
/// The bucket that is there.
pub const BUCKET: &str = "vod";

/// Gone with this value.
pub struct BucketServer {
    folder: TempDir,
    address: SocketAddr,
    faults: Arc<Faults>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What becomes of the body of a put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PutBody {
    /// It is taken.
    #[default]
    Whole,
    /// Nobody takes it.
    Still,
    /// The connection ends in the middle.
    Cut,
}

/// What goes wrong, and what was asked.
#[derive(Default)]
struct Faults {
    put_body: Mutex<PutBody>,
    /// Every request is answered with this status; 0: none is.
    status: AtomicU16,
    /// With this body; empty: that of an overloaded server.
    body: Mutex<String>,
    /// Whoever asks under a condition gets status 400 with this body.
    of_condition: Mutex<Option<String>>,
    /// Bodies of answers break off in the middle.
    cut: AtomicBool,
    /// Nobody answers.
    hang: AtomicBool,
    puts: AtomicUsize,
    /// Held by whoever puts: a server looks whether something is there and stores as one step, and this one in two.
    putting: tokio::sync::Mutex<()>,
    /// Uploads in parts that were left in the middle, with when they began: this server does not list them.
    uploads: Mutex<Vec<(String, String)>>,
}

impl BucketServer {
    /// With an empty bucket.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = {
            let _inside = runtime.enter();
            let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
            // So that what nobody takes does not all lie in the kernel. Connections have it from their listener.
            socket.set_recv_buffer_size(64 * 1024).expect("a smaller buffer");
            socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
            socket.listen(1_024).expect("a listener")
        };
        let address = listener.local_addr().expect("an address");
        let files = s3s_fs::FileSystem::new(folder.path()).expect("a file system");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let (service, faults) = (service.build(), Arc::new(Faults::default()));
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&faults);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, service, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { folder, address, faults, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How it is reached.
    pub fn settings(&self) -> S3Settings {
        S3Settings {
            endpoint_url: self.url().parse().expect("a URL"),
            bucket_name: BUCKET.to_owned(),
            region: "us-east-1".to_owned(),
            access_key_id: KEY.to_owned(),
            secret_access_key: SecretString::from(SECRET),
            storage_class: "STANDARD".to_owned(),
            path_style: true,
        }
    }

    /// The same in the configuration file.
    pub fn toml(&self) -> String {
        format!(
            "[objects.s3]\nendpoint_url = \"{}\"\nbucket_name = \"{BUCKET}\"\naccess_key_id = \"{KEY}\"\nsecret_access_key = \"{SECRET}\"\n",
            self.url()
        )
    }

    /// From now on every request is answered with this status; 0: as it should be.
    pub fn refuse(&self, status: u16) {
        self.faults.status.store(status, Ordering::SeqCst);
    }

    /// The same with the body of another error.
    pub fn refuse_with(&self, status: u16, body: &str) {
        body.clone_into(&mut self.faults.body.lock().expect("a text"));
        self.refuse(status);
    }

    /// From now on every request with `If-None-Match` gets status 400 with this body.
    pub fn refuse_conditions(&self, body: &str) {
        *self.faults.of_condition.lock().expect("a text") = Some(body.to_owned());
    }

    /// From now on answers with a body break off in the middle, or not any more.
    pub fn cut(&self, on: bool) {
        self.faults.cut.store(on, Ordering::SeqCst);
    }

    /// From now on this becomes of the body of each put.
    pub fn take_bodies(&self, how: PutBody) {
        *self.faults.put_body.lock().expect("a word") = how;
    }

    /// From now on nobody answers.
    pub fn hang(&self) {
        self.faults.hang.store(true, Ordering::SeqCst);
    }

    /// Puts so far, parts included.
    pub fn puts(&self) -> usize {
        self.faults.puts.load(Ordering::SeqCst)
    }

    /// Whoever lists uploads in parts is told these: the key, which is its id too, and when it began.
    pub fn leave_uploads(&self, uploads: &[(&str, &str)]) {
        let uploads = uploads.iter().map(|(key, begun)| ((*key).to_owned(), (*begun).to_owned()));
        *self.faults.uploads.lock().expect("a list") = uploads.collect();
    }

    /// Uploads in parts that nobody has ended.
    pub fn left_uploads(&self) -> Vec<String> {
        self.faults.uploads.lock().expect("a list").iter().map(|(key, _)| key.clone()).collect()
    }

    /// The file of an object.
    pub fn object(&self, key: &str) -> PathBuf {
        self.folder.path().join(BUCKET).join(key)
    }

    /// Keys of all objects, in order.
    pub fn keys(&self) -> Vec<String> {
        let bucket = self.folder.path().join(BUCKET);
        let key = |file: &PathBuf| file.strip_prefix(&bucket).ok().map(|key| key.display().to_string());
        // What it notes of metadata and of uploads in parts begins with a dot.
        let is_object =
            |file: &PathBuf| file.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."));
        let mut keys: Vec<String> =
            files_below(&bucket).iter().filter(|file| is_object(file)).filter_map(key).collect();
        keys.sort();
        keys
    }
}

impl Drop for BucketServer {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn serve(listener: TcpListener, service: S3Service, faults: Arc<Faults>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (service, faults) = (service.clone(), Arc::clone(&faults));
        connections.spawn(async move {
            let answer = service_fn(move |request| answer(service.clone(), Arc::clone(&faults), request));
            // A client that goes away is no fault.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

async fn answer(
    service: S3Service,
    faults: Arc<Faults>,
    request: Request<Incoming>,
) -> Result<Response<Body>, std::io::Error> {
    if request.method() == Method::PUT {
        faults.puts.fetch_add(1, Ordering::SeqCst);
    }
    if faults.hang.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let status = faults.status.load(Ordering::SeqCst);
    if status != 0 {
        // A server that refuses without having read everything closes the connection, and its answer may be lost with it.
        let mut rest = Body::from(request.into_body());
        while let Some(Ok(_)) = rest.next().await {}
        let mut body = faults.body.lock().expect("a text").clone();
        if body.is_empty() {
            "<Error><Code>SlowDown</Code></Error>".clone_into(&mut body);
        }
        return Ok(Response::builder().status(status).body(Body::from(body)).expect("an answer"));
    }
    let of_condition = faults.of_condition.lock().expect("a text").clone();
    if let Some(body) = of_condition.filter(|_| request.headers().contains_key(http::header::IF_NONE_MATCH)) {
        let mut rest = Body::from(request.into_body());
        while let Some(Ok(_)) = rest.next().await {}
        return Ok(Response::builder().status(400).body(Body::from(body)).expect("an answer"));
    }
    if let Some(answer) = of_uploads(&faults, request.method(), request.uri().query().unwrap_or_default()) {
        return Ok(answer);
    }
    let (is_get, is_put) = (request.method() == Method::GET, request.method() == Method::PUT);
    let how = *faults.put_body.lock().expect("a word");
    let request = request.map(Body::from);
    let request = if is_put { of_body(request, how).await? } else { request };
    let _alone = match is_put {
        true => Some(faults.putting.lock().await),
        false => None,
    };
    let answer = service.call(request).await;
    if faults.cut.load(Ordering::SeqCst) && is_get {
        // It says more than it sends.
        let half = Response::builder().status(206).header("content-length", "1000").body(Body::from("x".repeat(500)));
        return Ok(half.expect("an answer"));
    }
    Ok(answer.unwrap_or_else(|_| Response::builder().status(500).body(Body::empty()).expect("an answer")))
}

/// The request once its body was taken like that.
async fn of_body(request: Request<Body>, how: PutBody) -> Result<Request<Body>, std::io::Error> {
    if how == PutBody::Whole {
        return Ok(request);
    }
    let (head, mut body) = request.into_parts();
    let mut taken = Vec::new();
    loop {
        match how {
            PutBody::Still => std::future::pending::<()>().await,
            PutBody::Cut if !taken.is_empty() => return Err(std::io::ErrorKind::ConnectionAborted.into()),
            PutBody::Cut | PutBody::Whole => {}
        }
        let Some(piece) = body.next().await else { return Ok(Request::from_parts(head, Body::from(taken))) };
        taken.extend_from_slice(&piece.map_err(std::io::Error::other)?);
    }
}

/// The answer about uploads in parts that were left in the middle, if that is asked.
fn of_uploads(faults: &Faults, method: &Method, query: &str) -> Option<Response<Body>> {
    let mut uploads = faults.uploads.lock().expect("a list");
    let body = match *method {
        Method::GET if query.split('&').any(|part| matches!(part, "uploads" | "uploads=")) => {
            let listed = uploads.iter().map(|(key, begun)| {
                format!(
                    "<Upload><Key>{key}</Key><UploadId>{key}</UploadId><StorageClass>STANDARD</StorageClass><Initiated>{begun}</Initiated></Upload>"
                )
            });
            let listed: String = listed.collect();
            format!(
                "<ListMultipartUploadsResult><Bucket>{BUCKET}</Bucket><MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated>{listed}</ListMultipartUploadsResult>"
            )
        }
        Method::DELETE => {
            let id = query.split('&').find_map(|part| part.strip_prefix("uploadId="))?.replace("%2F", "/");
            let at = uploads.iter().position(|(key, _)| *key == id)?;
            uploads.remove(at);
            String::new()
        }
        _ => return None,
    };
    Some(Response::builder().status(200).body(Body::from(body)).expect("an answer"))
}
