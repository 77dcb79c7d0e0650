//! Formulas that reach outside the workbook: the network, another file, a program, or cells that only their result names.
//!
//! Approvals rest on this, so what is not known counts as reaching outside.

use std::fmt;

use crate::functions::{known, plain_name};
use crate::reference::{is_external, sheet_name};
use crate::token::{Kind, Token, tokens};

/// How a formula reaches outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It asks an address on the network, or sends content to a service.
    Network,
    /// It shows a link that a person may follow.
    Link,
    /// It starts or asks another program, or calls into a library.
    Program,
    /// It reads another workbook or a data source.
    OtherFile,
    /// What it refers to is only known when it is computed.
    Indirect,
    /// A function that Excel does not have: a macro or an add-in.
    UnknownFunction,
}

/// Why a formula reaches outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// How.
    pub reach: Reach,
    /// The function or prefix that does, as written.
    pub what: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.what;
        match self.reach {
            Reach::Network => write!(f, "`{what}` asks an address on the network"),
            Reach::Link => write!(f, "`{what}` makes a link that leads out of the workbook"),
            Reach::Program => write!(f, "`{what}` calls another program"),
            Reach::OtherFile => write!(f, "`{what}` reads another file or data source"),
            Reach::Indirect => write!(
                f,
                "`{what}` refers to cells that are only known when it is computed"
            ),
            Reach::UnknownFunction => write!(f, "`{what}` is a macro or add-in function"),
        }
    }
}

/// How deep defined names are followed.
const NAME_DEPTH: usize = 16;

fn reach_of_function(name: &str) -> Option<Reach> {
    Some(match name {
        "WEBSERVICE" | "IMAGE" | "STOCKHISTORY" | "TRANSLATE" | "DETECTLANGUAGE" | "COPILOT" | "PY"
        | "FIELDVALUE" | "IMPORTDATA" | "IMPORTXML" | "IMPORTHTML" | "IMPORTFEED" | "IMPORTRANGE"
        | "IMPORTTEXT" | "IMPORTCSV" | "LABS.GENERATIVEAI" => Reach::Network,
        "RTD" | "DDE" | "DDEINITIATE" | "INITIATE" | "POKE" | "EXECUTE" | "REQUEST" | "CALL" | "REGISTER"
        | "REGISTER.ID" | "UNREGISTER" | "EXEC" | "EVALUATE" | "RUN" | "FOPEN" | "FREAD" | "FREADLN"
        | "FWRITE" | "FWRITELN" | "FILES" | "OPEN" | "SAVE.AS" | "APP.ACTIVATE" | "SEND.KEYS"
        | "SEND.MAIL" | "FORMULA" | "ALERT" | "HALT" | "GOTO" => Reach::Program,
        "FILTERXML" | "SQL.REQUEST" => Reach::OtherFile,
        "INDIRECT" => Reach::Indirect,
        _ if name.starts_with("CUBE") => Reach::OtherFile,
        _ if name.starts_with("SQL.") || name.starts_with("FILE.") => Reach::Program,
        _ if !known(name) => Reach::UnknownFunction,
        _ => return None,
    })
}

/// The first way in which a formula (with or without `=`) reaches outside the workbook. Defined names are taken at
/// their word; see [`outside_reach_with`].
pub fn outside_reach(formula: &str) -> Option<Reason> {
    outside_reach_with(formula, &|_| None)
}

/// As [`outside_reach`], following defined names: `names` answers what a name (any case) refers to.
pub fn outside_reach_with(formula: &str, names: &dyn Fn(&str) -> Option<String>) -> Option<Reason> {
    let counts = |_| true;
    look(formula, Search { names, counts }, NAME_DEPTH)
}

/// True where a formula, or a name in it, surely reaches outside: cells that only its result names do not count.
pub(crate) fn reaches_out(formula: &str, names: &dyn Fn(&str) -> Option<String>) -> bool {
    let counts = |reach| reach != Reach::Indirect;
    look(formula, Search { names, counts }, NAME_DEPTH).is_some()
}

/// What is looked for, and what names refer to.
#[derive(Clone, Copy)]
struct Search<'n> {
    names: &'n dyn Fn(&str) -> Option<String>,
    counts: fn(Reach) -> bool,
}

fn look(formula: &str, search: Search<'_>, depth: usize) -> Option<Reason> {
    let all: Vec<Token<'_>> = tokens(formula)
        .into_iter()
        .filter(|token| token.kind != Kind::Space)
        .collect();
    let reasons = all.iter().enumerate().filter_map(|(index, token)| {
        let reason = |reach| {
            Some(Reason {
                reach,
                what: token.text.trim_end_matches('!').to_owned(),
            })
        };
        let before = index.checked_sub(1).map(|before| all[before]);
        match token.kind {
            Kind::Function if before.is_some_and(|before| before.kind == Kind::Sheet) => {
                reason(Reach::UnknownFunction)
            }
            Kind::Function => {
                let name = plain_name(token.text);
                // A name that holds a LAMBDA is called like a function.
                if let Some(refers_to) = named(&name, search.names) {
                    return follow(&refers_to, search, depth, token.text);
                }
                if name == "HYPERLINK" {
                    return (!stays_inside(&all[index..]))
                        .then(|| reason(Reach::Link))
                        .flatten();
                }
                reach_of_function(&name).and_then(reason)
            }
            Kind::Sheet if is_external(&sheet_name(token.text)) => reason(Reach::OtherFile),
            // `program|topic!item` is a DDE link.
            Kind::Operator if token.text == "|" => reason(Reach::Program),
            Kind::Structured if token.text.to_ascii_lowercase().contains(".xls") => reason(Reach::OtherFile),
            Kind::Name => match (search.names)(token.text) {
                Some(refers_to) => follow(&refers_to, search, depth, token.text),
                None => None,
            },
            _ => None,
        }
    });
    let mut reasons = reasons.filter(|reason| (search.counts)(reason.reach));
    reasons.next()
}

fn named(name: &str, names: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    // A defined name cannot stand in for a function of Excel.
    if known(name) { None } else { names(name) }
}

fn follow(refers_to: &str, search: Search<'_>, depth: usize, name: &str) -> Option<Reason> {
    // Names that refer to each other in a ring, or too deep to follow, are not known to stay inside.
    let Some(depth) = depth.checked_sub(1) else {
        return Some(Reason {
            reach: Reach::Indirect,
            what: name.to_owned(),
        });
    };
    look(refers_to, search, depth)
}

/// True for `HYPERLINK("#…"`: a text that names a place in this workbook, and nothing joined to it.
fn stays_inside(call: &[Token<'_>]) -> bool {
    let target = call
        .get(2)
        .filter(|token| token.kind == Kind::Text && token.text.starts_with("\"#"));
    let ends = call
        .get(3)
        .is_some_and(|token| matches!(token.kind, Kind::Separator | Kind::Close));
    target.is_some() && ends
}
