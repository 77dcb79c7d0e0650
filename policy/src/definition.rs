//! A row of the key table, and the macro that turns rows into types. Knows no single key.

use serde_json::Value;

use crate::source::Encoding;
use crate::value::Invalid;

/// Where a key may come from, beside the user's own configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The administrator's source on the machine only.
    Managed,
    /// That, or the answer of a bootstrap address.
    ManagedOrBootstrap,
}

impl Scope {
    /// The words of the reference page.
    pub fn words(self) -> &'static str {
        match self {
            Self::Managed => "administrator",
            Self::ManagedOrBootstrap => "administrator or bootstrap",
        }
    }
}

/// What users may do with a key once a managed source exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnderManagement {
    /// Nothing: it has the managed value or its default.
    Locked,
    /// It stays theirs as long as the managed source does not set it.
    Open,
}

impl UnderManagement {
    /// The words of the reference page.
    pub fn words(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Open => "open to users",
        }
    }
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
    /// What users may do with it under management.
    pub under_management: UnderManagement,
    /// True where its value is never shown.
    pub secret: bool,
    /// What an invalid value becomes; null where that is "unset".
    pub invalid_becomes: fn() -> Value,
    /// What else follows from an invalid value.
    pub invalid_consequence: Consequence,
    /// Why an invalid value becomes that.
    pub invalid_why: &'static str,
    /// The release of Deskhand that first had it.
    pub since: &'static str,
    /// Checks a value as a source writes it.
    pub check: fn(&Value, Encoding) -> Result<(), Invalid>,
}

/// Turns rows into the struct [`Policy`](crate::Policy), its reader and the definitions.
macro_rules! policy_keys {
    ($(
        $(#[doc = $doc:literal])+
        $field:ident $name:literal: $type:ty {
            default: $default:expr,
            scope: $scope:ident,
            under_management: $under:ident,
            secret: $secret:literal,
            invalid: $invalid:expr, $consequence:ident, $why:literal,
            since: $since:literal,
        }
    )+) => {
        /// Every setting with its value, where that comes from, and what is wrong with it.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Policy {
            $( $(#[doc = $doc])+ pub $field: Sourced<$type>, )+
            /// True once a managed source exists, readable or not.
            pub managed: bool,
            /// Everything that is wrong, in the order of the sources and keys.
            pub problems: Vec<Problem>,
        }

        /// The rows, in the order of the table.
        pub const DEFINITIONS: &[Definition] = &[ $( Definition {
            name: $name,
            doc: concat!($($doc, "\n"),+),
            kind: <$type as PolicyValue>::kind,
            schema: <$type as PolicyValue>::schema,
            default: || { let value: $type = $default; value.to_json() },
            scope: Scope::$scope,
            under_management: UnderManagement::$under,
            secret: $secret,
            invalid_becomes: || { let value: $type = $invalid; value.to_json() },
            invalid_consequence: Consequence::$consequence,
            invalid_why: $why,
            since: $since,
            check: |value, encoding| <$type as PolicyValue>::parse(value, encoding).map(drop),
        }, )+ ];

        impl Policy {
            /// Reads every key out of the sources.
            pub(crate) fn read(sources: &mut Sources<'_>) -> Self {
                let mut rows = DEFINITIONS.iter();
                Self {
                    $( $field: sources.take(rows.next(), || $default, || $invalid), )+
                    managed: sources.managed(),
                    problems: sources.problems(),
                }
            }

            /// Every key with its row, its value as JSON (secrets masked), where it comes from, and whether it is locked.
            pub fn entries(&self) -> Vec<Entry<'_>> {
                let mut rows = DEFINITIONS.iter();
                vec![ $( Entry::new(rows.next(), &self.$field), )+ ].into_iter().flatten().collect()
            }
        }
    };
}
pub(crate) use policy_keys;
