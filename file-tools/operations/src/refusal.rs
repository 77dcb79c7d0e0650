//! Why an operation was not done. Nothing was changed by a refused operation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The stable reason for a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum RefusalCode {
    /// The input is not what the operation takes.
    BadInput,
    /// The sheet, range, slide, shape, table or layout is not there.
    NotFound,
    /// The name is taken.
    NameTaken,
    /// The target changed since it was read: its fingerprint is another.
    Changed,
    /// The target is protected, merged or part of an array.
    Protected,
    /// Above a limit; the message names it.
    TooLarge,
    /// This back end cannot do it; the message says why.
    Unsupported,
    /// Excel is editing a cell, or a dialog is open.
    Busy,
    /// The document is open elsewhere, or its lock file is there.
    InUse,
    /// The file is encrypted or rights-managed.
    Encrypted,
    /// The file is damaged, or not of the kind its name says.
    Corrupt,
    /// The back end failed for a reason of its own; the message carries it.
    Failed,
}

/// A refused operation: a code and one sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct Refusal {
    /// The stable reason.
    pub code: RefusalCode,
    /// One sentence for a person.
    pub message: String,
}

impl Refusal {
    /// A refusal with its sentence; of a clause (`the deck has no slide 7`) it is made one.
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: sentence(message.into()),
        }
    }

    /// The sentence without its full stop, to stand within another.
    pub fn clause(&self) -> &str {
        self.message.trim_end_matches('.')
    }
}

/// Begins with a capital and ends with a stop. What begins with a name, such as a part's or a key's, keeps its first letter.
fn sentence(mut clause: String) -> String {
    let first = clause.split(' ').next().unwrap_or_default();
    let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    if !first.is_empty() && first.trim_end_matches(',').split(['-', '\'']).all(is_word) {
        clause[..1].make_ascii_uppercase();
    }
    if !clause
        .trim_end_matches(['”', '"', '\'', ')', '`'])
        .ends_with(['.', '!', '?'])
    {
        clause.push('.');
    }
    clause
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_becomes_a_sentence_and_a_sentence_stays() {
        let message = |given: &str| Refusal::new(RefusalCode::BadInput, given).message;
        assert_eq!(message("the deck has no slide 7"), "The deck has no slide 7.");
        assert_eq!(message("'Plan' is hidden"), "'Plan' is hidden.");
        assert_eq!(message("There is no sheet."), "There is no sheet.");
        assert_eq!(
            message("xl/workbook.xml is damaged"),
            "xl/workbook.xml is damaged."
        );
        assert_eq!(message("book.xlsx: it is cut off"), "book.xlsx: it is cut off.");
        assert_eq!(message("deskhandKey is not set"), "deskhandKey is not set.");
        assert_eq!(message("is it “Plan.”"), "Is it “Plan.”");
        assert_eq!(message(""), ".");
    }

    #[test]
    fn a_clause_stands_within_another_sentence() {
        let refusal = Refusal::new(RefusalCode::Changed, "the sheet goes");
        assert_eq!(refusal.clause(), "The sheet goes");
    }
}
