//! Ids: UUIDv7 as text at the edge, one type a thing so that they cannot be mixed up.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! ids {
    ($( #[doc = $doc:literal] $name:ident )+) => { $(
        #[doc = $doc]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, TS)]
        pub struct $name(String);

        impl $name {
            /// Takes an id as it came over the wire or out of the store. At most 64 characters are kept.
            pub fn from_text(text: impl Into<String>) -> Self {
                let mut text = text.into();
                if let Some((end, _)) = text.char_indices().nth(64) {
                    text.truncate(end);
                }
                Self(text)
            }

            /// Makes an id of a time and ten bytes of chance (RFC 9562, version 7).
            pub fn new(at: crate::Timestamp, chance: [u8; 10]) -> Self {
                let millis = u64::try_from(at).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &chance).into_uuid().to_string())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}

ids! {
    /// A session.
    SessionId
    /// A turn: a prompt and everything until the agent rests.
    TurnId
    /// A message of the agent.
    MessageId
    /// A tool call, as the model named it.
    CallId
    /// A permission request.
    PermissionId
    /// A document, the same while it is open in Office and closed on disk.
    DocumentId
    /// A change set.
    ChangeSetId
    /// A command of the agent that runs.
    CommandId
}
