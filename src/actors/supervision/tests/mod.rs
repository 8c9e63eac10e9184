//! The supervision rules on a small tree of its own: paused time, real actors, real panics.

mod exits;

use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::stop::StopOrder;
use super::testkit::{Provoke, ProvokedFault};
use super::{
    Child, ChildSet, ExitReason, Health, Observation, Observe, Restart, Stop, StopReport, Supervised, supervised,
};

/// Counts to show whether its state was kept; holds `alive` so that leaks can be counted.
struct Counter {
    count: u32,
    slow_release: Duration,
    _alive: Rc<()>,
}

impl Actor for Counter {
    type Context = Context<Self>;
    fn started(&mut self, ctx: &mut Self::Context) {
        // A timer keeps an actor alive without any address: the very leak that supervision must prevent.
        ctx.run_interval(Duration::from_secs(3600), |_, _| ());
    }
}

impl Supervised for Counter {
    const KIND: &'static str = "counter";
    fn observe(&self) -> Value {
        json!({ "count": self.count })
    }
    fn release(&mut self, _: &mut Context<Self>, _: Instant) -> LocalBoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(self.slow_release))
    }
}
supervised!(Counter);

#[derive(Message)]
#[rtype(result = "()")]
struct Count;

impl Handler<Count> for Counter {
    type Result = ();
    fn handle(&mut self, _: Count, _: &mut Self::Context) {
        self.count += 1;
    }
}

/// From now on it takes so long to stop.
#[derive(Message)]
#[rtype(result = "()")]
struct Slow(Duration);

impl Handler<Slow> for Counter {
    type Result = ();
    fn handle(&mut self, slow: Slow, _: &mut Self::Context) {
        self.slow_release = slow.0;
    }
}

struct Parent {
    set: Option<ChildSet<Self>>,
    alive: Rc<()>,
    restart: Restart,
    slow_release: Duration,
    order: StopOrder,
    /// Names of children that have ended for good.
    ended: Vec<String>,
}

impl Parent {
    fn new(alive: &Rc<()>, restart: Restart) -> Self {
        Self {
            set: None,
            alive: alive.clone(),
            restart,
            slow_release: Duration::ZERO,
            order: StopOrder::Together,
            ended: Vec::new(),
        }
    }
}

impl Actor for Parent {
    type Context = Context<Self>;
    fn started(&mut self, ctx: &mut Self::Context) {
        let set = ChildSet::new(ctx, self.order);
        self.set = Some(set);
        ["a", "b"].iter().for_each(|name| self.begin(name));
    }
}

impl Parent {
    fn begin(&mut self, name: &str) {
        let (alive, slow_release, restart) = (self.alive.clone(), self.slow_release, self.restart);
        let build = move || Counter { count: 0, slow_release, _alive: alive.clone() };
        self.set.as_mut().expect("it has begun").start(Child::new(name, restart, build));
    }
}

impl Supervised for Parent {
    const KIND: &'static str = "parent";
    fn observe(&self) -> Value {
        json!(self.ended)
    }
    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.set.as_mut()
    }
    /// Whoever is removed is wanted again.
    fn child_ended(&mut self, name: &str, _: &mut Context<Self>) {
        self.ended.push(name.to_owned());
        if self.restart == Restart::Always {
            self.begin(name);
        }
    }
}
supervised!(Parent, manager);

#[derive(Message)]
#[rtype(result = "Option<Addr<Counter>>")]
struct Give(&'static str);

impl Handler<Give> for Parent {
    type Result = Option<Addr<Counter>>;
    fn handle(&mut self, give: Give, _: &mut Self::Context) -> Self::Result {
        self.set.as_ref()?.addr(give.0)
    }
}

/// Lets a moment of paused time pass. (Yielding would not: paused time moves only when everybody waits.)
async fn tick() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn tree(parent: &Addr<Parent>) -> Vec<Observation> {
    parent.send(Observe).await.expect("the parent lives").children
}

/// Lets paused time run until the child is in this generation and running.
async fn until(parent: &Addr<Parent>, name: &str, generation: u64) -> Observation {
    for _ in 0..100_000 {
        let found = tree(parent).await.into_iter().find(|c| c.name == name);
        if let Some(child) = found.filter(|c| c.generation == generation && c.health == Health::Running) {
            return child;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{name} never reached generation {generation}");
}

async fn provoke(parent: &Addr<Parent>, name: &str, fault: ProvokedFault) {
    assert!(parent.send(Provoke::at(name, fault)).await.expect("the parent lives"), "{name} was not reached");
}

#[actix::test]
async fn a_child_that_panics_hangs_or_exits_is_rebuilt_and_its_sibling_keeps_its_state() {
    tokio::time::pause();
    let alive = Rc::new(());
    let parent = Parent::new(&alive, Restart::Always).start();
    let sibling = parent.send(Give("b")).await.expect("the parent lives").expect("b runs");
    sibling.send(Count).await.expect("b lives");
    for (generation, fault, reason, words) in [
        (2, ProvokedFault::Panic, ExitReason::Panicked, "panicked: provoked by the testkit"),
        (3, ProvokedFault::Hang, ExitReason::Killed, "did not answer"),
        (4, ProvokedFault::Exit, ExitReason::Success, "stopped"),
        (5, ProvokedFault::Stall, ExitReason::Killed, "no progress: the testkit's work"),
    ] {
        let old = parent.send(Give("a")).await.expect("the parent lives").expect("a runs");
        old.send(Count).await.expect("a lives");
        provoke(&parent, "a", fault).await;
        let child = until(&parent, "a", generation).await;
        assert_eq!((child.exit_reason, child.last_exit.as_deref()), (Some(reason), Some(words)));
        assert_eq!(child.state, json!({ "count": 0 }), "a new instance has fresh state");
        assert!(!old.connected(), "the old instance is gone after {fault:?}");
        let sibling = until(&parent, "b", 1).await;
        assert_eq!((sibling.state, sibling.restarts), (json!({ "count": 1 }), 0));
    }
    assert_eq!(parent.send(Stop::within(Duration::from_secs(5))).await.expect("answer"), StopReport::default());
}

#[actix::test]
async fn a_thousand_panics_leak_nothing() {
    tokio::time::pause();
    let alive = Rc::new(());
    let parent = Parent::new(&alive, Restart::Always).start();
    for generation in 1..=1_000 {
        until(&parent, "a", generation).await;
        provoke(&parent, "a", ProvokedFault::Panic).await;
    }
    let child = until(&parent, "a", 1_001).await;
    assert_eq!(child.restarts, 1_000);
    // Held by: this test, the parent, two factories, two living counters.
    assert_eq!(Rc::strong_count(&alive), 6);
    parent.send(Stop::within(Duration::from_secs(5))).await.expect("answer");
    while parent.connected() {
        tick().await;
    }
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[actix::test]
async fn a_manager_that_ends_takes_its_children_with_it() {
    let alive = Rc::new(());
    let parent = Parent::new(&alive, Restart::Always).start();
    let child = parent.send(Give("a")).await.expect("the parent lives").expect("a runs");
    parent.do_send(Provoke::at("", ProvokedFault::Exit));
    while parent.connected() || child.connected() {
        tokio::task::yield_now().await;
    }
    drop(child);
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[actix::test]
async fn a_worker_that_finished_is_forgotten_and_one_that_failed_is_not() {
    tokio::time::pause();
    let parent = Parent::new(&Rc::new(()), Restart::OnFailure).start();
    provoke(&parent, "a", ProvokedFault::Panic).await;
    until(&parent, "a", 2).await;
    provoke(&parent, "a", ProvokedFault::Exit).await;
    while tree(&parent).await.len() != 1 {
        tick().await;
    }
    assert_eq!(tree(&parent).await[0].name, "b");
}

#[actix::test]
async fn a_hung_manager_below_does_not_hide_the_rest_of_the_tree() {
    tokio::time::pause();
    let parent = Parent::new(&Rc::new(()), Restart::Always).start();
    provoke(&parent, "a", ProvokedFault::Hang).await;
    let seen: Vec<_> = tree(&parent).await.into_iter().map(|child| (child.name, child.health)).collect();
    assert_eq!(seen, [("a".to_owned(), Health::Silent), ("b".to_owned(), Health::Running)]);
}

#[actix::test]
async fn stopping_names_who_is_late_and_ends_them() {
    tokio::time::pause();
    for order in [StopOrder::Together, StopOrder::Reverse] {
        let alive = Rc::new(());
        let parent =
            Parent { slow_release: Duration::from_secs(60), order, ..Parent::new(&alive, Restart::Always) }.start();
        let begun = Instant::now();
        let mut late = parent.send(Stop::within(Duration::from_secs(3))).await.expect("answer").late;
        late.sort();
        assert_eq!(late, ["a", "b"]);
        assert!(begun.elapsed() < Duration::from_millis(3_500), "one deadline for all, took {:?}", begun.elapsed());
        while parent.connected() || Rc::strong_count(&alive) > 1 {
            tick().await;
        }
    }
}

#[actix::test]
async fn one_that_is_late_leaves_time_for_those_behind_it() {
    tokio::time::pause();
    let parent = Parent { order: StopOrder::Reverse, ..Parent::new(&Rc::new(()), Restart::Always) }.start();
    // `b` goes first and never ends; `a` needs a moment of its own.
    for (name, seconds) in [("b", 3600), ("a", 4)] {
        let child = parent.send(Give(name)).await.expect("the parent lives").expect("it runs");
        child.send(Slow(Duration::from_secs(seconds))).await.expect("it lives");
    }
    let begun = Instant::now();
    let late = parent.send(Stop::within(Duration::from_secs(20))).await.expect("answer").late;
    assert_eq!(late, ["b"], "a had its share");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[actix::test]
async fn news_of_an_older_generation_is_ignored() {
    tokio::time::pause();
    let parent = Parent::new(&Rc::new(()), Restart::Always).start();
    provoke(&parent, "a", ProvokedFault::Panic).await;
    until(&parent, "a", 2).await;
    let old = super::ChildExited { name: "a".to_owned(), run: 1, exit: super::Exit::Success };
    parent.send(old).await.expect("the parent lives");
    assert_eq!(until(&parent, "a", 2).await.restarts, 1);
    parent.do_send(Provoke::at("", ProvokedFault::Exit));
}

#[test]
fn what_a_panic_says_is_shown_without_secrets_and_paths() {
    let words = super::child::panic_message(&"lost rtsp://u:s3cret@h/x at /var/lib/sw/spool/a.mp4".to_owned());
    assert_eq!(words, "lost rtsp://***@h/x at .../a.mp4");
    assert_eq!(super::child::panic_message(&7), "no message");
}

/// The child is found hanging after so long, and removed before its end was heard of.
#[derive(Message)]
#[rtype(result = "()")]
struct RemoveHung(&'static str);

impl Handler<RemoveHung> for Parent {
    type Result = ();
    fn handle(&mut self, RemoveHung(name): RemoveHung, _: &mut Self::Context) {
        let set = self.set.as_mut().expect("it has begun");
        set.kill_hung(name);
        drop(set.remove(name, Instant::now()));
    }
}

#[actix::test]
async fn a_name_that_is_used_again_hears_nothing_of_the_end_of_its_namesake() {
    tokio::time::pause();
    let parent = Parent::new(&Rc::new(()), Restart::Always).start();
    until(&parent, "a", 1).await;
    parent.send(RemoveHung("a")).await.expect("the parent lives");
    for _ in 0..100 {
        tick().await;
    }
    let again = tree(&parent).await.into_iter().find(|child| child.name == "a").expect("it was wanted again");
    assert_eq!((again.generation, again.restarts, again.last_exit), (1, 0, None), "the new one was never aborted");
    assert_eq!(parent.send(Observe).await.expect("the parent lives").state, json!(["a"]), "its end was told, once");
    parent.do_send(Provoke::at("", ProvokedFault::Exit));
}

#[actix::test]
async fn a_child_between_two_generations_ends_for_good_with_a_word() {
    tokio::time::pause();
    let parent = Parent::new(&Rc::new(()), Restart::OnFailure).start();
    until(&parent, "b", 1).await;
    provoke(&parent, "b", ProvokedFault::Panic).await;
    while tree(&parent).await.iter().any(|child| child.name == "b" && child.health == Health::Running) {
        tick().await;
    }
    parent.send(RemoveHung("b")).await.expect("the parent lives");
    while tree(&parent).await.len() != 1 {
        tick().await;
    }
    assert_eq!(parent.send(Observe).await.expect("the parent lives").state, json!(["b"]));
    parent.do_send(Provoke::at("", ProvokedFault::Exit));
}

#[actix::test]
async fn a_run_that_hung_in_the_end_counts_as_long_as_it_was() {
    tokio::time::pause();
    let parent = Parent::new(&Rc::new(()), Restart::Always).start();
    until(&parent, "a", 1).await;
    // Nine short runs: the next one is the tenth, and what follows it waits for half a minute or more.
    for generation in 2..=10 {
        provoke(&parent, "a", ProvokedFault::Panic).await;
        until(&parent, "a", generation).await;
    }
    tokio::time::sleep(Duration::from_secs(100)).await;
    provoke(&parent, "a", ProvokedFault::Hang).await;
    while tree(&parent)
        .await
        .iter()
        .any(|child| child.name == "a" && child.last_exit.as_deref() != Some("did not answer"))
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let found = Instant::now();
    until(&parent, "a", 11).await;
    // The first pause is a second at most; `until` looks once a second.
    assert!(found.elapsed() <= Duration::from_secs(3), "a run of 100 s is no short one: {:?}", found.elapsed());
    parent.do_send(Provoke::at("", ProvokedFault::Exit));
}
