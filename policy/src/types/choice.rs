//! Keys with a few words to choose from.

use serde_json::{Value, json};

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue};

/// Declares an enumeration with the word of each choice.
macro_rules! choices {
    ($(#[$meta:meta])* $name:ident { $( $(#[$doc:meta])* $variant:ident $word:literal ),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$doc])* $variant, )+ }

        impl $name {
            const WORDS: &[(&str, Self)] = &[ $( ($word, Self::$variant), )+ ];

            /// The word in every source.
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        impl PolicyValue for $name {
            fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
                let text = value.as_str().ok_or_else(|| Invalid::kind(&Self::kind(), value))?;
                let found = Self::WORDS.iter().find(|(word, _)| *word == text);
                found.map(|(_, choice)| *choice).ok_or_else(|| Invalid(format!("expected {}", Self::kind())))
            }

            fn to_json(&self) -> Value {
                json!(self.word())
            }

            fn kind() -> String {
                let words: Vec<String> = Self::WORDS.iter().map(|(word, _)| format!("`{word}`")).collect();
                words.join(" or ")
            }

            fn schema() -> Value {
                json!({ "enum": Self::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>() })
            }
        }
    };
}

choices! {
    /// Who answers.
    Provider {
        /// The organisation's own gateway.
        Gateway "gateway",
        /// Amazon Bedrock.
        Bedrock "bedrock",
        /// Google Vertex AI.
        Vertex "vertex",
        /// Azure AI Foundry.
        Foundry "foundry",
    }
}

choices! {
    /// How the gateway's key is sent.
    AuthScheme {
        /// `Authorization: Bearer …`.
        Bearer "bearer",
        /// `x-api-key: …`.
        XApiKey "x-api-key",
    }
}

choices! {
    /// How often a pane is paired.
    Pairing {
        /// Once per application and user.
        Once "once",
        /// At every connection.
        Always "always",
    }
}
