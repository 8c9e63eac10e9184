//! Work of an actor of which one piece runs at a time: [`crate::base::single_flight`] with a future, a time limit and a
//! timer. In place of a `busy` flag: nothing can hang for ever, no retry can multiply, and what fails is logged once.
//!
//! An actor has a [`SingleFlight`] per kind of work, and an empty type that implements [`Flight`] names it:
//! `ReadCameras::ask(self, ctx)`.

use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, WrapFuture};
use futures_util::future::LocalBoxFuture;
use log::Level;
use tokio::time::timeout;

use crate::actors::supervision::reported;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, ErrorKind, Result};

/// How a kind of work is run.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What the log calls it: `reading the cameras`.
    pub what: &'static str,
    /// What takes longer has failed.
    pub limit: Duration,
    /// What becomes of work that takes longer.
    pub late: Late,
    /// When failed work is tried again without being asked for.
    pub retry: FlightRetry,
    /// How loudly a new failure and its end are logged; `Debug` where somebody else tells of them.
    pub level: Level,
}

/// What becomes of work that takes longer than its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// It is given up, and the next may begin.
    GiveUp,
    /// Its failure is told, and it is waited for all the same: what hangs on a disk cannot be ended, and the next would
    /// hang beside it.
    Wait,
}

/// How a piece of work went.
#[derive(Debug)]
pub enum Ended {
    /// Well, as far as [`Flight`] is concerned.
    Done,
    /// Well, and the next piece waits already.
    More,
    /// It failed: logged once, and tried again by the rules.
    Failed(Error),
    /// It failed, and is tried again after so long.
    Retry(Error, Duration),
}

/// A future of a piece of work.
pub type Work<T> = LocalBoxFuture<'static, Result<T>>;

/// A kind of work of an actor of which one piece runs at a time.
pub trait Flight: Sized + 'static {
    /// Whose.
    type Owner: Actor<Context = Context<Self::Owner>>;
    /// What a piece is about; told again when it has ended.
    type Subject: 'static;
    /// What it brings.
    type Output: 'static;

    /// How it is run.
    const RULES: Rules;

    /// Its state within the actor.
    fn state(owner: &mut Self::Owner) -> &mut SingleFlight;

    /// The newest there is to do; `None` when there is nothing.
    fn begin(owner: &mut Self::Owner, ctx: &mut Context<Self::Owner>) -> Option<(Self::Subject, Work<Self::Output>)>;

    /// Takes the result.
    fn ended(
        owner: &mut Self::Owner,
        subject: Self::Subject,
        result: Result<Self::Output>,
        ctx: &mut Context<Self::Owner>,
    ) -> Ended;

    /// It is late and waited for, with [`Late::Wait`]; its result follows, if it ever ends.
    fn late(owner: &mut Self::Owner, why: &Error, ctx: &mut Context<Self::Owner>) {
        let _ = (owner, why, ctx);
    }

    /// Does it now, or after what is being done, or after the rest that a failure demands.
    fn ask(owner: &mut Self::Owner, ctx: &mut Context<Self::Owner>) {
        if Self::state(owner).ask() {
            launch::<Self>(owner, ctx);
        }
    }

    /// Does it now, or after what is being done; a rest ends at once: for the last try before a stop.
    fn ask_now(owner: &mut Self::Owner, ctx: &mut Context<Self::Owner>) {
        if Self::state(owner).ask_now() {
            launch::<Self>(owner, ctx);
        }
    }

    /// Does it now, unless it is being done or rests: for work that comes by a clock.
    fn ask_if_idle(owner: &mut Self::Owner, ctx: &mut Context<Self::Owner>) {
        if Self::state(owner).ask_if_idle() {
            launch::<Self>(owner, ctx);
        }
    }
}

fn launch<F: Flight>(owner: &mut F::Owner, ctx: &mut Context<F::Owner>) {
    let Some((subject, mut work)) = F::begin(owner, ctx) else { return F::state(owner).nothing() };
    let timed = async move {
        match timeout(F::RULES.limit, &mut work).await {
            Ok(result) => (result, None),
            Err(_) => {
                let limit = F::RULES.limit.as_secs();
                (Err(Error::new(ErrorKind::Timeout, format!("timeout, no answer in {limit} s"))), Some(work))
            }
        }
    };
    ctx.spawn(timed.into_actor(owner).map(move |(result, late), owner, ctx| match late {
        Some(work) if F::RULES.late == Late::Wait => {
            if let Err(error) = result {
                let is_new = F::state(owner).complain(error.message());
                log_failure::<F>(&error, is_new, "it is waited for");
                F::late(owner, &error, ctx);
            }
            // Late already: from now on the tree and /ready name it.
            let rest = reported(F::RULES.what, Duration::ZERO, work).into_actor(owner);
            ctx.spawn(rest.map(|result, owner, ctx| settle::<F>(owner, subject, result, ctx)));
        }
        _ => settle::<F>(owner, subject, result, ctx),
    }));
}

fn settle<F: Flight>(
    owner: &mut F::Owner,
    subject: F::Subject,
    result: Result<F::Output>,
    ctx: &mut Context<F::Owner>,
) {
    let ended = F::ended(owner, subject, result, ctx);
    let state = F::state(owner);
    let again = match ended {
        Ended::Done | Ended::More => {
            let succeeded = state.succeeded();
            if succeeded.recovered {
                log::log!(F::RULES.level.max(Level::Info), "{} recovered", F::RULES.what);
            }
            succeeded.again || matches!(ended, Ended::More)
        }
        Ended::Failed(error) => failed::<F>(owner, &error, F::RULES.retry, ctx),
        Ended::Retry(error, after) => failed::<F>(owner, &error, FlightRetry::Every(after), ctx),
    };
    if again {
        F::ask(owner, ctx);
    }
}

/// Whether it was asked for meanwhile, and nothing else tries it again.
fn failed<F: Flight>(owner: &mut F::Owner, error: &Error, retry: FlightRetry, ctx: &mut Context<F::Owner>) -> bool {
    let failed = F::state(owner).failed(error.message(), retry, rand::random());
    log_failure::<F>(error, failed.is_new, "it is tried again");
    if let Some(rest) = failed.rest {
        ctx.run_later(rest, move |owner, ctx| {
            if F::state(owner).rested(failed.number) {
                launch::<F>(owner, ctx);
            }
        });
    }
    failed.again
}

fn log_failure<F: Flight>(error: &Error, is_new: bool, then: &str) {
    let level = if is_new { F::RULES.level } else { Level::Debug };
    log::log!(level, "{} failed, {then}: {error}", F::RULES.what);
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    use actix::Handler;
    use tokio::sync::oneshot;
    use tokio::time::{advance, pause};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);
    const REST: Duration = Duration::from_secs(2);
    /// Timers ring at the next millisecond.
    const EDGE: Duration = Duration::from_millis(1);

    /// What the world does to the work, and what it saw of it.
    #[derive(Default)]
    struct World {
        /// Answers are taken from here; without one the work hangs.
        answers: RefCell<Vec<oneshot::Receiver<Result<()>>>>,
        /// Numbers of the pieces that were begun.
        begun: RefCell<Vec<u32>>,
        failed: Cell<u32>,
        late: Cell<u32>,
        done: Cell<u32>,
    }

    impl World {
        fn will(&self, result: Result<()>) {
            let (tell, answer) = oneshot::channel();
            tell.send(result).expect("somebody listens");
            self.answers.borrow_mut().insert(0, answer);
        }
    }

    #[derive(Default)]
    struct Worker<const WAIT: bool> {
        newest: u32,
        work: SingleFlight,
        world: Rc<World>,
    }

    struct Write<const WAIT: bool>;

    impl<const WAIT: bool> Flight for Write<WAIT> {
        type Owner = Worker<WAIT>;
        type Subject = ();
        type Output = ();
        const RULES: Rules = Rules {
            what: "a test's work",
            limit: LIMIT,
            late: if WAIT { Late::Wait } else { Late::GiveUp },
            retry: FlightRetry::Every(REST),
            level: Level::Warn,
        };

        fn state(owner: &mut Worker<WAIT>) -> &mut SingleFlight {
            &mut owner.work
        }

        fn begin(owner: &mut Worker<WAIT>, _: &mut Context<Worker<WAIT>>) -> Option<((), Work<()>)> {
            owner.world.begun.borrow_mut().push(owner.newest);
            let answer = owner.world.answers.borrow_mut().pop();
            let work = async move {
                match answer {
                    Some(answer) => answer.await.unwrap_or_else(|_| Err(Error::internal("nobody answers"))),
                    None => std::future::pending().await,
                }
            };
            Some(((), Box::pin(work)))
        }

        fn late(owner: &mut Worker<WAIT>, _: &Error, _: &mut Context<Worker<WAIT>>) {
            owner.world.late.set(owner.world.late.get() + 1);
        }

        fn ended(owner: &mut Worker<WAIT>, (): (), result: Result<()>, _: &mut Context<Worker<WAIT>>) -> Ended {
            let count = if result.is_ok() { &owner.world.done } else { &owner.world.failed };
            count.set(count.get() + 1);
            result.map_or_else(Ended::Failed, |()| Ended::Done)
        }
    }

    impl<const WAIT: bool> Actor for Worker<WAIT> {
        type Context = Context<Self>;
    }

    #[derive(actix::Message)]
    #[rtype(result = "()")]
    struct Newer(u32);

    impl<const WAIT: bool> Handler<Newer> for Worker<WAIT> {
        type Result = ();

        fn handle(&mut self, Newer(newest): Newer, ctx: &mut Context<Self>) {
            self.newest = newest;
            Write::ask(self, ctx);
        }
    }

    /// Lets everything happen that can happen now.
    async fn settle() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    async fn pass(time: Duration) {
        advance(time).await;
        settle().await;
    }

    #[actix::test]
    async fn work_that_is_refused_is_tried_once_per_rest_and_the_newest_wins() {
        pause();
        let world = Rc::new(World::default());
        (0..5).for_each(|_| world.will(Err(Error::unavailable("no"))));
        let worker = Worker::<false> { world: Rc::clone(&world), ..Worker::default() }.start();
        for newest in 1..=50 {
            worker.do_send(Newer(newest));
            pass(REST / 10 + EDGE).await;
        }
        assert_eq!(*world.begun.borrow(), [1, 11, 21, 31, 41], "one try in {REST:?}, each with the newest");
        world.will(Ok(()));
        pass(REST + EDGE).await;
        assert_eq!((world.begun.borrow().last(), world.done.get()), (Some(&50), 1));
        pass(REST * 10).await;
        assert_eq!(world.begun.borrow().len(), 6, "nothing is left to do");
    }

    #[actix::test]
    async fn work_that_hangs_is_given_up() {
        pause();
        let world = Rc::new(World::default());
        let worker = Worker::<false> { world: Rc::clone(&world), ..Worker::default() }.start();
        worker.do_send(Newer(1));
        settle().await;
        worker.do_send(Newer(2));
        pass(LIMIT + EDGE).await;
        assert_eq!((world.begun.borrow().len(), world.failed.get()), (1, 1));
        world.will(Ok(()));
        pass(REST + EDGE).await;
        assert_eq!((world.begun.borrow().clone(), world.done.get()), (vec![1, 2], 1));
    }

    #[actix::test]
    async fn work_that_hangs_on_a_disk_is_told_of_and_not_begun_beside_itself() {
        pause();
        let world = Rc::new(World::default());
        let (tell, answer) = oneshot::channel();
        world.answers.borrow_mut().push(answer);
        let worker = Worker::<true> { world: Rc::clone(&world), ..Worker::default() }.start();
        for newest in 1..=20 {
            worker.do_send(Newer(newest));
            pass(LIMIT + EDGE).await;
        }
        assert_eq!((world.begun.borrow().len(), world.late.get(), world.failed.get()), (1, 1, 0), "told once");
        world.will(Ok(()));
        tell.send(Ok(())).expect("it is waited for");
        settle().await;
        assert_eq!((world.begun.borrow().clone(), world.done.get()), (vec![1, 20], 2));
    }
}
