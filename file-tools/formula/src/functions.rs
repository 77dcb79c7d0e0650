//! Names of functions: as people write them, and as files hold them (MS-XLSX 2.2.2: functions newer than the standard
//! carry a prefix, without which Excel shows `#NAME?`).

use std::collections::HashMap;
use std::panic::catch_unwind;

use ironcalc_base::expressions::parser::{Node, new_parser_english};
use ironcalc_base::expressions::types::CellReferenceRC;

use crate::token::{Kind, tokens};

/// Functions that files write with `_xlfn.`
const FUTURE: &[&str] = &[
    "ACOT",
    "ACOTH",
    "AGGREGATE",
    "ARABIC",
    "ARRAYTOTEXT",
    "BASE",
    "BETA.DIST",
    "BETA.INV",
    "BINOM.DIST",
    "BINOM.DIST.RANGE",
    "BINOM.INV",
    "BITAND",
    "BITLSHIFT",
    "BITOR",
    "BITRSHIFT",
    "BITXOR",
    "CEILING.MATH",
    "CEILING.PRECISE",
    "CHISQ.DIST",
    "CHISQ.DIST.RT",
    "CHISQ.INV",
    "CHISQ.INV.RT",
    "CHISQ.TEST",
    "COMBINA",
    "CONCAT",
    "CONFIDENCE.NORM",
    "CONFIDENCE.T",
    "COT",
    "COTH",
    "COVARIANCE.P",
    "COVARIANCE.S",
    "CSC",
    "CSCH",
    "DAYS",
    "DECIMAL",
    "ENCODEURL",
    "ERF.PRECISE",
    "ERFC.PRECISE",
    "EXPON.DIST",
    "F.DIST",
    "F.DIST.RT",
    "F.INV",
    "F.INV.RT",
    "F.TEST",
    "FILTERXML",
    "FLOOR.MATH",
    "FLOOR.PRECISE",
    "FORECAST.ETS",
    "FORECAST.ETS.CONFINT",
    "FORECAST.ETS.SEASONALITY",
    "FORECAST.ETS.STAT",
    "FORECAST.LINEAR",
    "FORMULATEXT",
    "GAMMA",
    "GAMMA.DIST",
    "GAMMA.INV",
    "GAMMALN.PRECISE",
    "GAUSS",
    "HYPGEOM.DIST",
    "IFNA",
    "IFS",
    "IMAGE",
    "IMCOSH",
    "IMCOT",
    "IMCSC",
    "IMCSCH",
    "IMSEC",
    "IMSECH",
    "IMSINH",
    "IMTAN",
    "ISFORMULA",
    "ISOWEEKNUM",
    "LOGNORM.DIST",
    "LOGNORM.INV",
    "MAXIFS",
    "MINIFS",
    "MODE.MULT",
    "MODE.SNGL",
    "MUNIT",
    "NEGBINOM.DIST",
    "NORM.DIST",
    "NORM.INV",
    "NORM.S.DIST",
    "NORM.S.INV",
    "NUMBERVALUE",
    "PDURATION",
    "PERCENTILE.EXC",
    "PERCENTILE.INC",
    "PERCENTRANK.EXC",
    "PERCENTRANK.INC",
    "PERMUTATIONA",
    "PHI",
    "POISSON.DIST",
    "QUARTILE.EXC",
    "QUARTILE.INC",
    "RANK.AVG",
    "RANK.EQ",
    "REGEXEXTRACT",
    "REGEXREPLACE",
    "REGEXTEST",
    "RRI",
    "SEC",
    "SECH",
    "SHEET",
    "SHEETS",
    "SKEW.P",
    "STDEV.P",
    "STDEV.S",
    "SWITCH",
    "T.DIST",
    "T.DIST.2T",
    "T.DIST.RT",
    "T.INV",
    "T.INV.2T",
    "T.TEST",
    "TEXTAFTER",
    "TEXTBEFORE",
    "TEXTJOIN",
    "TRANSLATE",
    "UNICHAR",
    "UNICODE",
    "VALUETOTEXT",
    "VAR.P",
    "VAR.S",
    "WEBSERVICE",
    "WEIBULL.DIST",
    "XLOOKUP",
    "XMATCH",
    "XOR",
    "Z.TEST",
];

/// Functions whose answer fills several cells, or whose parameters have names: files hold them in a form of their own
/// (array formulas with cell metadata, `_xlpm.` names).
const SPILLING: &[&str] = &[
    "ANCHORARRAY",
    "BYCOL",
    "BYROW",
    "CHOOSECOLS",
    "CHOOSEROWS",
    "DROP",
    "EXPAND",
    "FILTER",
    "GROUPBY",
    "HSTACK",
    "LAMBDA",
    "LET",
    "MAKEARRAY",
    "MAP",
    "PIVOTBY",
    "RANDARRAY",
    "REDUCE",
    "SCAN",
    "SEQUENCE",
    "SINGLE",
    "SORT",
    "SORTBY",
    "STOCKHISTORY",
    "TAKE",
    "TEXTSPLIT",
    "TOCOL",
    "TOROW",
    "TRIMRANGE",
    "UNIQUE",
    "VSTACK",
    "WRAPCOLS",
    "WRAPROWS",
];

/// Functions of Excel that the engine does not have: known, though not computed.
const NOT_IN_ENGINE: &[&str] = &[
    "ASC",
    "BAHTTEXT",
    "CUBEKPIMEMBER",
    "DBCS",
    "FREQUENCY",
    "GETPIVOTDATA",
    "GROWTH",
    "JIS",
    "LINEST",
    "LOGEST",
    "PERCENTOF",
    "PHONETIC",
    "PIVOTBY",
    "GROUPBY",
    "PROB",
    "TREND",
    "USDOLLAR",
    "YEN",
    "EUROCONVERT",
    "COPILOT",
];

/// A function's name in upper case, without the prefixes of files.
pub(crate) fn plain_name(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("_XLFN.").unwrap_or(&name);
    let name = name
        .strip_prefix("_XLWS.")
        .or_else(|| name.strip_prefix("_XLUDF."))
        .unwrap_or(name);
    name.to_owned()
}

/// A formula (without `=`) as a file holds it; the name of the first function that cannot be written this way otherwise.
pub fn to_file(formula: &str) -> Result<String, String> {
    let mut text = String::with_capacity(formula.len() + 8);
    for token in tokens(formula) {
        if token.kind == Kind::Function {
            let name = plain_name(token.text);
            if SPILLING.contains(&name.as_str()) {
                return Err(name);
            }
            if FUTURE.contains(&name.as_str()) {
                text.push_str("_xlfn.");
                text.push_str(&name);
                continue;
            }
        }
        text.push_str(token.text);
    }
    Ok(text)
}

/// A formula of a file (without `=`) as people read it.
pub fn from_file(formula: &str) -> String {
    if !formula.to_ascii_lowercase().contains("_xl") {
        return formula.to_owned();
    }
    let mut text = String::with_capacity(formula.len());
    for token in tokens(formula) {
        let part = match token.kind {
            Kind::Function => {
                let part = strip(token.text, "_xlfn.");
                strip(strip(part, "_xlws."), "_xludf.")
            }
            Kind::Name => strip(token.text, "_xlpm."),
            _ => token.text,
        };
        text.push_str(part);
    }
    text
}

fn strip<'a>(text: &'a str, prefix: &str) -> &'a str {
    let matches = text
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if matches { &text[prefix.len()..] } else { text }
}

/// True when the engine computes the function of this plain name. Its reader stops short at letters that would be a column
/// far outside of any sheet.
pub(crate) fn computed(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_');
    name.chars().all(is_plain) && catch_unwind(|| reads_as_function(name)).unwrap_or(false)
}

fn reads_as_function(name: &str) -> bool {
    let mut parser = new_parser_english(vec!["S".to_owned()], Vec::new(), HashMap::new());
    let context = CellReferenceRC {
        sheet: "S".to_owned(),
        column: 1,
        row: 1,
    };
    let named = matches!(
        parser.parse(&format!("{name}(1)"), &context),
        Node::NamedFunctionKind { .. }
    );
    !named
}

/// True when Excel has a function of this plain name.
pub(crate) fn known(name: &str) -> bool {
    computed(name) || FUTURE.contains(&name) || SPILLING.contains(&name) || NOT_IN_ENGINE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::{from_file, known, to_file};

    #[test]
    fn newer_functions_get_their_prefix_and_lose_it_again() {
        for (written, held) in [
            ("XLOOKUP(A1,B:B,C:C)", "_xlfn.XLOOKUP(A1,B:B,C:C)"),
            ("SUM(A1)&\"XLOOKUP(\"", "SUM(A1)&\"XLOOKUP(\""),
            ("IFNA(STDEV.S(A1:A9),0)", "_xlfn.IFNA(_xlfn.STDEV.S(A1:A9),0)"),
        ] {
            assert_eq!(to_file(written).as_deref(), Ok(held));
            assert_eq!(from_file(held), written);
        }
        assert_eq!(
            from_file("_xlfn._xlws.FILTER(A1:A3,B1:B3)"),
            "FILTER(A1:A3,B1:B3)"
        );
        assert_eq!(to_file("SUM(FILTER(A1:A3,B1:B3))"), Err("FILTER".to_owned()));
    }

    #[test]
    fn functions_of_excel_are_known_and_others_are_not() {
        for name in [
            "SUM",
            "SUMIFS",
            "XLOOKUP",
            "NPV",
            "GETPIVOTDATA",
            "INDEX",
            "TEXT",
            "EOMONTH",
        ] {
            assert!(known(name), "{name}");
        }
        for name in ["FDS", "BDP", "MYMACRO", "CIQ", "REGEXTES7", "REGEXTES$7T", "A\"B"] {
            assert!(!known(name), "{name}");
        }
    }
}
