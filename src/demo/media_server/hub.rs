//! Which paths are live, and by whom.
//!
//! Owns the table of streams and the rule for two publishers of one path: the newer one wins, as with MediaMTX's
//! `overridePublisher`. Talked to by `connection` and `api`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use uuid::Uuid;

use super::connection_table::{ConnectionTable, locked};
use super::stream::Stream;
use super::tracks::Description;

/// All live streams by path.
#[derive(Debug, Default)]
pub struct Hub {
    streams: Mutex<BTreeMap<String, Arc<Stream>>>,
    /// Who is connected.
    pub table: Arc<ConnectionTable>,
}

/// A publisher's hold on its path; the stream ends when it is dropped.
#[derive(Debug)]
pub struct Publication {
    hub: Arc<Hub>,
    /// The stream it feeds.
    pub stream: Arc<Stream>,
}

impl Drop for Publication {
    fn drop(&mut self) {
        let mut streams = locked(&self.hub.streams);
        // A newer publisher may hold the path by now.
        if streams.get(&self.stream.path).is_some_and(|current| Arc::ptr_eq(current, &self.stream)) {
            streams.remove(&self.stream.path);
            log::info!(stream = self.stream.path.as_str(); "stream is gone");
        }
        drop(streams);
        self.stream.end();
    }
}

impl Hub {
    /// Begins a stream; an older one of that path ends.
    pub fn publish(self: &Arc<Self>, path: &str, description: Arc<Description>, session: Uuid) -> Publication {
        let labels = description.labels();
        let stream = Arc::new(Stream::new(path.to_owned(), description, session));
        let older = locked(&self.streams).insert(path.to_owned(), stream.clone());
        if let Some(older) = older {
            log::info!(stream = path, session = older.publisher.to_string().as_str(); "closing existing publisher");
            older.end();
        }
        log::info!(stream = path, session = session.to_string().as_str(); "stream is available: {labels}");
        Publication { hub: self.clone(), stream }
    }

    /// The live stream of a path.
    pub fn stream(&self, path: &str) -> Option<Arc<Stream>> {
        locked(&self.streams).get(path).cloned()
    }

    /// All live streams by path.
    pub fn streams(&self) -> Vec<Arc<Stream>> {
        locked(&self.streams).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_publisher_wins_and_the_older_takes_nothing_with_it() {
        let sdp = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n";
        let description = Arc::new(Description::read(sdp).expect("an SDP"));
        let hub = Arc::new(Hub::default());
        let older = hub.publish("cam", description.clone(), Uuid::new_v4());
        let newer = hub.publish("cam", description, Uuid::new_v4());
        assert!(older.stream.ended.is_cancelled());
        drop(older);
        let live = hub.stream("cam").expect("the newer one");
        assert!(Arc::ptr_eq(&live, &newer.stream) && !live.ended.is_cancelled());
        drop(newer);
        assert!(hub.stream("cam").is_none());
        assert!(live.ended.is_cancelled());
    }
}
