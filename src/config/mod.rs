//! Configuration in two steps: raw serde values as typed by people, then checked [`Settings`].
//!
//! Nothing is read at import; `load` is called once by `main`, `check` and `demo`. Every complaint is collected, each
//! with its key, the value's fault and the remedy.

pub mod settings;

pub use settings::Settings;
