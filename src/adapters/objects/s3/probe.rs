//! What `check` tries in a bucket: every request that recording and playing make, on an object of its own.

use bytes::Bytes;
use reqwest::header::IF_NONE_MATCH;
use uuid::Uuid;

use super::S3Store;
use super::s3_fault::{fault, refusal, unreachable};
use crate::adapters::folder::identity::Identified;
use crate::adapters::objects::ObjectStore;
use crate::base::{Error, Result};

/// What is put.
const BODY: &[u8] = b"streamwarden check\n";

impl S3Store {
    /// Puts, looks at, reads a part of, puts again and deletes an object, and asks for it as nobody. Gives what is worth knowing.
    ///
    /// # Errors
    /// The first request that the server refuses, with its remedy; and a bucket that everybody can read.
    pub async fn try_out(&self) -> Result<String> {
        // Whose bucket it is is known to the database, and told of there.
        self.holds_nothing().await?;
        let key = format!(".streamwarden-check/{}", Uuid::new_v4());
        let put = self.bucket.put_object(&key, BODY).await;
        put.map_err(|error| fault(&self.shown, error))?;
        let tried = self.try_object(&key).await;
        let deleted = self.bucket.delete_object(&key).await;
        let note = tried?;
        deleted.map_err(|error| fault(&self.shown, error))?;
        Ok(format!("{}; put, head, get, delete work; {note}", self.shown))
    }

    async fn try_object(&self, key: &str) -> Result<&'static str> {
        let size = self.size(key).await?;
        if size != Some(BODY.len() as u64) {
            let text =
                format!("{}: an object of {} bytes was put, and then {size:?} are there", self.shown, BODY.len());
            return Err(Error::unavailable(text));
        }
        let part = self.read(key, 13, 5).await?;
        if part != Bytes::from_static(b"check") {
            return Err(Error::unavailable(format!("{}: a part of an object is not what was put", self.shown)));
        }
        let again = self.bucket.put_object_builder(key, BODY).with_header(IF_NONE_MATCH.as_str(), "*");
        let again = again.map_err(|error| fault(&self.shown, error))?.execute().await;
        let refused = again.as_ref().err().and_then(refusal);
        let note = match refused.map(|refusal| (refusal.status, refusal.may_mean_the_condition())) {
            Some((412 | 409, _)) => "it never overwrites (If-None-Match)",
            Some((_, true)) => "it cannot put under a condition, so each put is preceded by a question",
            Some(_) => return again.map(|_| "").map_err(|error| fault(&self.shown, error)),
            None => "it does not keep to If-None-Match: two programs on one bucket may overwrite each other",
        };
        let url = format!("{}/{key}", self.bucket.url());
        let asked = self.bucket.http_client().get(url).send().await;
        let status = asked.map_err(|error| unreachable(&self.shown, &error))?.status();
        if status.is_success() {
            return Err(Error::invalid(
                "objects.s3.bucket_name",
                format!("everybody can read {}; take the right from anonymous users", self.shown),
            ));
        }
        Ok(note)
    }
}
