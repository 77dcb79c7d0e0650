//! The row that describes an operation, and the macro that turns a list of rows into enum, answers and table.

/// The kind of document an operation works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// An Excel workbook.
    Workbook,
    /// A PowerPoint presentation.
    Deck,
    /// A word document.
    Document,
    /// A PDF.
    Pdf,
    /// Delimited text.
    Csv,
    /// A spreadsheet that is only read: `.xls`, `.xlsb`, `.ods`.
    Legacy,
}

/// What an operation does to the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Looks only.
    Read,
    /// Adds something that was not there; nothing existing changes.
    Add,
    /// Changes or overwrites what is there.
    Change,
    /// Removes what is there.
    Remove,
}

/// Where an operation can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    /// The document is open in Office and reached through a pane.
    Live,
    /// The document is a closed file.
    File,
}

/// What an operation needs on the live back end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Office.js does it; the requirement set must be there, as `("ExcelApi", "1.1")`.
    OfficeJs(&'static str, &'static str),
    /// Office.js cannot do it: the slide or file is taken out, edited with the file tools and put back. The
    /// requirement set is the one the exchange needs.
    ThroughFile(&'static str, &'static str),
    /// Not in an open document; why, as the end of the sentence "Not while the document is open in Office: …".
    NotLive(&'static str),
}

/// One row of the operation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The tag on the wire, `range.write`.
    pub name: &'static str,
    /// What kind of document it is for.
    pub document: DocumentKind,
    /// What it does to the document.
    pub effect: Effect,
    /// What it needs where the document is open in Office.
    pub live: Support,
    /// One sentence for people and models.
    pub summary: &'static str,
    /// What a person reads while it runs, followed by the target: `Reading`.
    pub doing: &'static str,
    /// What a person reads once it is done; `{}` stands for the target without its sheet: `{} cleared`.
    pub done: &'static str,
}

/// Declares the operations of one kind of document. From each row come a variant of the operation enum, a variant of
/// the answer enum and a [`Definition`].
macro_rules! operations {
    (
        $document:ident, $operation:ident, $answer:ident;
        $( #[doc = $summary:literal] $name:literal $variant:ident($params:ty) -> $result:ty, $effect:ident, $live:expr, $doing:literal, $done:literal, $target:expr; )+
    ) => {
        #[doc = concat!("An operation on a ", stringify!($document), ", tagged with `op`.")]
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema, ts_rs::TS)]
        #[serde(tag = "op")]
        pub enum $operation {
            $( #[doc = $summary] #[serde(rename = $name)] $variant($params), )+
        }

        #[doc = concat!("The answer to a [`", stringify!($operation), "`], tagged with the same `op`.")]
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema, ts_rs::TS)]
        #[serde(tag = "op")]
        pub enum $answer {
            $( #[doc = $summary] #[serde(rename = $name)] $variant($result), )+
        }

        impl $answer {
            /// What was done, where the operation answers by that alone.
            pub fn applied(&self) -> Option<&$crate::answer::Applied> {
                let answer: &dyn std::any::Any = match self { $( Self::$variant(answer) => answer, )+ };
                answer.downcast_ref()
            }
        }

        impl $operation {
            /// The table: one row an operation.
            pub const DEFINITIONS: &'static [$crate::definition::Definition] = &[
                $( $crate::definition::Definition {
                    name: $name,
                    document: $crate::definition::DocumentKind::$document,
                    effect: $crate::definition::Effect::$effect,
                    live: $live,
                    summary: $summary.trim_ascii(),
                    doing: $doing,
                    done: $done,
                }, )+
            ];

            /// Where this operation works: an address with sheet, a sheet's name, `slide:<id>`; empty for the whole
            /// document.
            pub fn target(&self) -> String {
                match self { $( Self::$variant(params) => $crate::definition::target_of(params, $target), )+ }
            }

            /// The row of the table for this operation.
            pub fn definition(&self) -> &'static $crate::definition::Definition {
                let name = match self { $( Self::$variant(_) => $name, )+ };
                // The table is made from the same rows as the enum, so the name is always there.
                Self::DEFINITIONS.iter().find(|row| row.name == name).unwrap_or(&Self::DEFINITIONS[0])
            }
        }
    };
}

/// Calls a row's function for the target; a function of its own so that closures know their parameter's type.
pub(crate) fn target_of<P>(params: &P, target: impl Fn(&P) -> String) -> String {
    target(params)
}

pub(crate) use operations;
