//! An actor by its job and not by its address: whichever instance of it there is.

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Context, Handler, Message};
use tokio::sync::watch;

/// Reaches the instance of an actor that runs now, over all restarts. Clones are the same handle; the actor puts its address
/// here when it starts.
pub struct Handle<A: Actor>(watch::Sender<Option<Addr<A>>>);

impl<A: Actor> Clone for Handle<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Actor> Default for Handle<A> {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl<A: Actor<Context = Context<A>>> Handle<A> {
    /// An instance has started.
    pub fn now_at(&self, address: Addr<A>) {
        self.0.send_replace(Some(address));
    }

    /// The instance that lives now, if one does.
    pub fn current(&self) -> Option<Addr<A>> {
        self.0.borrow().clone().filter(Addr::connected)
    }

    /// Tells the instance of this moment, or nobody: for what the next one finds out by itself.
    pub fn tell<M>(&self, message: M)
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        if let Some(address) = self.0.borrow().as_ref() {
            address.do_send(message);
        }
    }

    /// The instance that lives, as soon as there is one.
    async fn living(&self) -> Addr<A> {
        let mut here = self.0.subscribe();
        let lives = |here: &Option<Addr<A>>| here.as_ref().is_some_and(Addr::connected);
        let found = here.wait_for(lives).await.ok().and_then(|found| found.clone());
        match found {
            Some(address) => address,
            // The sender is ours, and the condition was met.
            None => std::future::pending().await,
        }
    }

    /// Asks, and asks again whoever comes after an instance that ended without an answer; for questions that may be put twice.
    /// Waits as long as it takes.
    pub async fn ask<M>(&self, message: M) -> M::Result
    where
        M: Message + Clone + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        loop {
            if let Some(answer) = self.ask_once(message.clone()).await {
                return answer;
            }
        }
    }

    /// Asks once: the instance of this moment, or the next one when there is none. `None` when it ended without an answer.
    pub async fn ask_once<M>(&self, message: M) -> Option<M::Result>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let address = self.living().await;
        let answer = address.send(message).await.ok();
        if answer.is_none() {
            // One that drops its questions while it lives must not keep whoever asks again busy.
            tokio::task::yield_now().await;
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use actix::{ActorContext, AsyncContext};

    use super::*;

    struct Answers(u32);

    impl Actor for Answers {
        type Context = Context<Self>;
    }

    /// Answered with the number of the instance; the first one ends instead.
    #[derive(Clone, Message)]
    #[rtype(result = "u32")]
    struct Which;

    impl Handler<Which> for Answers {
        type Result = actix::ResponseFuture<u32>;
        fn handle(&mut self, _: Which, ctx: &mut Self::Context) -> Self::Result {
            let number = self.0;
            if number == 1 {
                ctx.terminate();
                panic!("on purpose");
            }
            Box::pin(async move { number })
        }
    }

    fn instance(number: u32) -> Addr<Answers> {
        let context = Context::<Answers>::new();
        let address = context.address();
        actix::spawn(async move {
            let run = std::panic::AssertUnwindSafe(context.into_future(Answers(number)));
            _ = futures_util::FutureExt::catch_unwind(run).await;
        });
        address
    }

    #[actix::test]
    async fn a_question_that_is_put_once_is_lost_with_whoever_was_asked() {
        let handle = Handle::<Answers>::default();
        handle.now_at(instance(1));
        assert_eq!(handle.ask_once(Which).await, None);
    }

    #[actix::test]
    async fn a_question_outlives_whoever_was_asked() {
        let handle = Handle::<Answers>::default();
        let asked = actix::spawn({
            let handle = handle.clone();
            async move { handle.ask(Which).await }
        });
        let first = instance(1);
        handle.now_at(first.clone());
        while first.connected() {
            tokio::task::yield_now().await;
        }
        let once = actix::spawn({
            let handle = handle.clone();
            async move { handle.ask_once(Which).await }
        });
        tokio::task::yield_now().await;
        assert!(!asked.is_finished() && !once.is_finished(), "there is nobody");
        handle.now_at(instance(2));
        assert_eq!(once.await.expect("an answer"), Some(2));
        assert_eq!(asked.await.expect("an answer"), 2);
        assert_eq!(handle.ask(Which).await, 2);
    }
}
