//! Changes of users that may not leave a service without an operator.

use tokio::sync::MutexGuard;

use super::Logins;
use crate::base::Result;
use crate::domain::login::UserRole;

impl Logins {
    /// Waits until no other change of a role is under way, and refuses one after which nobody would be an operator; `role` is what
    /// this user gets, `None` that it is removed. Others wait until the answer is dropped.
    ///
    /// # Errors
    /// `Conflict` for the last operator; when the database cannot be read.
    pub async fn begin_role_change(&self, user: &str, role: Option<UserRole>) -> Result<MutexGuard<'_, ()>> {
        let guard = self.role_changes.lock().await;
        self.refresh().await?;
        self.table().keeps_operator(user, role)?;
        Ok(guard)
    }
}
