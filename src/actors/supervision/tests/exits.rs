//! Typed exits: who gives them, who judges them, and what becomes of a mailbox.

use std::cell::RefCell;

use super::super::{Activity, Exit, finish};
use super::*;

/// Ends for this reason.
#[derive(Message)]
#[rtype(result = "()")]
struct Finish(Exit);

impl Handler<Finish> for Counter {
    type Result = ();
    fn handle(&mut self, Finish(exit): Finish, ctx: &mut Self::Context) {
        finish(ctx, exit);
    }
}

#[actix::test]
async fn the_reason_that_an_actor_gives_for_its_end_is_judged_by_its_policy() {
    tokio::time::pause();
    let parent = Parent::new(&Rc::new(()), Restart::OnFailure).start();
    let child = parent.send(Give("a")).await.expect("the parent lives").expect("a runs");
    child.do_send(Finish(Exit::Failure("no such device".to_owned())));
    let again = until(&parent, "a", 2).await;
    let told = (again.exit_reason, again.last_exit.as_deref());
    assert_eq!(told, (Some(ExitReason::Failure), Some("failed: no such device")));
    // Nobody is left to work for: started again it would only end again.
    for (name, exit) in [("a", Exit::DownstreamClosed), ("b", Exit::Success)] {
        let child = parent.send(Give(name)).await.expect("the parent lives").expect("it runs");
        child.do_send(Finish(exit));
    }
    while !tree(&parent).await.is_empty() {
        tick().await;
    }
    assert_eq!(parent.send(Observe).await.expect("the parent lives").state, json!(["a", "b"]));
    parent.do_send(Provoke::at("", ProvokedFault::Exit));
}

#[actix::test]
async fn what_waits_in_the_mailbox_at_a_restart_is_answered_with_its_end_and_never_done() {
    tokio::time::pause();
    let parent = Parent::new(&Rc::new(()), Restart::Always).start();
    let child = parent.send(Give("a")).await.expect("the parent lives").expect("a runs");
    provoke(&parent, "a", ProvokedFault::Hang).await;
    let asked: Vec<_> = (0..5).map(|_| child.send(Count)).collect();
    child.do_send(Count);
    for answer in futures_util::future::join_all(asked).await {
        assert!(matches!(answer, Err(actix::MailboxError::Closed)), "{answer:?}");
    }
    assert_eq!(until(&parent, "a", 2).await.state, json!({ "count": 0 }), "nothing is carried over");
    assert!(matches!(child.send(Count).await, Err(actix::MailboxError::Closed)), "the old address leads nowhere");
    parent.do_send(Provoke::at("", ProvokedFault::Exit));
}

#[actix::test]
async fn a_child_between_two_generations_is_told_of_when_all_are_stopped() {
    tokio::time::pause();
    let parent = Parent::new(&Rc::new(()), Restart::OnFailure).start();
    provoke(&parent, "b", ProvokedFault::Panic).await;
    while tree(&parent).await.iter().any(|child| child.name == "b" && child.health == Health::Running) {
        tick().await;
    }
    parent.send(StopAll).await.expect("the parent lives");
    while parent.send(Observe).await.expect("the parent lives").state.as_array().map(Vec::len) != Some(2) {
        tick().await;
    }
    assert!(tree(&parent).await.is_empty());
    parent.do_send(Provoke::at("", ProvokedFault::Exit));
}

/// Its children, and not itself.
#[derive(Message)]
#[rtype(result = "()")]
struct StopAll;

impl Handler<StopAll> for Parent {
    type Result = actix::ResponseFuture<()>;
    fn handle(&mut self, _: StopAll, _: &mut Self::Context) -> Self::Result {
        let set = self.set.as_mut().expect("it has begun");
        let stopped = set.stop_all(Instant::now() + Duration::from_secs(5));
        Box::pin(async move { drop(stopped.await) })
    }
}

/// A tree whose one child is a background task that ends as told, each generation with the next exit.
struct Tasks {
    set: Option<ChildSet<Self>>,
    exits: Rc<RefCell<Vec<Exit>>>,
}

impl Actor for Tasks {
    type Context = Context<Self>;
    fn started(&mut self, ctx: &mut Self::Context) {
        let (mut set, exits) = (ChildSet::new(ctx, StopOrder::Together), self.exits.clone());
        set.start(Child::task("listener", Restart::OnFailure, move || {
            let exits = exits.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let exit = exits.borrow_mut().pop();
                exit.unwrap_or_else(|| panic!("the last one"))
            }
        }));
        self.set = Some(set);
    }
}

impl Supervised for Tasks {
    const KIND: &'static str = "tasks";
    fn observe(&self) -> Value {
        Value::Null
    }
    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.set.as_mut()
    }
}
supervised!(Tasks, manager);

#[actix::test]
async fn the_end_of_a_background_task_is_an_exit_like_any_other() {
    tokio::time::pause();
    let exits = vec![Exit::Success, Exit::Failure("cut off".to_owned()), Exit::Failure("refused".to_owned())];
    let exits = Rc::new(RefCell::new(exits));
    let tasks = Tasks { set: None, exits: exits.clone() }.start();
    let mut seen = Vec::new();
    loop {
        let children = tasks.send(Observe).await.expect("it lives").children;
        let Some(child) = children.into_iter().next() else { break };
        assert_eq!(child.kind, "task");
        if child.health == Health::Running && !seen.contains(&child.last_exit) {
            seen.push(child.last_exit);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(seen, [None, Some("failed: refused".to_owned()), Some("failed: cut off".to_owned())]);
    assert!(exits.borrow().is_empty(), "the third has done its work and is forgotten");
    tasks.do_send(Provoke::at("", ProvokedFault::Exit));
}

/// A tree whose children make a step every 20 s.
struct Steppers(Option<ChildSet<Self>>);

async fn step<T>() -> T {
    let activity = Activity::begin("stepping", Duration::from_secs(30));
    loop {
        tokio::time::sleep(Duration::from_secs(20)).await;
        activity.record_progress();
    }
}

impl Actor for Steppers {
    type Context = Context<Self>;
    fn started(&mut self, ctx: &mut Self::Context) {
        let mut set = ChildSet::new(ctx, StopOrder::Together);
        for name in ["a", "b", "c"] {
            set.start(Child::task(name, Restart::Always, step::<Exit>));
        }
        self.0 = Some(set);
    }
}

impl Supervised for Steppers {
    const KIND: &'static str = "steppers";
    fn observe(&self) -> Value {
        Value::Null
    }
    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.0.as_mut()
    }
}
supervised!(Steppers, manager);

#[actix::test]
async fn a_process_that_stood_still_kills_nobody_for_it() {
    tokio::time::pause();
    let steppers = Steppers(None).start();
    tick().await;
    // Nobody runs meanwhile, and the heartbeat is due before the steps are.
    tokio::time::advance(Duration::from_secs(3600)).await;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let seen = steppers.send(Observe).await.expect("it lives").children;
    let told: Vec<_> = seen.iter().map(|child| (child.generation, child.last_exit.as_deref())).collect();
    assert_eq!(told, [(1, None); 3]);
    steppers.do_send(Provoke::at("", ProvokedFault::Exit));
}
