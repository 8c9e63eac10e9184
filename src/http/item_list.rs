//! The form of every list.

use serde::Serialize;
use utoipa::ToSchema;

/// Items, and where to go on.
#[derive(Serialize, ToSchema)]
pub(super) struct ItemList<T> {
    items: Vec<T>,
    /// Give it as `after` to get what follows; null at the end.
    next: Option<String>,
}

impl<T> ItemList<T> {
    /// All there is.
    pub(super) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// A part; `next` is the cursor of its last item when more may follow.
    pub(super) fn part(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next }
    }
}
