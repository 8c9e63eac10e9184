//! Sessions of one MediaMTX server: its lists, and ending one.

use reqwest::StatusCode;
use tokio::time::Instant;

use super::mediamtx_client::{ASK_AGAIN, MediaMtx};
use super::mediamtx_wire::WirePage;
use super::session_wire::{LISTS, SessionList, WireSession};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::session::{SessionLists, SessionProtocol, StreamSession};

/// What is escaped in an id; a UUID goes as it is.
const ENCODED: percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC.remove(b'-');

impl MediaMtx {
    /// Every list that the server has. One that it lacks is asked for again after a while.
    pub(super) async fn session_lists(&self) -> Result<SessionLists> {
        let mut lists = SessionLists::default();
        for list in &LISTS {
            // The second of a protocol.
            let needed = list.name != "hlsmuxers" || lists.not_known.contains(&list.protocol);
            if !needed {
                continue;
            }
            match self.one_list(list).await? {
                Some(sessions) => {
                    lists.not_known.retain(|protocol| *protocol != list.protocol);
                    lists.sessions.extend(sessions);
                }
                None if lists.not_known.contains(&list.protocol) => {}
                None => lists.not_known.push(list.protocol),
            }
        }
        Ok(lists)
    }

    /// `None` where the server has no such list.
    async fn one_list(&self, list: &SessionList) -> Result<Option<Vec<StreamSession>>> {
        let lacks = |again: &Instant| Instant::now() < *again;
        if self.known().no_lists.get(list.name).is_some_and(lacks) || (list.name == "rtspsessions" && self.is_fragile())
        {
            return Ok(None);
        }
        let path = format!("/v3/{}/list", list.name);
        let read =
            |_, body: &[u8]| serde_json::from_slice::<WirePage<WireSession>>(body).map(|page| page.map(|one| one));
        match self.list_all(&path, WireSession::key, read).await {
            Ok((items, _)) => Ok(Some(items.into_iter().filter_map(|item| item.session(list)).collect())),
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.known().no_lists.insert(list.name, Instant::now() + ASK_AGAIN);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// 1.15.0 may crash by the list of RTSP sessions; it does not tell its version, and 1.15.2 is the first that does.
    fn is_fragile(&self) -> bool {
        self.known()
            .identity
            .as_ref()
            .and_then(|(identity, _)| identity.version.as_deref())
            .is_some_and(|version| version.trim_start_matches('v') == "1.15.0")
    }

    /// Ends a session.
    pub(super) async fn end_session(&self, protocol: SessionProtocol, id: &str) -> Result<()> {
        let list = LISTS.iter().find(|list| list.protocol == protocol && list.has_kick);
        let list = list.ok_or_else(|| Error::internal("no list has it"))?;
        let id = percent_encoding::utf8_percent_encode(id, &ENCODED);
        let path = format!("/v3/{}/kick/{id}", list.name);
        let (status, body) = self.post(&path).await?;
        match status {
            StatusCode::OK => Ok(()),
            // Before 1.5 what is missing was an error of the server.
            StatusCode::NOT_FOUND | StatusCode::INTERNAL_SERVER_ERROR => {
                Err(Error::not_found("the media server has no such session any more; it has ended"))
            }
            status => Err(self.place.refusal(&path, status, &body)),
        }
    }
}
