//! Nodes: the processes that share a database, and which of them may start.
//!
//! A node is known by its data folder (`instance`), whatever it is called; a process by its `run`. Signs of life are
//! compared by the database's clock, so that the clocks of two machines need not agree.

use std::time::Duration;

use uuid::Uuid;

use crate::base::error::ErrorKind;
use crate::base::{Error, Result};

/// Between two signs of life.
pub const BEAT: Duration = Duration::from_secs(5);

/// A node that gave no sign of life for so long has ended.
pub const SILENT: Duration = Duration::from_secs(20);

/// A process that started while the database was away heeds those who have worked on it before: as long as they may not
/// have found out that it is back, a node that had relays and was not stopped counts as one that comes.
pub const REJOIN_GRACE: Duration = Duration::from_secs(15);

/// A process that wants to be a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeClaim {
    /// The setting `node`.
    pub name: String,
    /// Of the data folder.
    pub instance: Uuid,
    /// Of the process.
    pub run: Uuid,
    /// It runs the role restream.
    pub relays: bool,
    /// It runs the role record.
    pub records: bool,
    /// Its data folder is locked and it starts just now: an earlier process on this folder has ended.
    pub starts: bool,
    /// Runs of earlier processes on this very folder, not on a copy of it.
    pub ended: Vec<Uuid>,
}

/// A node as the database keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The owner that rows name.
    pub owner: String,
    /// What it is called now.
    pub name: String,
    /// Of its data folder.
    pub instance: Uuid,
    /// Of its latest process.
    pub run: Uuid,
    /// It runs the role restream.
    pub relays: bool,
    /// It runs the role record.
    pub records: bool,
    /// Since its last sign of life.
    pub silent: Duration,
    /// It was stopped in order.
    pub stopped: bool,
    /// Identity of its spool, once it has one.
    pub spool: Option<Uuid>,
    /// Identity of its object folder, once it has one.
    pub objects: Option<Uuid>,
    /// Recordings without an owner are its own.
    pub adopted: bool,
}

/// Where an admitted process finds itself among the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePlace {
    /// The owner that its rows name.
    pub owner: String,
    /// What it is called: as it wants, unless a node that runs is called so.
    pub name: String,
}

impl Node {
    /// Whether its process runs, as far as one can see.
    pub fn is_alive(&self) -> bool {
        !self.stopped && self.silent < SILENT
    }

    fn last_sign(&self) -> String {
        format!("last sign of life {} s ago", self.silent.as_secs())
    }
}

/// A process that runs, as far as one can see, on this data folder or on a copy of it. One whose sign of life is fresh may
/// have been killed since: only the next sign, or its silence, tells.
pub fn other_process<'a>(claim: &NodeClaim, nodes: &'a [Node]) -> Option<&'a Node> {
    let has_ended = |node: &Node| claim.starts && claim.ended.contains(&node.run);
    nodes
        .iter()
        .find(|node| node.instance == claim.instance && node.is_alive() && node.run != claim.run && !has_ended(node))
}

/// Whether this process may be a node beside these, and as which. Two of one name are told apart by their data folders; they
/// may run beside one another where their jobs differ, as the relays alone beside everything else.
///
/// # Errors
/// `Conflict` naming the other node and the remedy.
pub fn admit(claim: &NodeClaim, nodes: &[Node]) -> Result<NodePlace> {
    let is_own = |node: &&Node| node.instance == claim.instance;
    let others = || nodes.iter().filter(|node| node.instance != claim.instance);
    let copy = other_process(claim, nodes);
    let same_name = others().find(|node| node.is_alive() && node.name == claim.name);
    let rival = same_name.filter(|node| claim.records && node.records);
    if let Some(other) = copy.or(rival) {
        let text = format!(
            "another streamwarden works on this database under the name {:?} ({}); give each its own name and its own \
             data_dir, or stop the other. One that was killed on another data_dir is forgotten after {} s",
            other.name,
            other.last_sign(),
            SILENT.as_secs()
        );
        return Err(Error::new(ErrorKind::Conflict, text).at("node"));
    }
    if let Some(error) = other_relay(claim, nodes) {
        return Err(error);
    }
    let apart = || format!("{}@{}", claim.name, claim.instance);
    // A node that has ended leaves its name, and what it owns, to the next one that is called so; one that had taken the
    // name later owns what belongs to another name.
    let has_begun_so = |node: &Node| node.owner == claim.name || node.owner.starts_with(&format!("{}@", claim.name));
    let gone = others().find(|node| !node.is_alive() && node.name == claim.name && has_begun_so(node));
    let known = nodes.iter().find(is_own).or(gone).map(|node| node.owner.clone());
    let is_free = nodes.iter().all(|node| node.owner != claim.name);
    let owner = known.unwrap_or_else(|| if is_free { claim.name.clone() } else { apart() });
    let name = if same_name.is_some() { apart() } else { claim.name.clone() };
    Ok(NodePlace { owner, name })
}

/// The error when another node relays the cameras of the same table.
pub fn other_relay(claim: &NodeClaim, nodes: &[Node]) -> Option<Error> {
    let is_other = |node: &&Node| node.relays && node.is_alive() && node.instance != claim.instance;
    let other = nodes.iter().find(is_other).filter(|_| claim.relays)?;
    Some(relayed_by(&other.name, Some(&other.last_sign())))
}

/// The error when the node of this name relays the same cameras; with `last_sign` where it is known by its signs of life.
pub fn relayed_by(name: &str, last_sign: Option<&str>) -> Error {
    let (sign, forgotten) = match last_sign {
        Some(sign) => {
            (format!(" ({sign})"), format!(". One that was killed is forgotten after {} s", SILENT.as_secs()))
        }
        None => (String::new(), String::new()),
    };
    let text = format!(
        "the cameras of this database are relayed by the node {name:?} already{sign}, and would be pulled twice; stop it, or \
         leave \"restream\" out of this one's roles{forgotten}"
    );
    Error::new(ErrorKind::Conflict, text).at("roles")
}

/// Whether another process relays these cameras: another node, or one on a copy of our data folder.
pub fn is_relayed_elsewhere(claim: &NodeClaim, nodes: &[Node]) -> bool {
    claim.relays && nodes.iter().any(|node| node.relays && node.is_alive() && node.run != claim.run)
}

/// Whether a node that had relays may come back: it was not stopped, and gives no sign of life since the database was away.
pub fn may_rejoin(claim: &NodeClaim, nodes: &[Node]) -> bool {
    let is_missed = |node: &Node| node.relays && !node.stopped && !node.is_alive() && node.instance != claim.instance;
    claim.relays && nodes.iter().any(is_missed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(name: &str, instance: u128) -> NodeClaim {
        let (instance, run) = (Uuid::from_u128(instance), Uuid::from_u128(77));
        let ended = vec![Uuid::from_u128(1)];
        NodeClaim { name: name.to_owned(), instance, run, relays: true, records: true, starts: true, ended }
    }

    fn node(name: &str, instance: u128, silent: u64) -> Node {
        Node {
            owner: name.to_owned(),
            name: name.to_owned(),
            instance: Uuid::from_u128(instance),
            run: Uuid::from_u128(1),
            relays: true,
            records: true,
            silent: Duration::from_secs(silent),
            stopped: false,
            spool: None,
            objects: None,
            adopted: false,
        }
    }

    #[test]
    fn who_may_start_beside_whom() {
        let ok = |owner: &str, name: &str| Ok(NodePlace { owner: owner.to_owned(), name: name.to_owned() });
        let stopped = |node: Node| Node { stopped: true, ..node };
        let recorder = |node: Node| Node { relays: false, ..node };
        let relay = |node: Node| Node { records: false, ..node };
        let no_relay = |claim: NodeClaim| NodeClaim { relays: false, ..claim };
        let no_record = |claim: NodeClaim| NodeClaim { records: false, ..claim };
        let later = |claim: NodeClaim| NodeClaim { starts: false, ..claim };
        let copy = |claim: NodeClaim| NodeClaim { ended: Vec::new(), ..claim };
        let took_name = Node { owner: "a".to_owned(), ..node("b", 2, 99) };
        let renamed = Node { name: "c".to_owned(), ..stopped(node("b", 2, 99)) };
        let apart = |name: &str, instance: u128| format!("{name}@{}", Uuid::from_u128(instance));
        type Case = (&'static str, NodeClaim, Vec<Node>, Result<NodePlace, &'static str>);
        let table: Vec<Case> = vec![
            ("the first", claim("a", 1), vec![], ok("a", "a")),
            ("a killed node's successor, at once", claim("a", 1), vec![node("a", 1, 0)], ok("a", "a")),
            ("the same name elsewhere", claim("a", 2), vec![node("a", 1, 19)], Err("node")),
            ("two recorders of a name", no_relay(claim("a", 2)), vec![recorder(node("a", 1, 3))], Err("node")),
            ("two relays of a name", no_record(claim("a", 2)), vec![relay(node("a", 1, 3))], Err("roles")),
            (
                "the relays alone beside the rest",
                no_record(claim("a", 2)),
                vec![recorder(node("a", 1, 3))],
                ok(&apart("a", 2), &apart("a", 2)),
            ),
            ("the same name elsewhere, long gone", claim("a", 2), vec![node("a", 1, 20)], ok("a", "a")),
            ("the same name elsewhere, stopped", claim("a", 2), vec![stopped(node("a", 1, 0))], ok("a", "a")),
            ("another relays", claim("b", 2), vec![node("a", 1, 3)], Err("roles")),
            ("another relayed", claim("b", 2), vec![node("a", 1, 30)], ok("b", "b")),
            ("another records", claim("b", 2), vec![recorder(node("a", 1, 3))], ok("b", "b")),
            ("it does not relay itself", no_relay(claim("b", 2)), vec![node("a", 1, 3)], ok("b", "b")),
            ("it has a new name", claim("b", 1), vec![node("a", 1, 3)], ok("a", "b")),
            ("somebody took its place on a copy", later(claim("a", 1)), vec![node("a", 1, 3)], Err("node")),
            ("and has ended", later(claim("a", 1)), vec![node("a", 1, 30)], ok("a", "a")),
            ("a copy of a node that lives", copy(claim("a", 1)), vec![node("a", 1, 3)], Err("node")),
            ("a copy under another name", copy(claim("b", 1)), vec![node("a", 1, 3)], Err("node")),
            ("a copy of a node that has ended", copy(claim("a", 1)), vec![node("a", 1, 20)], ok("a", "a")),
            ("what a renamed node owned is not handed on", claim("b", 3), vec![took_name], ok("b", "b")),
            ("a name that another began with", claim("b", 1), vec![renamed], ok(&apart("b", 1), "b")),
        ];
        for (what, claim, nodes, wanted) in table {
            match (admit(&claim, &nodes), wanted) {
                (Ok(place), Ok(wanted)) => assert_eq!(place, wanted, "{what}"),
                (Err(error), Err(field)) => {
                    assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some(field)), "{what}");
                    assert!(error.to_string().contains("\"a\""), "{what}: {error} names the other");
                }
                (found, wanted) => panic!("{what}: {found:?} instead of {wanted:?}"),
            }
        }
    }

    #[test]
    fn who_relays_beside_us_and_who_may_come_back() {
        let stopped = |node: Node| Node { stopped: true, ..node };
        let recorder = |node: Node| Node { relays: false, ..node };
        let mine = Node { run: Uuid::from_u128(77), ..node("a", 1, 0) };
        for (what, node, beside, back) in [
            ("ourselves", mine, false, false),
            ("another", node("b", 2, 3), true, false),
            ("a copy of us", node("a", 1, 3), true, false),
            ("our own process before", node("a", 1, 99), false, false),
            ("another, silent", node("b", 2, 99), false, true),
            ("another, stopped", stopped(node("b", 2, 99)), false, false),
            ("a recorder", recorder(node("b", 2, 3)), false, false),
            ("a silent recorder", recorder(node("b", 2, 99)), false, false),
        ] {
            let nodes = [node];
            let found = (is_relayed_elsewhere(&claim("a", 1), &nodes), may_rejoin(&claim("a", 1), &nodes));
            assert_eq!(found, (beside, back), "{what}");
            let monitor = NodeClaim { relays: false, ..claim("a", 1) };
            assert!(!is_relayed_elsewhere(&monitor, &nodes) && !may_rejoin(&monitor, &nodes), "{what}");
        }
    }

    #[test]
    fn a_process_is_never_in_its_own_way() {
        let mine = Node { run: Uuid::from_u128(77), ..node("a", 1, 0) };
        let again = NodeClaim { starts: false, ..claim("a", 1) };
        assert_eq!(admit(&again, &[mine]).expect("admitted").owner, "a");
    }
}
