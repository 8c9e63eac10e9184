//! Making what other nodes have left open this node's: by whoever does their work now.

use chrono::Utc;

use crate::adapters::database::{IncidentQuery, IncidentStore, with_timeout};
use crate::base::Result;
use crate::domain::incident::{Incident, IncidentKind};

/// What is open, and this node's now.
pub struct TakenOver {
    /// It was another node's.
    pub of_others: Vec<Incident>,
    /// It was this node's already; none where that is known.
    pub own: Vec<Incident>,
}

/// Takes over what others have open of these kinds, of one media server and its streams where it is named. `is_first`: tells also what
/// was this node's already, since it has done this work before and knows nothing of it any more.
pub async fn take_over(
    store: &dyn IncidentStore,
    kinds: &[IncidentKind],
    server: Option<&str>,
    is_first: bool,
) -> Result<TakenOver> {
    let taking = store.take_over_incidents(kinds.to_vec(), server.map(str::to_owned), Utc::now());
    let of_others = with_timeout(taking).await?;
    let mut own = Vec::new();
    if is_first {
        let open = IncidentQuery { open: true, own: true, limit: u32::MAX, ..IncidentQuery::default() };
        own = with_timeout(store.incidents(open)).await?;
        own.retain(|one| {
            kinds.contains(&one.kind)
                && (server.is_none() || one.subject.server() == server)
                && !of_others.iter().any(|other| other.id == one.id)
        });
    }
    Ok(TakenOver { of_others, own })
}
