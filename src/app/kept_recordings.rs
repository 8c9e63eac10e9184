//! What may be deleted of the recordings, and whether what is kept is what was recorded: for the command line, in the database of the
//! configuration, whether a program runs on it or not.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::login_access::{WHO, note};
use super::open_stores::open_existing;
use super::services::object_store;
use crate::adapters::database::{SegmentPages, SegmentQuery, Stores, check_stream};
use crate::adapters::objects::SharedObjects;
use crate::adapters::spool::Spool;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy};
use crate::domain::recording::{Segment, SegmentState};
use crate::domain::retention::{Cleanup, RecordingLock, is_locked};

/// Segments in one question.
const PAGE: u32 = 1_000;

/// Bytes of a file that are read at a time.
const CHUNK: usize = 256 * 1024;

/// What would go of a stream, or stays because it is locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Going {
    /// Segments that go.
    pub segments: u64,
    /// Their size.
    pub bytes: u64,
    /// Segments that are locked and stay.
    pub locked: u64,
}

/// A copy that is not what was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Damaged {
    /// Its segment.
    pub segment: Uuid,
    /// Its stream.
    pub stream: String,
    /// Where.
    pub place: CopyPlace,
    /// Its file or key.
    pub name: String,
    /// What is wrong.
    pub fault: String,
}

/// What came of reading copies again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Copies whose bytes have the digest that was kept.
    pub same: u64,
    /// Copies of the right size, whose digest nobody has kept.
    pub size_only: u64,
    /// Copies in the spool that are not there, of segments whose other copy is: nothing is lost by that.
    pub missing: Vec<Damaged>,
    /// All others.
    pub damaged: Vec<Damaged>,
}

/// The recordings of a configuration.
pub struct KeptRecordings {
    stores: Stores,
    settings: Settings,
}

impl KeptRecordings {
    /// Those of these settings.
    ///
    /// # Errors
    /// `NotFound` when there is no database; when it cannot be opened.
    pub async fn of(settings: Settings) -> Result<Self> {
        Ok(Self { stores: open_existing(&settings).await?, settings })
    }

    /// Refuses a stream that nobody knows: what is asked of it would be done to nothing, and sound like success.
    async fn check_stream(&self, stream: Option<&str>) -> Result<()> {
        let Some(stream) = stream else { return Ok(()) };
        check_stream(&self.stores, stream, &[]).await
    }

    /// What would be deleted of what ended before a time, by stream.
    ///
    /// # Errors
    /// `Invalid` for a stream that nobody knows; when the database cannot be read.
    pub async fn going(&self, before: DateTime<Utc>, stream: Option<&str>) -> Result<BTreeMap<String, Going>> {
        self.check_stream(stream).await?;
        let locks = self.stores.retention.locks().await?;
        let mut going: BTreeMap<String, Going> = BTreeMap::new();
        let query = SegmentQuery {
            states: vec![SegmentState::Uploaded, SegmentState::Evicted],
            stream: stream.map(str::to_owned),
            to: Some(before),
            ..SegmentQuery::default()
        };
        self.each(query, async |segment| {
            if segment.ended_at() <= before {
                let of = going.entry(segment.stream.as_str().to_owned()).or_default();
                if is_locked(&locks, &segment) {
                    of.locked += 1;
                } else {
                    (of.segments, of.bytes) = (of.segments + 1, of.bytes + segment.bytes);
                }
            }
            Ok(())
        })
        .await?;
        Ok(going)
    }

    /// Asks the nodes to delete it: each does so within a minute, for what it has recorded.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn clean(&self, before: DateTime<Utc>, stream: Option<&str>) -> Result<()> {
        let cleanup = Cleanup {
            id: Uuid::now_v7(),
            stream: stream.map(str::to_owned),
            before,
            set_by: WHO.to_owned(),
            set_at: Utc::now(),
        };
        self.stores.retention.add_cleanup(cleanup).await?;
        let what = Some(json!({ "before": before, "stream": stream }));
        note(&*self.stores.logins, "recordings clean", stream.unwrap_or("*"), None, what).await
    }

    /// Locks a stretch of a stream.
    ///
    /// # Errors
    /// `Invalid` naming the field; when it cannot be written.
    pub async fn lock(
        &self,
        stream: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        reason: &str,
    ) -> Result<RecordingLock> {
        let lock = RecordingLock {
            id: Uuid::now_v7(),
            stream: stream.to_owned(),
            from,
            to,
            reason: reason.to_owned(),
            set_by: WHO.to_owned(),
            set_at: Utc::now(),
        };
        let lock = lock.checked()?;
        self.check_stream(Some(stream)).await?;
        self.stores.retention.add_lock(lock.clone()).await?;
        note(&*self.stores.logins, "recordings lock", stream, None, Some(json!(lock))).await?;
        Ok(lock)
    }

    /// Removes a lock.
    ///
    /// # Errors
    /// `NotFound`; when it cannot be written.
    pub async fn unlock(&self, id: Uuid) -> Result<()> {
        self.stores.retention.remove_lock(id).await?;
        note(&*self.stores.logins, "recordings unlock", &id.to_string(), None, None).await
    }

    /// Every lock.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn locks(&self) -> Result<Vec<RecordingLock>> {
        self.stores.retention.locks().await
    }

    /// Reads the copies of what was recorded in a time again, and compares them with what is known of them. Changes nothing.
    ///
    /// # Errors
    /// `Invalid` for a stream that nobody knows; when the database or the store does not answer.
    pub async fn verify(
        &self,
        stream: Option<&str>,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
    ) -> Result<Verified> {
        self.check_stream(stream).await?;
        let (objects, _) = object_store(&self.settings.objects)?;
        let spool = self.settings.data_dir.join("spool");
        let spool = Spool::new(spool);
        let mut verified = Verified::default();
        let query = SegmentQuery {
            states: SegmentState::ALL.into_iter().filter(|state| state.is_playable()).collect(),
            stream: stream.map(str::to_owned),
            from,
            to,
            ..SegmentQuery::default()
        };
        self.each(query, async |segment| {
            let copies = self.stores.recordings.copies(vec![segment.id]).await?;
            let digest = copies.iter().find_map(|copy| copy.sha256.clone());
            let (mut is_sound, mut missing) = (false, None);
            for copy in copies.iter().filter(|copy| copy.state == CopyState::Verified) {
                let read = match copy.place {
                    CopyPlace::Spool => digest_of_file(spool.path(&segment.spool_path)?).await?,
                    CopyPlace::Objects => Some(digest_of_object(&objects, &segment).await),
                };
                match read {
                    Some(read) => is_sound |= verified.add(&segment, copy, digest.as_deref(), read)?,
                    None => missing = Some(copy),
                }
            }
            if let Some(copy) = missing {
                verified.add_missing(&segment, copy, is_sound);
            }
            Ok(())
        })
        .await?;
        Ok(verified)
    }

    async fn each(&self, query: SegmentQuery, mut act: impl AsyncFnMut(Segment) -> Result<()>) -> Result<()> {
        let mut pages = SegmentPages::of(&*self.stores.recordings, SegmentQuery { limit: PAGE, ..query });
        while let Some(page) = pages.next().await? {
            for segment in page {
                act(segment).await?;
            }
        }
        Ok(())
    }
}

impl Verified {
    /// Whether it is as it was recorded, as far as that is known.
    fn add(
        &mut self,
        segment: &Segment,
        copy: &SegmentCopy,
        kept: Option<&str>,
        read: Result<(u64, String)>,
    ) -> Result<bool> {
        let fault = match (read, kept) {
            // Neither the store nor the disk as a whole is a fault of this copy.
            (Err(error), _) if error.is_passing() => return Err(error),
            (Err(error), _) => error.message().to_owned(),
            (Ok((bytes, _)), _) if bytes != segment.bytes => {
                format!("it has {bytes} bytes instead of {}", segment.bytes)
            }
            (Ok((_, digest)), Some(kept)) if digest != kept => format!("its SHA-256 is {digest} instead of {kept}"),
            (Ok(_), Some(_)) => {
                self.same += 1;
                return Ok(true);
            }
            (Ok(_), None) => {
                self.size_only += 1;
                return Ok(true);
            }
        };
        self.damaged.push(Damaged::of(segment, copy, fault));
        Ok(false)
    }

    /// A copy whose file is not in the spool. After a restore the spool is empty and the objects are all there.
    fn add_missing(&mut self, segment: &Segment, copy: &SegmentCopy, is_elsewhere: bool) {
        match is_elsewhere {
            true => self.missing.push(Damaged::of(segment, copy, "it is not there; the object is".to_owned())),
            false => {
                let fault = "it is not there, and there is no other copy".to_owned();
                self.damaged.push(Damaged::of(segment, copy, fault));
            }
        }
    }
}

impl Damaged {
    fn of(segment: &Segment, copy: &SegmentCopy, fault: String) -> Self {
        let name = match copy.place {
            CopyPlace::Spool => &segment.spool_path,
            CopyPlace::Objects => &segment.object_key,
        };
        Self {
            segment: segment.id,
            stream: segment.stream.as_str().to_owned(),
            place: copy.place,
            name: name.clone(),
            fault,
        }
    }
}

/// Size and SHA-256 of a file, or why it cannot be read; `None` when it is not there.
async fn digest_of_file(path: PathBuf) -> Result<Option<Result<(u64, String)>>> {
    let job = tokio::task::spawn_blocking(move || {
        let mut hash = Sha256::new();
        let mut file = std::fs::File::open(path)?;
        let (mut buffer, mut bytes) = (vec![0; CHUNK], 0);
        loop {
            let count = std::io::Read::read(&mut file, &mut buffer)?;
            if count == 0 {
                return Ok::<_, std::io::Error>((bytes, hexadecimal(hash)));
            }
            hash.update(&buffer[..count]);
            bytes += count as u64;
        }
    });
    let read = job.await.map_err(|panic| Error::internal("reading a segment failed inside").with_source(panic))?;
    Ok(match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        read => Some(read.map_err(|error| Error::not_found(format!("it cannot be read ({error})")))),
    })
}

async fn digest_of_object(objects: &SharedObjects, segment: &Segment) -> Result<(u64, String)> {
    let key = &segment.object_key;
    let size = objects.size(key).await?.ok_or_else(|| Error::not_found("it is not there"))?;
    let mut pieces = objects.stream(key, 0, size).await?;
    let mut hash = Sha256::new();
    while let Some(piece) = pieces.next().await {
        hash.update(piece?);
    }
    Ok((size, hexadecimal(hash)))
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
