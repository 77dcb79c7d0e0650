//! Makes a formula ready for the engines: what it reads is named cell by cell, names and table columns are replaced by the
//! cells that they stand for, ranges in the place of one value by the one cell that Excel takes. What engines are given
//! holds plain references only, so that both read the same, and nothing that a formula reads stays unseen.

mod names;
mod walk;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use deskhand_operations::Area;

use crate::calculate::CellAt;
use crate::engine::trust::Facts;
use crate::functions::from_file;
use crate::token::{Kind, tokens};
use names::{DEPTH, Known, expand, is_name};
pub(crate) use names::{Names, named, roams};
use walk::{Found, Walk};

/// A formula ready for the engines.
#[derive(Clone, Debug)]
pub(crate) struct Prepared<'a> {
    /// Without `=`, prefixes of files, names and table columns.
    pub(crate) text: Cow<'a, str>,
    /// All cells that its value rests on, by sheet.
    pub(crate) reads: Vec<(usize, Area)>,
    /// The engines that are trusted with every function of it.
    pub(crate) facts: Facts,
}

/// Makes a formula (as files hold it, without `=`) ready, or answers why no engine is given it. `array` says that it is an
/// array formula.
pub(crate) fn prepare<'a>(
    formula: &'a str,
    at: CellAt,
    array: bool,
    names: &mut Names<'_>,
) -> Result<Prepared<'a>, String> {
    let plain = if formula.contains("_xl") || formula.contains("_XL") {
        Cow::Owned(from_file(formula))
    } else {
        Cow::Borrowed(formula)
    };
    let held = tokens(&plain);
    let (text, found) = if held.iter().any(is_name) {
        let mut expanded = String::with_capacity(plain.len() + 16);
        expand(&plain, at, at.sheet, names, DEPTH, &mut expanded)?;
        let found = Walk::through(tokens(&expanded), at, array, names)?;
        (Cow::Owned(expanded), found)
    } else {
        let found = Walk::through(held, at, array, names)?;
        (plain, found)
    };
    let Found { edits, reads, facts } = found;
    let text = if edits.is_empty() {
        text
    } else {
        Cow::Owned(edited(&text, &edits))
    };
    Ok(Prepared { text, reads, facts })
}

fn edited(text: &str, edits: &[(Range<usize>, String)]) -> String {
    let mut result = String::with_capacity(text.len() + 16);
    let mut at = 0;
    for (span, new) in edits {
        result.push_str(&text[at..span.start]);
        result.push_str(new);
        at = span.end;
    }
    result.push_str(&text[at..]);
    result
}

/// The facts that no engine is trusted with a formula, as a sentence: the functions at fault.
pub(crate) fn untrusted(formula: &str, names: &mut Names<'_>) -> String {
    let mut sentence = String::new();
    for token in tokens(formula)
        .iter()
        .filter(|token| token.kind == Kind::Function)
    {
        let number = names.function(token.text);
        let Known { plain, facts, .. } = names.known(number);
        if facts.engines == 0 && !sentence.contains(plain.as_str()) {
            let _ = write!(
                sentence,
                "{}{plain}",
                if sentence.is_empty() { "" } else { " and " }
            );
        }
    }
    if sentence.is_empty() {
        "no engine computes all of its functions as Excel does".to_owned()
    } else {
        format!("{sentence} is not computed here")
    }
}
