//! How whoever is connected hears that the login it goes by has ended.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use uuid::Uuid;

use super::{KnownLogins, Logins};

/// A session or token that ends by itself is in no change: it is looked at again so often.
const CHECK_EVERY: Duration = Duration::from_secs(30);

impl Logins {
    /// Waits until the session or token of this id is worth nothing any more.
    pub fn ended(self: &Arc<Self>, id: Uuid) -> impl Future<Output = ()> + use<> {
        self.until(move |_, known| !id.is_nil() && !known.table.is_good(id, Utc::now()))
    }

    /// Waits until this user may not log in any more with the password of now, or may do other things than now.
    pub fn password_ended(self: &Arc<Self>, name: &str) -> impl Future<Output = ()> + use<> {
        let name = name.to_owned();
        let of = move |known: &KnownLogins| {
            let user = known.table.user(&name);
            user.map(|user| (user.password_hash.clone(), user.role))
        };
        let then = of(&self.known.borrow());
        self.until(move |_, known| of(known) != then)
    }

    /// Waits until a login is asked for.
    pub fn until_required(self: &Arc<Self>) -> impl Future<Output = ()> + use<> {
        self.until(|logins, _| logins.required())
    }

    fn until<F>(self: &Arc<Self>, is_so: F) -> impl Future<Output = ()> + use<F>
    where
        F: Fn(&Self, &KnownLogins) -> bool,
    {
        let (mut changes, logins) = (self.known.subscribe(), Arc::clone(self));
        async move {
            loop {
                let known = Arc::clone(&changes.borrow_and_update());
                if is_so(&logins, &known) {
                    return;
                }
                tokio::select! {
                    Ok(()) = changes.changed() => {}
                    () = tokio::time::sleep(CHECK_EVERY) => {}
                }
            }
        }
    }
}
