//! Whose bucket it is: a marker object with the identity that the nodes of a site know from their database.

use async_trait::async_trait;
use reqwest::header::IF_NONE_MATCH;
use uuid::Uuid;

use super::S3Store;
use super::s3_fault::{no_s3_server, refusal};
use crate::adapters::folder::identity::{Expected, Identified, marker_id, marker_text};
use crate::base::{Error, ErrorKind, Result};

/// The marker. No key of a segment is so short.
const MARKER: &str = ".streamwarden.json";
/// What stands in it.
const WORD: &str = "objects";
/// What a person can do where the right bucket is gone for good.
const INSTEAD: &str = ", or, if this one shall take its place, run: streamwarden accept-folder objects";

impl S3Store {
    /// Puts the marker where there is none yet. Another node may be quicker.
    async fn put_marker_once(&self, text: &[u8]) -> Result<()> {
        let put = self.bucket.put_object_builder(MARKER, text).with_header(IF_NONE_MATCH.as_str(), "*");
        let put = put.map_err(|error| self.fault(error))?.execute().await;
        let refused = put.as_ref().err().and_then(refusal);
        match refused.map(|refusal| (refusal.status, refusal.may_mean_the_condition())) {
            Some((409 | 412, _)) => Ok(()),
            Some((_, true)) => self.put_marker(text).await,
            _ => put.map(|_| ()).map_err(|error| self.fault(error)),
        }
    }

    async fn put_marker(&self, text: &[u8]) -> Result<()> {
        self.bucket.put_object(MARKER, text).await.map(|_| ()).map_err(|error| self.fault(error))
    }
}

#[async_trait]
impl Identified for S3Store {
    fn shown(&self) -> String {
        self.shown.clone()
    }

    fn expect_of_it(&self, expected: Expected) {
        self.expected.set(expected);
    }

    fn is_taken_as_found(&self) -> bool {
        false
    }

    async fn check_identity(&self) -> Result<()> {
        let (expected, shown) = (self.expected.now(), &self.shown);
        let fault = match (expected, self.found_identity().await?) {
            (Expected::Id(expected), Some(found)) if expected == found => return Ok(()),
            (Expected::Unknown | Expected::Files, Some(_)) => return Ok(()),
            (Expected::Id(_), Some(found)) => format!(
                "{shown} is another site's (its identity in {MARKER} is {found}); name the bucket of this site in \
                 objects.s3.bucket_name{INSTEAD}"
            ),
            (Expected::Id(_), None) => format!(
                "{shown} has lost its identity: there is no object {MARKER}; name the bucket that belongs to this site in \
                 objects.s3.bucket_name{INSTEAD}"
            ),
            (Expected::Files, None) => format!(
                "the database knows of recordings in the bucket of this node, and {shown} is empty; name the bucket that \
                 belongs to this site in objects.s3.bucket_name{INSTEAD}"
            ),
            (Expected::Unknown, None) => format!(
                "{shown} has no identity yet, and the database that knows whether it is the right one has not answered; it is \
                 waited for"
            ),
        };
        Err(Error::unavailable(fault))
    }

    async fn found_identity(&self) -> Result<Option<Uuid>> {
        let text = match self.bucket.get_object(MARKER).await {
            Ok(text) => text,
            Err(error) if refusal(&error).is_some_and(|refusal| refusal.is_no_such_object()) => {
                // Some servers say the same of a bucket that is not there.
                return self.holds_nothing().await.map(|_| None);
            }
            Err(error) => return Err(self.fault(error)),
        };
        if text.as_slice().trim_ascii_start().starts_with(b"<") {
            // A web page.
            return Err(no_s3_server(&self.shown));
        }
        marker_id(text.as_slice()).map(Some).ok_or_else(|| {
            let what =
                format!("{}: {MARKER} does not hold an identity; put the object back as it was{INSTEAD}", self.shown);
            Error::unavailable(what)
        })
    }

    async fn holds_nothing(&self) -> Result<bool> {
        let page = self.bucket.list_page(String::new(), None, None, None, Some(1)).await;
        page.map(|(page, _)| page.contents.is_empty()).map_err(|error| self.fault(error))
    }

    async fn holds_any(&self, paths: Vec<String>) -> Result<bool> {
        for path in paths {
            if self.stored(&path).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn begin_identity(&self) -> Result<Uuid> {
        if let Some(id) = self.found_identity().await? {
            return Ok(id);
        }
        let id = Uuid::new_v4();
        self.put_marker_once(&marker_text(WORD, id)?).await?;
        // The one that is there counts, whoever put it.
        self.found_identity().await?.ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, format!("{}: {MARKER} was taken and is not there", self.shown))
        })
    }

    async fn mark_identity(&self, id: Uuid) -> Result<()> {
        self.put_marker(&marker_text(WORD, id)?).await
    }
}
