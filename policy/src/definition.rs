//! A row of the key table, and the macros that turn rows into types. Knows no single key.

use serde_json::{Value, json};

use crate::forbids::Cases;
use crate::order::Order;
use crate::source::Encoding;
use crate::value::{Invalid, Reach};

/// Where a key may come from, beside the user's own configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The administrator's source on the machine only.
    Managed,
    /// That, or the answer of a bootstrap address once the user consented: the value names a program, a file with
    /// credentials or where to sign in.
    ManagedOrBootstrapWithConsent,
    /// That, or the answer of a bootstrap address.
    ManagedOrBootstrap,
}

impl Scope {
    /// Whether a bootstrap answer may set it.
    pub(crate) fn takes_bootstrap(self) -> bool {
        self != Self::Managed
    }

    /// The words of the reference page.
    pub fn words(self) -> &'static str {
        match self {
            Self::Managed => "administrator",
            Self::ManagedOrBootstrapWithConsent => "administrator, or bootstrap with the user's consent",
            Self::ManagedOrBootstrap => "administrator or bootstrap",
        }
    }
}

/// What a key does in this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// What its doc says.
    Enforced,
    /// Nothing yet, and there is nothing yet that it could restrict: the part of Deskhand that it acts in.
    ActsWith(&'static str),
    /// What its doc says for some of its values, and nothing yet for the others: which, and what those wait for.
    ActsInPart(&'static str),
    /// It restricts something that is there, and is not enforced yet: while it has another value than its default,
    /// sessions do not start. The part that it waits for.
    NotEnforceable(&'static str),
    /// Nothing, for this reason: it has no meaning in Deskhand.
    NotApplicable(&'static str),
}

/// What follows from an invalid value, beside the value it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing more.
    UsesValue,
    /// No session starts or goes on until it is corrected.
    StopsSessions,
}

impl Consequence {
    /// The words of the reference page.
    pub fn words(self) -> &'static str {
        match self {
            Self::UsesValue => "",
            Self::StopsSessions => "; sessions do not start",
        }
    }
}

/// A row of the key table.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The exact name in every source.
    pub name: &'static str,
    /// Earlier names, taken where `name` is absent.
    pub aliases: &'static [&'static str],
    /// The section it stands in, by id.
    pub section: &'static str,
    /// What it does, for the reference page.
    pub doc: &'static str,
    /// Type and limits in words.
    pub kind: fn() -> String,
    /// JSON Schema (2020-12) of its value.
    pub schema: fn() -> Value,
    /// The default; null where it is unset.
    pub default: fn() -> Value,
    /// What its values name beside themselves.
    pub reach: Option<Reach>,
    /// Where it may come from.
    pub scope: Scope,
    /// True where a managed source that holds it locks every key. Keys of how the app behaves lock nothing.
    pub locks: bool,
    /// True where an administrator may open it to users with `deskhandUserMaySet`.
    pub opens: bool,
    /// True where its value is never shown.
    pub secret: bool,
    /// What it does in this build.
    pub effect: Effect,
    /// What an invalid value becomes; null where that is "unset".
    pub invalid_becomes: fn() -> Value,
    /// What else follows from an invalid value.
    pub invalid_consequence: Consequence,
    /// Why an invalid value becomes that.
    pub invalid_why: &'static str,
    /// Which of two values is the tighter one.
    pub order: Order,
    /// What its values forbid.
    pub forbids: Cases,
    /// How the effect of a value differs from what a profile written for the reference product counts on; told at import.
    pub differs: Option<&'static str>,
    /// How its absence differs from what such a profile counts on; told at import.
    pub differs_when_absent: Option<&'static str>,
    /// The release of Deskhand that first had it.
    pub since: &'static str,
    /// Checks a value as a source writes it.
    pub check: fn(&Value, Encoding) -> Result<(), Invalid>,
}

impl Definition {
    /// A value of the row as it may be shown: masked where it is secret.
    pub(crate) fn shown(&self, value: Value) -> Value {
        match value {
            Value::Null => Value::Null,
            Value::Object(map) if map.is_empty() => Value::Object(map),
            _ if self.secret => json!("••••"),
            value => value,
        }
    }
}

/// A page of the configuration window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Where the model runs.
    Connection,
    /// Folders, documents and tools.
    Workspace,
    /// Where untrusted code runs.
    Sandbox,
    /// MCP servers and desktop extensions.
    Connectors,
    /// Plugins and skills.
    Plugins,
    /// What is recorded and where it goes; new versions.
    Telemetry,
    /// How much may be used.
    Usage,
    /// What people see.
    Appearance,
    /// Where settings come from.
    Source,
}

impl Page {
    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Connection => "Connection",
            Self::Workspace => "Workspace",
            Self::Sandbox => "Sandbox",
            Self::Connectors => "Connectors & extensions",
            Self::Plugins => "Plugins & skills",
            Self::Telemetry => "Telemetry & updates",
            Self::Usage => "Usage limits",
            Self::Appearance => "Appearance",
            Self::Source => "Source",
        }
    }
}

/// A section of the table: a part of a page of the configuration window.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its stable name.
    pub id: &'static str,
    /// The page it stands on.
    pub page: Page,
    /// Its title.
    pub title: &'static str,
    /// What is in it.
    pub doc: &'static str,
    /// Its rows, in order.
    pub rows: &'static [Definition],
}

/// The given expression, or else the default.
macro_rules! given_or {
    ($default:expr) => {
        $default
    };
    ($given:expr, $default:expr) => {
        $given
    };
}
pub(crate) use given_or;

/// Turns the rows of a section into its struct, its reader and its definitions. What a row leaves out: `scope` is
/// `ManagedOrBootstrap`, `locks` and `opens` true, `secret` false, `effect` `Effect::Enforced`, `order` `Order::Plain`,
/// `forbids` nothing.
macro_rules! policy_section {
    (
        $(#[doc = $about:literal])+
        $section:ident $id:literal $title:literal on $page:ident
        $(
            $(#[doc = $doc:literal])+
            $field:ident $name:literal: $type:ty {
                default: $default:expr,
                invalid: $invalid:expr, $consequence:ident, $why:literal,
                $(scope: $scope:ident,)?
                $(locks: $locks:literal,)?
                $(opens: $opens:literal,)?
                $(secret: $secret:literal,)?
                $(effect: $effect:expr,)?
                $(aliases: $aliases:expr,)?
                $(order: $order:expr,)?
                $(forbids: $forbids:expr,)?
                $(differs: $differs:literal,)?
                $(differs_when_absent: $differs_when_absent:literal,)?
                since: $since:literal,
            }
        )+
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $section {
            $( $(#[doc = $doc])+ pub $field: Sourced<$type>, )+
        }

        impl $section {
            /// The section with its rows, in the order of the table.
            pub const SECTION: Section = Section {
                id: $id,
                page: Page::$page,
                title: $title,
                doc: concat!($($about, "\n"),+),
                rows: &[ $( Definition {
                    name: $name,
                    aliases: given_or!($(&$aliases,)? &[]),
                    section: $id,
                    doc: concat!($($doc, "\n"),+),
                    kind: <$type as PolicyValue>::kind,
                    schema: <$type as PolicyValue>::schema,
                    default: || { let value: $type = $default; value.to_json() },
                    reach: <$type as PolicyValue>::REACH,
                    scope: given_or!($(Scope::$scope,)? Scope::ManagedOrBootstrap),
                    locks: given_or!($($locks,)? true),
                    opens: given_or!($($opens,)? true),
                    secret: given_or!($($secret,)? false),
                    effect: given_or!($($effect,)? Effect::Enforced),
                    invalid_becomes: || { let value: $type = $invalid; value.to_json() },
                    invalid_consequence: Consequence::$consequence,
                    invalid_why: $why,
                    order: given_or!($($order,)? Order::Plain),
                    forbids: given_or!($($forbids,)? &[]),
                    differs: given_or!($(Some($differs),)? None),
                    differs_when_absent: given_or!($(Some($differs_when_absent),)? None),
                    since: $since,
                    check: |value, encoding| <$type as PolicyValue>::parse(value, encoding).map(drop),
                }, )+ ],
            };

            /// Reads every key of the section out of the sources.
            pub(crate) fn read(sources: &mut Sources<'_>) -> Self {
                let mut rows = Self::SECTION.rows.iter();
                // Each row stands at the place of its field.
                Self { $( $field: sources.take(rows.next(), || $default, || $invalid), )+ }
            }

            /// Every key of the section as it is shown.
            pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
                let mut rows = Self::SECTION.rows.iter();
                vec![ $( Entry::new(rows.next(), &self.$field), )+ ].into_iter().flatten().collect()
            }

            /// A key of the section as it is shown.
            pub(crate) fn entry(&self, name: &str) -> Option<Entry<'_>> {
                let row = Self::SECTION.rows.iter().find(|row| row.name == name);
                match name {
                    $( $name => Entry::new(row, &self.$field), )+
                    _ => None,
                }
            }

            /// The value of a key of the section as JSON.
            pub(crate) fn value(&self, name: &str) -> Option<Value> {
                match name {
                    $( $name => Some(self.$field.value.to_json()), )+
                    _ => None,
                }
            }

            /// The keys whose values differ in `new`.
            pub(crate) fn changes(&self, new: &Self) -> Vec<Change> {
                let mut rows = Self::SECTION.rows.iter();
                vec![ $( Change::new(rows.next(), &self.$field, &new.$field), )+ ]
                    .into_iter().flatten().collect()
            }
        }
    };
}
pub(crate) use policy_section;

/// Turns sections into the struct [`Policy`](crate::Policy) and the table.
macro_rules! policy_table {
    ($( $module:ident $field:ident: $section:ident, )+) => {
        $( mod $module; pub use $module::$section; )+

        /// Every setting with its value, where that comes from, and what is wrong with it.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Policy {
            $( #[doc = concat!("The section `", stringify!($section), "`.")] pub $field: $section, )+
            /// True once a managed source exists, readable or not.
            pub managed: bool,
            /// Everything that is wrong, in the order of the sources and keys.
            pub problems: Vec<Problem>,
            /// Keys of the bootstrap answer that wait for the user's consent.
            pub awaiting_consent: Vec<&'static str>,
        }

        /// The table, by section.
        pub const SECTIONS: &[Section] = &[ $( $section::SECTION, )+ ];

        impl Policy {
            /// Reads every key out of the sources.
            pub(crate) fn read(sources: &mut Sources<'_>) -> Self {
                Self {
                    $( $field: $section::read(sources), )+
                    managed: sources.managed(),
                    problems: sources.problems(),
                    awaiting_consent: sources.awaiting_consent(),
                }
            }

            /// A key by its name or an earlier one.
            pub fn entry(&self, name: &str) -> Option<Entry<'_>> {
                let row = definition(name)?;
                None $( .or_else(|| self.$field.entry(row.name)) )+
            }

            /// Every key whose value is another one in `new`, in the order of the table, and which way it changes.
            pub fn changes(&self, new: &Self) -> Vec<Change> {
                let mut changes = Vec::new();
                $( changes.extend(self.$field.changes(&new.$field)); )+
                changes
            }

            /// Every key with its row, its value as JSON (secrets masked), where it comes from, and whether it is locked.
            pub fn entries(&self) -> Vec<Entry<'_>> {
                let mut entries = Vec::new();
                $( entries.extend(self.$field.entries()); )+
                entries
            }

            /// The value of a key as JSON; null where it is unset or there is no such key. Its secrets are masked.
            pub fn value(&self, name: &str) -> Value {
                None $( .or_else(|| self.$field.value(name)) )+ .unwrap_or_default()
            }
        }
    };
}
pub(crate) use policy_table;
