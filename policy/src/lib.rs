//! Every managed setting, declared once (Invariant 4).
//!
//! The table in [`keys`] says of each key its name, type, default, limits, who may set it, and what an invalid value
//! becomes and why. The typed [`Policy`], its parser, the JSON Schema and the reference page all come from that table.
//!
//! * The administrator's source lies over the bootstrap answer, and that over the user's own settings.
//! * A managed source, once there is one, locks every key: absent keys stay at their default.
//! * One bad key never spoils the rest, and is never silently "unset": it becomes what its row says.
//! * A source that is there and cannot be trusted or read makes every key what an invalid value makes it.
//!
//! Leaf crate: knows nothing of the companion. Reads no environment and no clock; paths are arguments.

mod bootstrap;
pub mod check;
mod credential;
mod definition;
pub mod explain;
mod forbids;
pub mod format;
pub mod hosts;
pub mod import;
pub mod input;
mod json;
pub mod keys;
mod nearest;
mod nested;
mod order;
mod profiles;
mod render;
mod resolve;
mod rules;
pub mod secrets;
mod sent;
mod settings;
mod shape;
pub mod simulate;
mod source;
mod store;
pub mod types;
mod value;

pub use bootstrap::{BootstrapAnswer, bootstrap_answer};
pub use credential::{CredentialPlace, NoCredential, SignInPlace};
pub use definition::{Consequence, Definition, Effect, Page, Scope, Section};
pub use forbids::Cases;
pub use keys::{Policy, SECTIONS, Standing, UNUSED, UnusedKey, definition, definitions, unused};
pub use order::{Change, Direction, Order};
pub use profiles::{RECOMMENDED, Recommended};
pub use render::{Format, export, template};
pub use resolve::Layers;
pub use secrets::{KeptSecret, KeptSecrets};
pub use settings::Settings;
pub use source::{Encoding, Entry, Origin, Problem, ProblemKind, Reading, Sourced, Values};
pub use store::library::UserLibrary;
pub use store::linux::{MANAGED_FILE, ManagedFile};
pub use store::macos::{ManagedPreferences, PREFERENCE_DOMAIN};
pub use store::memory::MemoryStore;
pub use store::user::{EditError, FileTurn, UserFile};
#[cfg(windows)]
pub use store::windows::PolicyRegistry;
pub use store::windows::{Hive, POLICY_KEY, RegistryValue, registry_reading};
pub use store::{Store, managed_store};
pub use value::{Invalid, PolicyValue, Reach};
