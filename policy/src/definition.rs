//! A row of the key table, and the macros that turn rows into types. Knows no single key.

use serde_json::Value;

use crate::source::Encoding;
use crate::value::Invalid;

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
    /// Where it may come from.
    pub scope: Scope,
    /// True where a managed source that holds it locks every key. Keys of how the app behaves lock nothing.
    pub locks: bool,
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
    /// How its effect differs from what a profile written for the reference product counts on; told at import.
    pub differs: Option<&'static str>,
    /// The release of Deskhand that first had it.
    pub since: &'static str,
    /// Checks a value as a source writes it.
    pub check: fn(&Value, Encoding) -> Result<(), Invalid>,
}

/// A section of the table: a page of the configuration window.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its stable name.
    pub id: &'static str,
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
/// `ManagedOrBootstrap`, `locks` true, `secret` false, `effect` `Effect::Enforced`.
macro_rules! policy_section {
    (
        $(#[doc = $about:literal])+
        $section:ident $id:literal $title:literal
        $(
            $(#[doc = $doc:literal])+
            $field:ident $name:literal: $type:ty {
                default: $default:expr,
                invalid: $invalid:expr, $consequence:ident, $why:literal,
                $(scope: $scope:ident,)?
                $(locks: $locks:literal,)?
                $(secret: $secret:literal,)?
                $(effect: $effect:expr,)?
                $(aliases: $aliases:expr,)?
                $(differs: $differs:literal,)?
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
                    scope: given_or!($(Scope::$scope,)? Scope::ManagedOrBootstrap),
                    locks: given_or!($($locks,)? true),
                    secret: given_or!($($secret,)? false),
                    effect: given_or!($($effect,)? Effect::Enforced),
                    invalid_becomes: || { let value: $type = $invalid; value.to_json() },
                    invalid_consequence: Consequence::$consequence,
                    invalid_why: $why,
                    differs: given_or!($(Some($differs),)? None),
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

            /// The value of a key of the section as JSON.
            pub(crate) fn value(&self, name: &str) -> Option<Value> {
                match name {
                    $( $name => Some(self.$field.value.to_json()), )+
                    _ => None,
                }
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
                }
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
