//! A formula taken apart as far as the checks need it: calls with their arguments, references with what is fixed of them,
//! numbers with what is done to them.

use deskhand_formula::{Kind, Token, tokens};
use deskhand_operations::Area;

use crate::model::Model;

/// A call, or parentheses without a name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The function in capitals, without the prefixes of files; empty for parentheses.
    pub(crate) name: String,
    /// The call around it, and the argument of that.
    pub(crate) parent: Option<(usize, usize)>,
    /// How many arguments.
    pub(crate) arguments: usize,
}

/// What stands beside an operand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Beside {
    /// The operator before, where it joins two operands or is a sign.
    pub(crate) before: Option<char>,
    /// The operator after.
    pub(crate) after: Option<char>,
}

/// A reference.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ref {
    /// The sheet; none for other workbooks and spans of sheets.
    pub(crate) sheet: Option<usize>,
    pub(crate) area: Area,
    /// True where a row of it is fixed (`$`), and a column.
    pub(crate) fixed: (bool, bool),
    pub(crate) call: Option<(usize, usize)>,
    pub(crate) beside: Beside,
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Literal {
    pub(crate) value: f64,
    pub(crate) call: Option<(usize, usize)>,
    pub(crate) beside: Beside,
}

/// A formula.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) calls: Vec<Call>,
    pub(crate) references: Vec<Ref>,
    pub(crate) literals: Vec<Literal>,
    /// True where names, tables or texts stand in it.
    pub(crate) other: bool,
    /// True where it names cells that are gone.
    pub(crate) broken: bool,
}

impl Parsed {
    /// Takes a formula of a sheet apart.
    pub(crate) fn new(model: &Model, sheet: usize, formula: &str) -> Self {
        let all: Vec<Token<'_>> = tokens(formula)
            .into_iter()
            .filter(|token| token.kind != Kind::Space)
            .collect();
        let mut parsed = Self::default();
        let mut stack: Vec<(usize, usize)> = Vec::new();
        for (at, token) in all.iter().enumerate() {
            match (token.kind, token.text) {
                (Kind::Open, _) | (Kind::Operator, "{") => {
                    let named = at
                        .checked_sub(1)
                        .map(|before| all[before])
                        .filter(|before| before.kind == Kind::Function);
                    parsed.calls.push(Call {
                        name: named.map_or_else(String::new, |token| plain(token.text)),
                        parent: stack.last().copied(),
                        arguments: usize::from(!matches!(
                            all.get(at + 1).map(|next| next.kind),
                            Some(Kind::Close)
                        )),
                    });
                    stack.push((parsed.calls.len() - 1, 0));
                }
                (Kind::Close, _) | (Kind::Operator, "}") => drop(stack.pop()),
                (Kind::Separator, _) => {
                    if let Some((call, argument)) = stack.last_mut() {
                        *argument += 1;
                        parsed.calls[*call].arguments += 1;
                    }
                }
                (Kind::Reference, text) => {
                    let prefix = at
                        .checked_sub(1)
                        .map(|before| all[before])
                        .filter(|before| before.kind == Kind::Sheet);
                    let Ok(area) = Area::parse(text) else { continue };
                    parsed.references.push(Ref {
                        sheet: prefix.map_or(Some(sheet), |prefix| model.sheet(&sheet_name(prefix.text))),
                        area,
                        fixed: fixed(text),
                        call: stack.last().copied(),
                        beside: beside(&all, at - usize::from(prefix.is_some()), at),
                    });
                }
                (Kind::Number, text) => {
                    let Ok(value) = text.parse() else { continue };
                    parsed.literals.push(Literal {
                        value,
                        call: stack.last().copied(),
                        beside: beside(&all, at, at),
                    });
                }
                (Kind::Error, text) => parsed.broken |= text.eq_ignore_ascii_case("#REF!"),
                (Kind::Name | Kind::Structured | Kind::Text, _) => parsed.other = true,
                _ => {}
            }
        }
        parsed
    }

    /// True where a function of any of these names is called.
    pub(crate) fn calls_any(&self, names: &[&str]) -> bool {
        self.calls.iter().any(|call| names.contains(&call.name.as_str()))
    }

    /// The name of the call around an operand; empty at the top and in parentheses.
    pub(crate) fn name_of(&self, call: Option<(usize, usize)>) -> &str {
        call.map_or("", |(call, _)| self.calls[call].name.as_str())
    }
}

/// A function without the prefixes of files.
fn plain(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    upper
        .rsplit("_XLFN.")
        .next()
        .unwrap_or(&upper)
        .trim_start_matches("_XLWS.")
        .to_owned()
}

/// A sheet prefix without `!` and quotes.
fn sheet_name(prefix: &str) -> String {
    let name = prefix.strip_suffix('!').unwrap_or(prefix);
    match name.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(quoted) => quoted.replace("''", "'"),
        None => name.to_owned(),
    }
}

/// True where a row is fixed, and where a column is.
fn fixed(text: &str) -> (bool, bool) {
    let corner = |corner: &str| {
        let column = corner.starts_with('$') && corner[1..].starts_with(|c: char| c.is_ascii_alphabetic());
        let row = corner
            .rfind('$')
            .is_some_and(|at| corner[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
        (row, column)
    };
    text.split(':')
        .map(corner)
        .fold((false, false), |all, one| (all.0 || one.0, all.1 || one.1))
}

/// The operators beside the tokens from one place to another.
fn beside(all: &[Token<'_>], from: usize, to: usize) -> Beside {
    let operator = |at: Option<usize>| {
        let token = at
            .and_then(|at| all.get(at))
            .filter(|token| token.kind == Kind::Operator)?;
        token.text.chars().next().filter(|c| !matches!(c, '{' | '}'))
    };
    Beside {
        before: operator(from.checked_sub(1)),
        after: operator(Some(to + 1)),
    }
}
