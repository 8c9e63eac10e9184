//! Rows that are read again because their ffmpeg has ended: gone, changed, or the same.
//!
//! One at a time, and all of them in one reading when many have ended together: a media server that goes away under
//! hundreds of relays must not put hundreds of questions to the database.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};

use super::Restreams;
use super::commands::read_one;
use crate::actors::restream::relay::reports::ReadRow;

/// More than so many are read as one.
const ONE_BY_ONE: usize = 8;

/// Whose rows wait to be read.
#[derive(Debug, Default)]
pub(super) struct Rereads {
    waiting: BTreeSet<i64>,
    reading: bool,
}

/// What to read next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    One(i64),
    All,
}

impl Rereads {
    fn next(&mut self) -> Next {
        if self.waiting.len() > ONE_BY_ONE {
            self.waiting.clear();
            return Next::All;
        }
        if self.reading {
            return Next::Nothing;
        }
        self.waiting.pop_first().map_or(Next::Nothing, Next::One)
    }
}

impl Restreams {
    fn read_rows_again(&mut self, ctx: &mut Context<Self>) {
        let id = match self.rereads.next() {
            Next::Nothing => return,
            Next::All => return self.refresh(ctx),
            Next::One(id) => id,
        };
        self.rereads.reading = true;
        let taken = self.rows_taken;
        let row = read_one(Arc::clone(&self.database), id).into_actor(self);
        ctx.spawn(row.map(move |row, manager, ctx| {
            manager.rereads.reading = false;
            match row {
                Ok(row) if manager.rows_taken == taken && !manager.would_end(id, row.as_ref()) => {
                    manager.take_row(id, row.as_ref(), ctx);
                    if let Some(assign) = manager.assignments.get(&id) {
                        assign.send_modify(|assignment| assignment.rows_read += 1);
                    }
                }
                // Another row was written meanwhile, perhaps this one; or the camera would stop, and whether it may is
                // judged by all rows together.
                Ok(_) => manager.refresh(ctx),
                // The last known row goes on; the list's own reading complains.
                Err(error) => {
                    log::debug!("row of camera {id} not read: {error}");
                    if manager.database_fault.is_none() {
                        manager.refresh(ctx);
                    }
                }
            }
            manager.read_rows_again(ctx);
        }));
    }
}

impl Handler<ReadRow> for Restreams {
    type Result = ();

    fn handle(&mut self, read: ReadRow, ctx: &mut Self::Context) {
        self.rereads.waiting.insert(read.0);
        self.read_rows_again(ctx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_read_one_by_one_and_many_as_one() {
        let mut rereads = Rereads::default();
        assert_eq!(rereads.next(), Next::Nothing);
        rereads.waiting.extend([7, 7, 3]);
        assert_eq!(rereads.next(), Next::One(3));
        rereads.reading = true;
        assert_eq!(rereads.next(), Next::Nothing);
        rereads.reading = false;
        assert_eq!((rereads.next(), rereads.next()), (Next::One(7), Next::Nothing));
        let mut readings = 0;
        rereads.reading = true;
        for id in 0..500 {
            rereads.waiting.insert(id);
            readings += usize::from(rereads.next() == Next::All);
        }
        assert_eq!((readings, rereads.waiting.len()), (500 / 9, 500 % 9));
    }
}
