//! Requests over HTTP to devices and services whose answers nobody vouches for, on a thread of their own.
//!
//! The client reads a head for as long as bytes come: a peer that sends answers of the kind "another one follows" (RFC 9110, 15.2)
//! without an end holds its thread for a second and more before it is looked at whether the time for the request is over. On the
//! thread of the actors that would be a second in which nothing else is done.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// So many such peers at once, but one, hold up nobody else: neither devices nor the messages that tell people of them.
const THREADS: usize = 4;

/// `None` where no thread can be had.
static REQUESTS: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    // Looks at the network behind each piece of work: where all threads are held, each piece takes long.
    builder.event_interval(1).global_queue_interval(1);
    builder.worker_threads(THREADS).thread_name("requests").enable_io().enable_time().build().ok()
});

/// Does this work, a request with its whole answer, on the thread for it; here, where there is none. Given up when it is dropped.
pub(super) async fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let Some(runtime) = REQUESTS.as_ref() else { return work.await };
    match AbortOnDropHandle::new(runtime.spawn(work)).await {
        Ok(done) => done,
        // Nobody else can give it up: a panic in it is one here.
        Err(error) => resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread::spawn;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    /// Answers with heads without an end; tells when so many bytes were sent that a client has to be at work.
    fn endless() -> (String, oneshot::Receiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let (tell, told) = oneshot::channel();
        spawn(move || {
            let (mut guest, _) = listener.accept().expect("a guest");
            let (heads, mut tell, mut sent) = ("HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000), Some(tell), 0);
            guest.read_exact(&mut [0; 16]).expect("a request");
            // More than the buffers of both ends hold.
            while guest.write_all(heads.as_bytes()).is_ok() {
                sent += heads.len();
                if sent > 16 << 20 {
                    tell.take().into_iter().for_each(|tell| tell.send(()).unwrap_or_default());
                }
            }
        });
        (format!("http://{address}/"), told)
    }

    #[tokio::test]
    async fn peers_that_never_come_to_their_answer_hold_up_their_own_requests_alone() {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut asked = Vec::new();
        for _ in 1..THREADS {
            let ((url, told), client) = (endless(), client.clone());
            asked.push(tokio::spawn(apart(async move { client.get(url).send().await.map(drop) })));
            told.await.expect("it was asked");
        }
        let elsewhere = apart(async { std::thread::current().id() }).await;
        assert_ne!(elsewhere, std::thread::current().id());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("its address"));
        spawn(move || {
            let (mut guest, _) = listener.accept().expect("a guest");
            guest.read_exact(&mut [0; 16]).expect("a request");
            guest.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("heard");
        });
        let well = apart(async move { client.get(url).send().await.map(|answer| answer.status().as_u16()) });
        let well = tokio::time::timeout(Duration::from_secs(60), well).await.expect("an answer in time");
        assert_eq!(well.expect("an answer"), 204);
        assert!(asked.iter().all(|one| !one.is_finished()), "a request is over: the peer was not what it should be");
        asked.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
