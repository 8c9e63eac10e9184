//! One child: how it is built, how it runs, and how its parent learns that it is gone.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use actix::{Actor, Addr, AsyncContext, Context, Message, Recipient};
use futures_util::FutureExt;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Supervised;
use super::exit::{Exit, KillReason, Restart};
use super::kinds::{counted, kind};
use super::observe::{AskUnresponsive, Observe, Ping};
use super::progress::{VITALS, Vitals};
use super::stop::Stop;
use crate::base::redact;

/// How a task ended that did not come to its end.
const ABORTED: Exit = Exit::Killed(KillReason::Aborted);

/// A child's end, told to the parent by the guard in its task.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct ChildExited {
    /// Name within the parent.
    pub name: String,
    /// Which run: no two of one parent have the same number, whatever their names.
    pub run: u64,
    /// How it ended.
    pub exit: Exit,
}

/// How the end of a child reaches its parent: by message, and kept until the parent has acted on it.
#[derive(Clone, Default)]
pub(super) struct Exits(Rc<RefCell<ExitLine>>);

#[derive(Default)]
struct ExitLine {
    parent: Option<Recipient<ChildExited>>,
    /// By run: those that no parent has acted on. At most one for each child and one for each that was removed.
    unheard: BTreeMap<u64, ChildExited>,
}

impl Exits {
    /// From now on they go to this instance, those that nobody has heard first.
    pub(super) fn connect(&self, parent: Recipient<ChildExited>) {
        let mut line = self.0.borrow_mut();
        line.unheard.values().for_each(|exited| parent.do_send(exited.clone()));
        line.parent = Some(parent);
    }

    /// There is no parent for a while.
    pub(super) fn disconnect(&self) {
        self.0.borrow_mut().parent = None;
    }

    /// A child has ended. do_send ignores the mailbox bound on purpose: this must never be refused. There is one per run.
    pub(super) fn tell(&self, exited: ChildExited) {
        let mut line = self.0.borrow_mut();
        if let Some(parent) = &line.parent {
            parent.do_send(exited.clone());
        }
        line.unheard.insert(exited.run, exited);
    }

    /// The parent acts on the end of this run.
    pub(super) fn heard(&self, run: u64) {
        self.0.borrow_mut().unheard.remove(&run);
    }
}

/// Lives in the child's task; its `Drop` tells the parent, however the task ends. Must not panic.
pub struct ExitGuard {
    parent: Exits,
    name: String,
    run: u64,
    exit: Exit,
}

impl ExitGuard {
    /// Notes how the task came to its end; without it the end counts as an abort.
    fn ended(&mut self, exit: Exit) {
        self.exit = exit;
    }
}

impl Drop for ExitGuard {
    fn drop(&mut self) {
        let exited = ChildExited {
            name: std::mem::take(&mut self.name),
            run: self.run,
            exit: std::mem::replace(&mut self.exit, ABORTED),
        };
        self.parent.tell(exited);
    }
}

/// What a supervisor asks of any actor, whatever its type.
pub struct Recipients {
    /// Asks for its state.
    pub observe: Recipient<Observe>,
    /// Asks whether it reads its mailbox.
    pub ping: Recipient<Ping>,
    /// Stops it.
    pub stop: Recipient<Stop>,
    /// Asks who hangs below it, when it has children.
    pub unresponsive: Option<Recipient<AskUnresponsive>>,
    /// Reaches the testkit in it.
    #[cfg(feature = "testkit")]
    pub provoke: Recipient<super::testkit::Provoke>,
}

/// An actor that has the handlers of the tree; implemented by `supervised!`.
pub trait Managed: Supervised {
    /// The ways to it.
    fn recipients(addr: &Addr<Self>) -> Recipients;
}

/// A running instance, whatever its type.
pub struct RunningChild {
    /// The `Addr<A>`, for those who know the type.
    pub addr: Box<dyn Any>,
    /// The ways to it.
    pub to: Recipients,
    /// What it works on, and the reason that it gives for its end.
    pub(super) vitals: Rc<Vitals>,
    /// Ends its task at once; everything it owns is dropped.
    pub task: AbortHandle,
    /// When it was started.
    pub since: Instant,
}

impl Drop for RunningChild {
    /// A manager that panics takes its children with it, unless it has a [`Keep`](super::Keep) for them: an actor with a timer
    /// would otherwise live on unsupervised.
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `None`: the factory panicked, and the guard has told the parent.
type ChildLaunch = Box<dyn FnMut(ExitGuard) -> Option<RunningChild>>;

/// How to build a child: name, factory, restart policy.
pub struct Child {
    /// Unique within the parent.
    pub name: String,
    /// Kind of the actor.
    pub kind: &'static str,
    /// What happens after its end.
    pub restart: Restart,
    launch: ChildLaunch,
}

impl Child {
    /// A child that `factory` builds afresh for every generation. The factory must not block.
    pub fn new<A, F>(name: impl Into<String>, restart: Restart, mut factory: F) -> Self
    where
        A: Managed,
        F: FnMut() -> A + 'static,
    {
        let launch = move |mut guard: ExitGuard| match catch_unwind(AssertUnwindSafe(&mut factory)) {
            Ok(actor) => Some(run(actor, guard)),
            Err(panic) => {
                guard.ended(Exit::Panicked(panic_message(panic.as_ref())));
                None
            }
        };
        Self { name: name.into(), kind: A::KIND, restart, launch: Box::new(launch) }
    }

    /// Builds and runs the next generation; the parent hears of its end through `parent`.
    pub(super) fn launch(&mut self, run: u64, parent: Exits) -> Option<RunningChild> {
        let guard = ExitGuard { parent, name: self.name.clone(), run, exit: ABORTED };
        (self.launch)(guard)
    }
}

fn run<A: Managed>(actor: A, mut guard: ExitGuard) -> RunningChild {
    let mut context = Context::<A>::new();
    context.set_mailbox_capacity(A::MAILBOX);
    let addr: Addr<A> = context.address();
    let future = context.into_future(actor);
    let kind = kind(A::KIND);
    let vitals = Rc::new(Vitals::of(Arc::clone(&kind)));
    let reason = Rc::clone(&vitals);
    let supervised = async move {
        let result = AssertUnwindSafe(future).catch_unwind().await;
        guard.ended(match result {
            Ok(()) => reason.take_exit().unwrap_or(Exit::Success),
            Err(panic) => Exit::Panicked(panic_message(panic.as_ref())),
        });
    };
    // Our own task instead of `Context::run`, which drops the handle: a hung actor can then be aborted.
    let task = actix::spawn(counted(kind, VITALS.scope(Rc::clone(&vitals), supervised)));
    let (to, since) = (A::recipients(&addr), Instant::now());
    RunningChild { to, vitals, addr: Box::new(addr), task: task.abort_handle(), since }
}

/// The address of a running instance, when it is of that type.
pub(super) fn typed<A: Actor>(running: &RunningChild) -> Option<&Addr<A>> {
    running.addr.downcast_ref::<Addr<A>>()
}

/// Shown in the tree: without what may be a secret or a path of this machine.
pub(super) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    redact::paths(&redact::text(text.unwrap_or("no message")))
}
