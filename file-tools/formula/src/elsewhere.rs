//! Formulas for which another program may well compute another value although both compute as Excel does.

use crate::engine::trust::is_excels_own;
use crate::functions::{known, plain_name};
use crate::risk::reaches_out;
use crate::token::{Kind, tokens};

/// Functions of Excel that LibreOffice 7.4 lacks, by their plain names, in order. It answers `#NAME?` for each, which a
/// function around it may swallow. Found by asking it; a test of `deskhand-sheet` asks again.
pub const LACKING: &[&str] = &[
    "ANCHORARRAY",
    "ARRAYTOTEXT",
    "BAHTTEXT",
    "BINOM.DIST.RANGE",
    "BYCOL",
    "BYROW",
    "CHOOSECOLS",
    "CHOOSEROWS",
    "COPILOT",
    "CUBEKPIMEMBER",
    "DBCS",
    "DROP",
    "EXPAND",
    "FILTER",
    "GROUPBY",
    "HSTACK",
    "IMAGE",
    "ISOMITTED",
    "LAMBDA",
    "LET",
    "MAKEARRAY",
    "MAP",
    "PERCENTOF",
    "PHONETIC",
    "PIVOTBY",
    "RANDARRAY",
    "REDUCE",
    "REGEXEXTRACT",
    "REGEXREPLACE",
    "REGEXTEST",
    "SCAN",
    "SEQUENCE",
    "SINGLE",
    "SORT",
    "SORTBY",
    "STOCKHISTORY",
    "TAKE",
    "TEXTAFTER",
    "TEXTBEFORE",
    "TEXTSPLIT",
    "TOCOL",
    "TOROW",
    "TRANSLATE",
    "TRIMRANGE",
    "UNIQUE",
    "USDOLLAR",
    "VALUETOTEXT",
    "VSTACK",
    "WRAPCOLS",
    "WRAPROWS",
    "XLOOKUP",
    "XMATCH",
    "YEN",
];

/// How deep defined names are followed.
const NAME_DEPTH: usize = 16;

/// True where the formula, or a name in it, depends on time or chance, on what only Excel knows or has, or on what lies outside
/// the workbook. `names` answers what a name (any case) refers to, anywhere in the workbook.
pub fn rests_outside(formula: &str, names: &dyn Fn(&str) -> Option<String>) -> bool {
    reaches_out(formula, names) || asks_excel(formula, names, NAME_DEPTH)
}

fn asks_excel(formula: &str, names: &dyn Fn(&str) -> Option<String>, depth: usize) -> bool {
    let follow = |name: &str| match (names(name), depth.checked_sub(1)) {
        (Some(refers_to), Some(depth)) => asks_excel(&refers_to, names, depth),
        // Names that refer to each other in a ring, or too deep to follow.
        (Some(_), None) => true,
        (None, _) => false,
    };
    tokens(formula).iter().any(|token| match token.kind {
        Kind::Function => {
            let name = plain_name(token.text);
            is_excels_own(&name)
                || LACKING.binary_search(&name.as_str()).is_ok()
                || (!known(&name) && follow(&name))
        }
        Kind::Name => follow(token.text),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::{LACKING, rests_outside};

    #[test]
    fn a_formula_rests_outside_wherever_in_it_that_stands() {
        assert!(LACKING.is_sorted());
        let names = |name: &str| match name.to_ascii_lowercase().as_str() {
            "clock" => Some("NOW()".to_owned()),
            "twice" => Some("_xlfn.LAMBDA(_xlpm.x,_xlpm.x*2)".to_owned()),
            "ring" => Some("ring+1".to_owned()),
            "rate" => Some("Data!$A$1".to_owned()),
            _ => None,
        };
        for (formula, expected) in [
            ("SUM(A1:A3)*rate", false),
            ("INDIRECT(\"A1\")+OFFSET(A1,1,0)", false),
            ("IFERROR(_xlfn.XLOOKUP(1,A1:A2,B1:B2),0)", true),
            ("COUNTA(_xlfn.UNIQUE(A1:A3))", true),
            ("SUM(_xlfn._xlws.FILTER(A1:A3,B1:B3))", true),
            ("INDIRECT(\"B1\")+[1]Prices!A1", true),
            ("INDIRECT(\"B1\")+WEBSERVICE(\"x\")", true),
            ("clock+1", true),
            ("twice(3)", true),
            ("ring", true),
            ("MINE(3)", true),
            ("TODAY()-A1", true),
        ] {
            assert_eq!(rests_outside(formula, &names), expected, "{formula}");
        }
    }
}
