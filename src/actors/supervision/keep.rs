//! Children that outlive a fault of their parent.
//!
//! A [`Keep`] is held by the factory of a parent, so that it lasts from one instance of the parent to the next. A set made
//! with [`ChildSet::kept`](super::ChildSet::kept) leaves its children there when the parent ends, however that came about; the next
//! instance adopts them as they are: running, or between two generations. Ends that fall in between wait for it.
//!
//! Without a parent that will follow, the keep goes with the factory, and the children with the keep.

use std::cell::RefCell;
use std::rc::Rc;

use super::child::Exits;
use super::roster::Roster;

/// Where the children of a parent are between two of its instances. Clones are the same keep.
#[derive(Clone, Default)]
pub struct Keep(Rc<Kept>);

#[derive(Default)]
struct Kept {
    exits: Exits,
    roster: RefCell<Option<Roster>>,
}

impl Keep {
    /// The line by which children tell of their end, whichever instance of the parent there is.
    pub(super) fn exits(&self) -> Exits {
        self.0.exits.clone()
    }

    /// What the instance before has left.
    pub(super) fn take(&self) -> Option<Roster> {
        self.0.roster.borrow_mut().take()
    }

    /// The children of an instance that is ending.
    pub(super) fn put(&self, roster: Roster) {
        self.0.exits.disconnect();
        *self.0.roster.borrow_mut() = Some(roster);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, WrapFuture};
    use serde_json::{Value, json};

    use super::*;
    use crate::actors::supervision::stop::StopOrder;
    use crate::actors::supervision::testkit::{Provoke, ProvokedFault};
    use crate::actors::supervision::{
        AskUnresponsive, Child, ChildSet, Health, Observation, Observe, Restart, Stop, StopReport, Supervised,
        reported, supervised,
    };

    /// A child that counts, to show whether it is the same one.
    #[derive(Default)]
    struct Leaf {
        count: u32,
        _alive: Rc<()>,
    }

    impl Actor for Leaf {
        type Context = Context<Self>;
    }

    impl Supervised for Leaf {
        const KIND: &'static str = "leaf";
        fn observe(&self) -> Value {
            self.count.into()
        }
    }
    supervised!(Leaf);

    #[derive(Message)]
    #[rtype(result = "()")]
    struct Count;

    impl Handler<Count> for Leaf {
        type Result = ();
        fn handle(&mut self, _: Count, _: &mut Self::Context) {
            self.count += 1;
        }
    }

    /// Keeps the leaves `a` and `b`.
    struct Parent {
        set: Option<ChildSet<Self>>,
        keep: Keep,
        alive: Rc<()>,
        ended: Vec<String>,
    }

    impl Actor for Parent {
        type Context = Context<Self>;
        fn started(&mut self, ctx: &mut Self::Context) {
            let mut set = ChildSet::kept(ctx, StopOrder::Together, self.keep.clone());
            for name in ["a", "b"] {
                let alive = Rc::clone(&self.alive);
                if !set.contains(name) {
                    let build = move || Leaf { count: 0, _alive: Rc::clone(&alive) };
                    set.start(Child::new(name, Restart::Always, build));
                }
            }
            self.set = Some(set);
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
        fn child_ended(&mut self, name: &str, _: &mut Context<Self>) {
            self.ended.push(name.to_owned());
        }
    }
    supervised!(Parent, manager);

    /// Of one child of the parent: removes it and ends itself before it can hear of that.
    #[derive(Message)]
    #[rtype(result = "()")]
    struct RemoveAndPanic(&'static str);

    impl Handler<RemoveAndPanic> for Parent {
        type Result = ();
        fn handle(&mut self, RemoveAndPanic(name): RemoveAndPanic, _: &mut Self::Context) {
            let set = self.set.as_mut().expect("it has begun");
            actix::spawn(set.remove(name, tokio::time::Instant::now() + Duration::from_secs(1)));
            panic!("on purpose");
        }
    }

    struct Top {
        set: Option<ChildSet<Self>>,
        alive: Rc<()>,
    }

    impl Actor for Top {
        type Context = Context<Self>;
        fn started(&mut self, ctx: &mut Self::Context) {
            let mut set = ChildSet::new(ctx, StopOrder::Together);
            let (keep, alive) = (Keep::default(), Rc::clone(&self.alive));
            let build = move || Parent { set: None, keep: keep.clone(), alive: Rc::clone(&alive), ended: Vec::new() };
            set.start(Child::new("parent", Restart::Always, build));
            self.set = Some(set);
        }
    }

    impl Supervised for Top {
        const KIND: &'static str = "top";
        fn observe(&self) -> Value {
            Value::Null
        }
        fn children(&mut self) -> Option<&mut ChildSet<Self>> {
            self.set.as_mut()
        }
    }
    supervised!(Top, manager);

    #[derive(Message)]
    #[rtype(result = "Option<Addr<Parent>>")]
    struct GiveParent;

    impl Handler<GiveParent> for Top {
        type Result = Option<Addr<Parent>>;
        fn handle(&mut self, _: GiveParent, _: &mut Self::Context) -> Self::Result {
            self.set.as_ref()?.addr("parent")
        }
    }

    #[derive(Message)]
    #[rtype(result = "Option<Addr<Leaf>>")]
    struct GiveLeaf(&'static str);

    impl Handler<GiveLeaf> for Parent {
        type Result = Option<Addr<Leaf>>;
        fn handle(&mut self, give: GiveLeaf, _: &mut Self::Context) -> Self::Result {
            self.set.as_ref()?.addr(give.0)
        }
    }

    fn top() -> (Addr<Top>, Rc<()>) {
        tokio::time::pause();
        let alive = Rc::new(());
        (Top { set: None, alive: Rc::clone(&alive) }.start(), alive)
    }

    /// Lets paused time run until the parent is as wanted.
    async fn until(top: &Addr<Top>, wanted: impl Fn(&Observation) -> bool) -> Observation {
        for _ in 0..100_000 {
            let seen = top.send(Observe).await.expect("the top lives").children.remove(0);
            if wanted(&seen) {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the parent never became as wanted");
    }

    fn runs(seen: &Observation, generation: u64) -> bool {
        seen.generation == generation && seen.health == Health::Running
    }

    /// Generation, state and restarts of a leaf.
    fn leaf(seen: &Observation, name: &str) -> Option<(u64, Value, u32)> {
        seen.find(&[name]).map(|leaf| (leaf.generation, leaf.state.clone(), leaf.restarts))
    }

    async fn provoke(top: &Addr<Top>, path: &str, fault: ProvokedFault) {
        assert!(top.send(Provoke::at(path, fault)).await.expect("the top lives"), "{path} was not reached");
    }

    /// Of a leaf: it begins to read a disk that hangs.
    #[derive(Message)]
    #[rtype(result = "()")]
    struct HangOnDisk;

    impl Handler<HangOnDisk> for Leaf {
        type Result = ();
        fn handle(&mut self, _: HangOnDisk, ctx: &mut Self::Context) {
            let work = reported("reading a disk", Duration::from_secs(30), std::future::pending::<()>());
            ctx.spawn(work.into_actor(self));
        }
    }

    #[actix::test]
    async fn work_that_hangs_anywhere_below_is_named_and_ends_nobody() {
        let (top, _alive) = top();
        until(&top, |seen| runs(seen, 1)).await;
        leaf_of(&top, "a").await.send(HangOnDisk).await.expect("it lives");
        let ask = |all| AskUnresponsive { timeout: Duration::from_secs(1), all };
        assert!(top.send(ask(true)).await.expect("an answer").is_empty(), "it may take a while");
        let silent = |seen: &Observation| seen.find(&["a"]).is_some_and(|leaf| leaf.health == Health::Silent);
        until(&top, silent).await;
        assert_eq!(top.send(ask(true)).await.expect("an answer"), ["parent/a"]);
        assert!(top.send(ask(false)).await.expect("an answer").is_empty(), "no reason to restart the program");
        for _ in 0..1_000 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let seen = until(&top, silent).await;
        assert_eq!(leaf(&seen, "a"), Some((1, json!(0), 0)), "a restart would not help");
        top.do_send(Provoke::at("", ProvokedFault::Exit));
    }

    #[actix::test]
    async fn an_actor_that_does_not_read_its_mailbox_is_found_below_a_manager_too() {
        let (top, _alive) = top();
        until(&top, |seen| runs(seen, 1)).await;
        provoke(&top, "parent/b", ProvokedFault::Hang).await;
        let found = top.send(AskUnresponsive { timeout: Duration::from_secs(1), all: true }).await.expect("an answer");
        assert_eq!(found, ["parent/b"]);
        let seen = until(&top, |seen| leaf(seen, "b").is_some_and(|(generation, ..)| generation == 2)).await;
        assert_eq!(leaf(&seen, "a"), Some((1, json!(0), 0)), "the other one goes on");
        top.do_send(Provoke::at("", ProvokedFault::Exit));
    }

    async fn leaf_of(top: &Addr<Top>, name: &'static str) -> Addr<Leaf> {
        let parent = top.send(GiveParent).await.expect("the top lives").expect("the parent runs");
        parent.send(GiveLeaf(name)).await.expect("the parent lives").expect("the leaf runs")
    }

    #[actix::test]
    async fn children_outlive_a_parent_that_panics_exits_or_hangs_and_are_supervised_again() {
        let (top, alive) = top();
        until(&top, |seen| runs(seen, 1)).await;
        let a = leaf_of(&top, "a").await;
        a.send(Count).await.expect("it lives");
        for (generation, fault) in [(2, ProvokedFault::Panic), (3, ProvokedFault::Exit), (4, ProvokedFault::Hang)] {
            provoke(&top, "parent", fault).await;
            let seen = until(&top, |seen| runs(seen, generation)).await;
            assert_eq!(leaf(&seen, "a"), Some((1, json!(1), 0)), "the same after {fault:?}");
            assert!(a.connected());
        }
        // The parent of today hears of its end.
        provoke(&top, "parent/a", ProvokedFault::Panic).await;
        let seen = until(&top, |seen| leaf(seen, "a").is_some_and(|(generation, ..)| generation == 2)).await;
        assert_eq!(leaf(&seen, "a"), Some((2, json!(0), 1)));
        assert_eq!(leaf(&seen, "b"), Some((1, json!(0), 0)));
        assert_eq!(top.send(Stop::within(Duration::from_secs(5))).await.expect("answer"), StopReport::default());
        drop(a);
        while Rc::strong_count(&alive) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[actix::test]
    async fn what_ends_without_a_parent_is_heard_of_by_the_next() {
        let (top, _alive) = top();
        until(&top, |seen| runs(seen, 1)).await;
        let a = leaf_of(&top, "a").await;
        provoke(&top, "parent", ProvokedFault::Panic).await;
        while leaf_is_reached(&top).await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        a.do_send(Provoke::at("", ProvokedFault::Panic));
        while a.connected() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let seen = until(&top, |seen| runs(seen, 2) && leaf(seen, "a").is_some_and(|(run, ..)| run == 2)).await;
        let words = seen.find(&["a"]).and_then(|leaf| leaf.last_exit.clone());
        assert_eq!(words.as_deref(), Some("panicked: provoked by the testkit"));
        top.do_send(Provoke::at("", ProvokedFault::Exit));
    }

    async fn leaf_is_reached(top: &Addr<Top>) -> bool {
        top.send(GiveParent).await.expect("the top lives").is_some_and(|parent| parent.connected())
    }

    #[actix::test]
    async fn a_child_between_two_runs_or_on_its_way_out_is_not_forgotten() {
        let (top, _alive) = top();
        until(&top, |seen| runs(seen, 1)).await;
        provoke(&top, "parent/a", ProvokedFault::Panic).await;
        until(&top, |seen| seen.find(&["a"]).is_some_and(|leaf| leaf.health == Health::Restarting)).await;
        let parent = top.send(GiveParent).await.expect("the top lives").expect("the parent runs");
        parent.do_send(RemoveAndPanic("b"));
        let seen = until(&top, |seen| {
            let again = leaf(seen, "a").is_some_and(|(generation, ..)| generation == 2);
            runs(seen, 2) && again && seen.state == json!(["b"])
        })
        .await;
        assert_eq!(leaf(&seen, "b"), None, "it had been removed, and nobody wants it again");
        top.do_send(Provoke::at("", ProvokedFault::Exit));
    }

    #[actix::test]
    async fn without_a_parent_to_come_nothing_lives_on() {
        let (top, alive) = top();
        until(&top, |seen| runs(seen, 1)).await;
        top.do_send(Provoke::at("", ProvokedFault::Exit));
        while Rc::strong_count(&alive) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
