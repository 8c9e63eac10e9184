//! A value of the configuration that may change while we run: set by `app`, read by managers, always the latest.
//!
//! A manager that is rebuilt finds the latest value here, as one that runs hears of it.

use futures_util::{Stream, stream};
use tokio::sync::watch;

/// The reader's end. A plain value turns into a setting that never changes.
#[derive(Clone, Debug)]
pub struct Setting<T> {
    value: watch::Receiver<T>,
}

impl<T: Clone + Send + Sync + 'static> Setting<T> {
    /// A setting and what changes it.
    pub fn adjustable(value: T) -> (watch::Sender<T>, Self) {
        let (adjust, value) = watch::channel(value);
        (adjust, Self { value })
    }

    /// What it is now.
    pub fn get(&self) -> T {
        self.value.borrow().clone()
    }

    /// The value as it changes, for a task that reads it itself.
    pub fn watch(&self) -> watch::Receiver<T> {
        self.value.clone()
    }

    /// One [`Adjusted`] for each change from now on, several in quick succession counting as one. For
    /// `add_message_stream`; it ends when nobody can change the value any more.
    pub fn changes(&self) -> impl Stream<Item = Adjusted> + use<T> {
        let mut value = self.value.clone();
        value.mark_unchanged();
        stream::unfold(value, |mut value| async move { value.changed().await.ok().map(|()| (Adjusted, value)) })
    }
}

impl<T> From<T> for Setting<T> {
    fn from(value: T) -> Self {
        Self { value: watch::channel(value).1 }
    }
}

/// A setting has another value: read it.
#[derive(actix::Message, Clone, Copy, Debug, PartialEq, Eq)]
#[rtype(result = "()")]
pub struct Adjusted;

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn the_latest_value_is_read_and_changes_are_told() {
        let (adjust, setting) = Setting::adjustable(1);
        let mut changes = std::pin::pin!(setting.changes());
        adjust.send_replace(2);
        adjust.send_replace(3);
        assert_eq!(changes.next().await, Some(Adjusted));
        assert_eq!(setting.get(), 3);
        drop(adjust);
        assert_eq!((changes.next().await, setting.get()), (None, 3), "it stays what it was");
        let fixed: Setting<i32> = 7.into();
        assert_eq!(fixed.get(), 7);
    }
}
