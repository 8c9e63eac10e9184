//! Nodes in the database: what is asked and told of them.

use async_trait::async_trait;
use uuid::Uuid;

use crate::base::error::ErrorKind;
use crate::base::{Error, Result};
use crate::domain::node::{Node, NodeClaim};

/// A folder whose identity a node keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeFolder {
    /// Recordings before they are stored. One node's only.
    Spool,
    /// The object store. Nodes may share one.
    Objects,
}

impl NodeFolder {
    /// Its word in the database and for people.
    pub fn column(self) -> &'static str {
        match self {
            Self::Spool => "spool",
            Self::Objects => "objects",
        }
    }

    pub(super) fn taken(self, id: Uuid) -> Error {
        let text = format!(
            "the {} folder with the identity {id} is another node's; give each node its own data_dir",
            self.column()
        );
        Error::new(ErrorKind::Conflict, text)
    }
}

/// A process that was admitted, and the nodes beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// This node.
    pub node: Node,
    /// Every other one, however long ago it was seen.
    pub others: Vec<Node>,
}

impl Joined {
    pub(super) fn of(mine: Vec<Node>, others: Vec<Node>) -> Result<Self> {
        let node = mine.into_iter().next();
        let node = node.ok_or_else(|| Error::internal("this node's row was damaged by hand; delete it from nodes"))?;
        Ok(Self { node, others })
    }
}

/// The nodes that work on a database.
#[async_trait]
pub trait NodeStore: Send + Sync {
    /// Admits this process as a node beside the others, or gives a sign of its life. From then on its rows are this
    /// node's.
    ///
    /// # Errors
    /// `Conflict` naming the other node (`domain::node::admit`); then nothing that belongs to a node is written or taken
    /// any more until this succeeds.
    async fn join(&self, claim: NodeClaim) -> Result<Joined>;
    /// Says that this process stops.
    async fn leave(&self, run: Uuid) -> Result<()>;
    /// All nodes.
    async fn nodes(&self) -> Result<Vec<Node>>;
    /// Whether this process has been admitted; what is wrong when not.
    fn admitted(&self) -> Result<()>;
    /// Keeps the identity of this node's folder. `Conflict` when it is another node's.
    async fn set_folder(&self, folder: NodeFolder, id: Uuid) -> Result<()>;
    /// Files of recordings without an owner, of an earlier version: some of those that should lie in a spool. `None` when
    /// a node has adopted those recordings already.
    async fn ownerless(&self) -> Result<Option<Vec<String>>>;
    /// Makes recordings without an owner this node's, unless another node has adopted them.
    async fn adopt(&self) -> Result<()>;
}
