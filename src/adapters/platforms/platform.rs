//! What every platform is.

use async_trait::async_trait;

use crate::base::Result;
use crate::domain::platform::{PlatformFault, PlatformReport};

/// What a token may do, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// Whose account it is.
    pub account: Option<String>,
    /// Scopes that we need and it has not.
    pub missing: Vec<String>,
}

/// A platform.
#[async_trait]
pub trait Platform: Send {
    /// What the token may do.
    async fn identify(&mut self) -> Result<TokenFacts, PlatformFault>;

    /// What its live events do now. Ends within a minute; what can be kept from look to look is kept.
    async fn look(&mut self) -> Result<PlatformReport, PlatformFault>;
}
