//! `/api/v1/nodes`: the processes that share a database and a live store, who runs what, and who has gone silent.

use std::collections::BTreeMap;

use actix_web::web;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Viewer;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::{HttpState, VERSION};
use super::item_list::ItemList;
use crate::adapters::database::with_timeout;
use crate::adapters::live::LiveNode;
use crate::base::Result;
use crate::domain::node::Node;

/// A node that fell silent longer ago is no longer told of.
const FORGOTTEN: TimeDelta = TimeDelta::days(30);

/// How it stands with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum NodeState {
    /// It gives signs of life.
    Running,
    /// It gives none, and was not stopped in order.
    Silent,
    /// It was stopped in order.
    Stopped,
}

/// A process that shares the database or the live store with this one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeItem {
    /// Its name: the setting `node`.
    name: String,
    /// It is the one that answers.
    is_this: bool,
    /// How it stands with it.
    state: NodeState,
    /// Its last sign of life; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    silent_since: Option<DateTime<Utc>>,
    /// The jobs it runs.
    #[schema(example = json!(["monitor", "record"]))]
    roles: Vec<String>,
    /// Version of the program; absent when it tells none.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// When it started; absent when it does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<DateTime<Utc>>,
    /// Media servers that it polls; those that it stands by for are not among them.
    polls: Vec<String>,
    /// Cameras that it relays, count; of a silent one, as it told last.
    cameras: usize,
    /// Streams that it records, count; of a silent one, as it told last.
    recordings: usize,
}

/// The processes that share this one's database and live store, by name. Without a Redis others are known by their signs of
/// life in the database alone.
#[utoipa::path(get, path = "/api/v1/nodes", operation_id = "listNodes", tag = "status", responses(
    (status = 200, body = ItemList<NodeItem>),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<NodeItem>>> {
    let rows = with_timeout(state.stores.nodes.nodes()).await.unwrap_or_default();
    let live = match state.live.nodes() {
        nodes if nodes.is_empty() => vec![alone(&state).await?],
        nodes => nodes,
    };
    Ok(web::Json(ItemList::whole(together(live, &rows, Utc::now()))))
}

/// This process, where no live store is shared.
async fn alone(state: &HttpState) -> Result<LiveNode> {
    let latest = state.live.latest().await?;
    Ok(LiveNode {
        name: state.node.clone(),
        is_this: true,
        silent_since: None,
        roles: state.roles.iter().map(|role| role.as_str().to_owned()).collect(),
        version: Some(VERSION.to_owned()),
        started_at: Some(state.started_at),
        polls: latest.servers.into_iter().map(|server| server.name).collect(),
        cameras: latest.cameras.len(),
        recordings: latest.recordings.len(),
    })
}

/// What the live store and the database know of them, by name.
fn together(live: Vec<LiveNode>, rows: &[Node], now: DateTime<Utc>) -> Vec<NodeItem> {
    let mut all: BTreeMap<String, NodeItem> = live.into_iter().map(|node| (node.name.clone(), node.into())).collect();
    for row in rows {
        match all.get_mut(&row.name) {
            Some(known) if known.state == NodeState::Silent && row.stopped => known.state = NodeState::Stopped,
            Some(_) => {}
            None => _ = all.insert(row.name.clone(), of_row(row, now)),
        }
    }
    all.retain(|_, node| node.silent_since.is_none_or(|since| now - since < FORGOTTEN));
    all.into_values().collect()
}

fn of_row(row: &Node, now: DateTime<Utc>) -> NodeItem {
    let state = match (row.is_alive(), row.stopped) {
        (true, _) => NodeState::Running,
        (false, true) => NodeState::Stopped,
        (false, false) => NodeState::Silent,
    };
    let last_sign = TimeDelta::from_std(row.silent).ok().and_then(|silent| now.checked_sub_signed(silent));
    let roles = [("monitor", true), ("restream", row.relays), ("record", row.records)];
    NodeItem {
        name: row.name.clone(),
        is_this: false,
        state,
        silent_since: last_sign.filter(|_| state != NodeState::Running),
        roles: roles.into_iter().filter(|(_, runs)| *runs).map(|(role, _)| role.to_owned()).collect(),
        version: None,
        started_at: None,
        polls: Vec::new(),
        cameras: 0,
        recordings: 0,
    }
}

impl From<LiveNode> for NodeItem {
    fn from(node: LiveNode) -> Self {
        let LiveNode { name, is_this, silent_since, roles, version, started_at, polls, cameras, recordings } = node;
        let state = if silent_since.is_some() { NodeState::Silent } else { NodeState::Running };
        // Who is silent polls nothing; how much it relayed and recorded is what is missing now.
        let polls = if silent_since.is_some() { Vec::new() } else { polls };
        Self { name, is_this, state, silent_since, roles, version, started_at, polls, cameras, recordings }
    }
}

/// Nodes of the live store that have gone silent and were not stopped in order.
pub(super) async fn silent(state: &HttpState) -> Vec<(String, Vec<String>, DateTime<Utc>)> {
    let nodes = state.live.nodes();
    if nodes.iter().all(|node| node.silent_since.is_none()) {
        return Vec::new();
    }
    let rows = with_timeout(state.stores.nodes.nodes()).await.unwrap_or_default();
    let silent = together(nodes, &rows, Utc::now()).into_iter().filter(|node| node.state == NodeState::Silent);
    silent.filter_map(|node| Some((node.name, node.roles, node.silent_since?))).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn row(name: &str, silent: u64, stopped: bool) -> Node {
        Node {
            owner: name.to_owned(),
            name: name.to_owned(),
            instance: uuid::Uuid::new_v4(),
            run: uuid::Uuid::new_v4(),
            relays: false,
            records: true,
            silent: Duration::from_secs(silent),
            stopped,
            spool: None,
            objects: None,
            adopted: false,
        }
    }

    fn live(name: &str, silent_since: Option<DateTime<Utc>>) -> LiveNode {
        let roles = vec!["restream".to_owned()];
        LiveNode { name: name.to_owned(), is_this: name == "a", silent_since, roles, ..LiveNode::default() }
    }

    #[test]
    fn the_live_store_tells_more_and_the_database_knows_who_was_stopped() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let ago = |seconds| Some(now - TimeDelta::seconds(seconds));
        let nodes = vec![live("a", None), live("killed", ago(100)), live("stopped", ago(100))];
        let rows = [
            row("a", 3, false),
            row("killed", 100, false),
            row("stopped", 100, true),
            row("elsewhere", 2, false),
            row("dead", 500, false),
            row("long ago", 90 * 86_400, true),
        ];
        let all = together(nodes, &rows, now);
        let told: Vec<_> = all.iter().map(|node| (node.name.as_str(), node.state, node.silent_since)).collect();
        let wanted = [
            ("a", NodeState::Running, None),
            ("dead", NodeState::Silent, ago(500)),
            ("elsewhere", NodeState::Running, None),
            ("killed", NodeState::Silent, ago(100)),
            ("stopped", NodeState::Stopped, ago(100)),
        ];
        assert_eq!(told, wanted);
        assert_eq!(
            (&all[0].roles[..], &all[1].roles[..]),
            (&["restream".to_owned()][..], &["monitor".to_owned(), "record".to_owned()][..])
        );
    }
}
