//! Logging in and out, and who may: `/api/v1/login`, `/logout`, `/session`, `/sessions`, `/users`, `/tokens`, `/password`.

pub(super) mod session_routes;
pub(super) mod token_routes;
pub(super) mod user_routes;
