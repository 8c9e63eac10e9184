//! What a relay says to whoever manages it, and asks of it. The relay knows no more of its manager than this.

use actix::{Actor, Addr, Context, Handler, Message, Recipient};

use crate::domain::incident::RelayUpdate;
use crate::domain::probe::KeptProbe;

/// A relay wants to start; answered with true when it may.
#[derive(Message, Debug)]
#[rtype(result = "bool")]
pub(in crate::actors::restream) struct AcquirePermit {
    pub id: i64,
    /// Host of the camera.
    pub host: String,
}

/// A relay does not want to start any more.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(in crate::actors::restream) struct CancelPermit(pub i64);

/// A relay's ffmpeg has ended: read its row again.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(in crate::actors::restream) struct ReadRow(pub i64);

/// A relay has probed its source.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(in crate::actors::restream) struct Probed(pub KeptProbe);

/// A relay's state has changed.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(in crate::actors::restream) struct RelayUpdated {
    pub id: i64,
    pub update: RelayUpdate,
}

/// Where they go. The manager is updated by `do_send`, which no full mailbox holds up; what waits there is a few words for
/// each relay.
pub(in crate::actors::restream) struct Reports {
    pub ask: Recipient<AcquirePermit>,
    pub leave: Recipient<CancelPermit>,
    pub read: Recipient<ReadRow>,
    pub probed: Recipient<Probed>,
    pub updated: Recipient<RelayUpdated>,
}

impl Reports {
    /// All of them to this actor.
    pub fn to<A>(manager: &Addr<A>) -> Self
    where
        A: Actor<Context = Context<A>>
            + Handler<AcquirePermit>
            + Handler<CancelPermit>
            + Handler<ReadRow>
            + Handler<Probed>
            + Handler<RelayUpdated>,
    {
        Self {
            ask: manager.clone().recipient(),
            leave: manager.clone().recipient(),
            read: manager.clone().recipient(),
            probed: manager.clone().recipient(),
            updated: manager.clone().recipient(),
        }
    }
}
