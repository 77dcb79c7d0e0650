//! Keys with a few words to choose from.

use serde_json::{Value, json};

use super::list::Item;
use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue};

/// Declares an enumeration with the word of each choice.
macro_rules! choices {
    ($(#[$meta:meta])* $name:ident $what:literal { $( $(#[$doc:meta])* $variant:ident $word:literal $(| $earlier:literal)? ),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$doc])* $variant, )+ }

        impl $name {
            const WORDS: &[(&str, Self)] = &[ $( ($word, Self::$variant), )+ ];
            /// Words of earlier releases, still read.
            const EARLIER: &[(&str, Self)] = &[ $( $( ($earlier, Self::$variant), )? )+ ];

            /// Every choice.
            pub fn all() -> impl Iterator<Item = Self> {
                Self::WORDS.iter().map(|(_, choice)| *choice)
            }

            /// The word in every source.
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        impl PolicyValue for $name {
            fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
                let text = value.as_str().ok_or_else(|| Invalid::kind(&Self::kind(), value))?;
                let found = Self::WORDS.iter().chain(Self::EARLIER).find(|(word, _)| *word == text);
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

        impl Item for $name {
            const WHAT: &str = $what;

            fn read(value: &Value) -> Result<Self, Invalid> {
                Self::parse(value, Encoding::Json)
            }

            fn json(&self) -> Value {
                self.to_json()
            }

            fn form() -> Value {
                Self::schema()
            }
        }
    };
}

choices! {
    /// Who answers.
    Provider "providers" {
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
    AuthScheme "schemes" {
        /// `Authorization: Bearer …`.
        Bearer "bearer",
        /// `x-api-key: …`.
        XApiKey "x-api-key",
    }
}

choices! {
    /// How often a pane is paired.
    Pairing "ways of pairing" {
        /// Once per application and user.
        Once "once",
        /// At every connection.
        Always "always",
    }
}

choices! {
    /// Where the credential comes from.
    CredentialKind "kinds of credentials" {
        /// A key in the settings.
        Static "static",
        /// A program that prints it.
        HelperScript "helper-script",
        /// A sign-in of the user.
        Interactive "interactive" | "oauth",
        /// The provider's own profile on the machine.
        VendorProfile "vendor-profile",
        /// Workforce identity federation.
        Workforce "workforce",
    }
}

choices! {
    /// The wire format of the gateway.
    GatewayFormat "wire formats" {
        /// `POST /v1/messages`.
        Messages "messages",
        /// Chat completions.
        OpenAi "openai",
    }
}

choices! {
    /// How a user signs in.
    AuthFlow "ways to sign in" {
        /// In the system browser.
        Browser "browser",
        /// Through the sign-in broker of the system.
        Broker "broker",
    }
}

choices! {
    /// How a user signs in to Entra.
    EntraFlow "ways to sign in" {
        /// With a code that is typed into another page.
        DeviceCode "device-code",
        /// In the system browser.
        Browser "browser",
        /// Through the sign-in broker of the system.
        Broker "broker",
    }
}

choices! {
    /// Whether the sign-in broker of the system is used.
    MicrosoftBroker "words" {
        /// Where there is one.
        Auto "auto",
        /// Never.
        Disabled "disabled",
    }
}

choices! {
    /// The service tier of Bedrock.
    ServiceTier "service tiers" {
        /// Cheaper and slower.
        Flex "flex",
        /// Dearer and sooner.
        Priority "priority",
    }
}

choices! {
    /// The applications of Office.
    OfficeHost "applications" {
        /// Excel.
        Sheet "sheet",
        /// PowerPoint.
        Slide "slide",
        /// Word.
        Document "doc",
        /// Outlook.
        Mail "mail",
    }
}

choices! {
    /// How records reach the collector.
    OtlpProtocol "protocols" {
        /// OTLP over HTTP as protobuf.
        HttpProtobuf "http/protobuf",
        /// OTLP over HTTP as JSON.
        HttpJson "http/json",
        /// OTLP over gRPC.
        Grpc "grpc",
    }
}

choices! {
    /// How the collector is told who sends.
    OtlpAuthMode "words" {
        /// By the headers alone.
        None "none",
        /// By the credential of inference.
        InferenceCredential "inference-credential",
    }
}

choices! {
    /// Which of its own events Deskhand exports.
    LogLevel "levels" {
        /// None.
        Off "off",
        /// Errors.
        Error "error",
        /// And warnings.
        Warn "warn",
        /// And what happens.
        Info "info",
        /// And how.
        Debug "debug",
    }
}

choices! {
    /// Content that the export may hold.
    ContentCapture "kinds of content" {
        /// What people write.
        UserPrompts "userPrompts",
        /// What the model answers.
        AssistantResponses "assistantResponses",
        /// Names and parameters of tool calls.
        ToolDetails "toolDetails",
        /// What tools take and give.
        ToolContent "toolContent",
        /// Requests and answers of the provider as they are.
        RawApiBodies "rawApiBodies",
    }
}

choices! {
    /// What the audit keeps of content.
    AuditContent "words" {
        /// Hashes and sizes.
        Hashed "hashed",
        /// The content itself.
        Full "full",
    }
}
