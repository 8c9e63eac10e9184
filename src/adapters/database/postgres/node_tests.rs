//! Nodes on a real server: several at once, and rows of an earlier version.

use uuid::Uuid;

use super::tests::fresh;
use crate::adapters::database::{NodeStore, behaviour};
use crate::domain::node::NodeClaim;

#[tokio::test]
async fn rows_of_an_earlier_version_are_adopted_once() {
    let fresh = fresh().await;
    let (a, b) = (fresh.for_node("a"), fresh.for_node("b"));
    let make = async || _ = fresh.psql("UPDATE sessions SET node = ''; UPDATE segments SET node = ''").expect("made");
    behaviour::node_behaviour::rows_of_an_earlier_version_are_adopted_once(&*a, &*b, make).await;
}

#[tokio::test]
async fn two_processes_that_start_at_once_are_one_node() {
    let fresh = fresh().await;
    let claim = |instance: u128| NodeClaim {
        name: "a".to_owned(),
        instance: Uuid::from_u128(instance),
        run: Uuid::from_u128(instance),
        relays: true,
        records: true,
        starts: true,
        ended: Vec::new(),
    };
    let nodes: Vec<_> = (1..=8).map(|instance| (fresh.for_node("x"), claim(instance))).collect();
    let joins = nodes.iter().map(|(node, claim)| node.join(claim.clone()));
    let joined = futures_util::future::join_all(joins).await;
    assert_eq!(joined.iter().filter(|one| one.is_ok()).count(), 1, "{joined:?}");
}
