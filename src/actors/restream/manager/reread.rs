//! Rows that are read again because their ffmpeg has ended: gone, changed, or the same.
//!
//! One at a time, and all of them in one reading when many have ended together: a media server that goes away under
//! hundreds of relays must not put hundreds of questions to the database.

use std::collections::BTreeSet;

use actix::{Context, Handler};

use super::Restreams;
use super::commands::read_one;
use crate::actors::restream::relay::reports::ReadRow;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::database::CALL_TIMEOUT;
use crate::base::Result;
use crate::base::single_flight::{Retry, SingleFlight};
use crate::domain::camera::CameraRow;

/// More than so many are read as one.
const ONE_BY_ONE: usize = 8;

/// Whose rows wait to be read.
#[derive(Debug, Default)]
pub(super) struct Rereads {
    waiting: BTreeSet<i64>,
    reading: SingleFlight,
}

impl Rereads {
    /// Whether all are to be read as one; nobody waits any more then.
    fn take_all(&mut self) -> bool {
        let many = self.waiting.len() > ONE_BY_ONE;
        if many {
            self.waiting.clear();
        }
        many
    }
}

impl Restreams {
    fn read_rows_again(&mut self, ctx: &mut Context<Self>) {
        if self.rereads.take_all() {
            self.refresh(ctx);
        } else {
            ReadRowAgain::ask(self, ctx);
        }
    }
}

/// Reads the first row that waits.
struct ReadRowAgain;

impl Flight for ReadRowAgain {
    type Owner = Restreams;
    /// Its camera, and the rows taken before.
    type Subject = (i64, u64);
    type Output = Option<CameraRow>;
    const RULES: Rules = Rules {
        what: "reading a camera's row",
        limit: CALL_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: Retry::Never,
    };

    fn state(manager: &mut Restreams) -> &mut SingleFlight {
        &mut manager.rereads.reading
    }

    fn begin(manager: &mut Restreams, _: &mut Context<Restreams>) -> Option<(Self::Subject, Work<Self::Output>)> {
        let id = manager.rereads.waiting.pop_first()?;
        Some(((id, manager.rows_taken), Box::pin(read_one(manager.database.clone(), id))))
    }

    fn ended(
        manager: &mut Restreams,
        (id, taken): Self::Subject,
        row: Result<Option<CameraRow>>,
        ctx: &mut Context<Restreams>,
    ) -> Ended {
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
        Ended::More
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
        rereads.waiting.extend([7, 7, 3]);
        assert!(!rereads.take_all());
        assert_eq!([3, 7].map(Some), [rereads.waiting.pop_first(), rereads.waiting.pop_first()]);
        assert_eq!((rereads.take_all(), rereads.waiting.pop_first()), (false, None));
        let mut readings = 0;
        for id in 0..500 {
            rereads.waiting.insert(id);
            readings += usize::from(rereads.take_all());
        }
        assert_eq!((readings, rereads.waiting.len()), (500 / 9, 500 % 9));
    }
}
