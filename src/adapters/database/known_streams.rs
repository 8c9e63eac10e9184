//! Whether the database knows a stream: something of it was recorded, or a camera has its name.

use super::Stores;
use crate::base::Result;
use crate::domain::known_stream::check_known;

/// Refuses the name of a stream of which nothing was recorded, that no camera has and that is not among `live`.
///
/// # Errors
/// `Invalid` for the field `stream`, with the nearest name there is; when the database cannot be read.
pub async fn check_stream(stores: &Stores, typed: &str, live: &[String]) -> Result<()> {
    if live.iter().any(|name| name == typed) {
        return Ok(());
    }
    let recorded = stores.recordings.recordings().await?;
    // A site's table of cameras may be away: what was recorded is known without it.
    if recorded.iter().any(|one| one.stream == typed) || !stores.recordings.sessions(typed, None).await?.is_empty() {
        return Ok(());
    }
    let cameras = stores.cameras.cameras().await?;
    let recorded = recorded.iter().map(|one| one.stream.as_str());
    let cameras = cameras.iter().map(|row| row.name.as_str());
    check_known(typed, recorded.chain(cameras).chain(live.iter().map(String::as_str)))
}
