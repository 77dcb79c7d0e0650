//! One walk through a formula without names: where each reference stands, what it may be there, and what it reads.

use std::ops::{Range, RangeInclusive};

use deskhand_operations::Area;

use super::names::{Names, is_constant};
use crate::calculate::CellAt;
use crate::classes::Takes;
use crate::engine::EngineName;
use crate::engine::trust::Facts;
use crate::reference::{is_external, sheet_name};
use crate::token::{Kind, Token};

/// Calls and parentheses inside each other; Excel has 64 levels of calls.
const MAX_DEPTH: usize = 128;
/// Operators of a formula: the engines go through them by recursion, on threads with little room.
const MAX_OPERATORS: usize = 1_000;
/// Cells of an array that is made while a formula is computed.
const MAX_MADE: u64 = 10_000_000;

/// A call or parenthesis that is open.
struct Frame {
    /// The function's number; absent for a parenthesis.
    function: Option<usize>,
    argument: usize,
    /// What the whole may be in its place.
    outer: Takes,
}

/// What a walk found.
pub(super) struct Found {
    /// Ranges to be replaced by one of their cells.
    pub(super) edits: Vec<(Range<usize>, String)>,
    pub(super) reads: Vec<(usize, Area)>,
    pub(super) facts: Facts,
}

/// Goes through a formula without names.
pub(super) struct Walk<'w, 'n> {
    at: CellAt,
    names: &'w mut Names<'n>,
    array: bool,
    frames: Vec<Frame>,
    /// Inside the braces of an array constant.
    braces: bool,
    operators: usize,
    /// Rows and columns of the arrays that operators make, and the cells of those that functions make.
    made: (u64, u64, u64),
    found: Found,
}

impl<'w, 'n> Walk<'w, 'n> {
    /// Goes through a formula; why no engine is given it otherwise.
    pub(super) fn through(
        mut all: Vec<Token<'_>>,
        at: CellAt,
        array: bool,
        names: &'w mut Names<'n>,
    ) -> Result<Found, String> {
        let mut walk = Self {
            at,
            names,
            array,
            frames: Vec::new(),
            braces: false,
            operators: 0,
            made: (1, 1, 0),
            found: Found {
                edits: Vec::new(),
                reads: Vec::new(),
                facts: Facts::all(),
            },
        };
        all.retain(|token| token.kind != Kind::Space);
        walk.run(&all)?;
        Ok(walk.found)
    }

    fn run(&mut self, all: &[Token<'_>]) -> Result<(), String> {
        for (position, token) in all.iter().enumerate() {
            match token.kind {
                Kind::Function => self.function(all, position)?,
                Kind::Open if self.frames.len() >= MAX_DEPTH => return Err("it is too deep".to_owned()),
                Kind::Open => self.open(all, position),
                Kind::Close => self.close()?,
                Kind::Separator if self.braces => {}
                Kind::Separator => self.separator()?,
                Kind::Reference => self.reference(all, position)?,
                Kind::Sheet if is_external(&sheet_name(token.text)) => {
                    return Err("it reads another workbook".to_owned());
                }
                Kind::Structured | Kind::Name if !is_constant(token.text) => {
                    return Err(format!("`{}` cannot be read", token.text));
                }
                Kind::Text if token.text.len() < 2 || !token.text.ends_with('"') => {
                    return Err("it cannot be read".to_owned());
                }
                Kind::Operator => {
                    operator(token.text)?;
                    self.operators += 1;
                    if self.operators > MAX_OPERATORS {
                        return Err("it is too long".to_owned());
                    }
                    self.braces = token.text == "{" || (self.braces && token.text != "}");
                }
                _ => {}
            }
        }
        let (rows, columns, cells) = self.made;
        if rows.saturating_mul(columns).max(cells) > MAX_MADE {
            return Err("it would make an array of too many cells".to_owned());
        }
        if self.frames.is_empty() {
            Ok(())
        } else {
            Err("it cannot be read".to_owned())
        }
    }

    /// What may stand at the present place: what the innermost parameter takes.
    fn here(&self) -> Takes {
        let top = if self.array { Takes::Array } else { Takes::Value };
        let Some(frame) = self.frames.last() else {
            return top;
        };
        if frame.outer == Takes::Array {
            return Takes::Array;
        }
        self.own(frame)
    }

    /// What the present parameter of a call takes.
    fn own(&self, frame: &Frame) -> Takes {
        let own = frame.function.map_or(Takes::Same, |function| {
            self.names.known(function).takes(frame.argument)
        });
        if own == Takes::Same { frame.outer } else { own }
    }

    /// True where a function of one value would have to be computed for every cell of an array, which the first engine does
    /// for some functions only.
    fn is_lifted(&self) -> bool {
        let call = self
            .frames
            .iter()
            .rev()
            .find_map(|frame| Some((frame.function?, frame.argument)));
        call.is_some_and(|(function, argument)| {
            let known = self.names.known(function);
            !known.branches && known.takes(argument) == Takes::Value
        })
    }

    /// What an operand of an operator may be: a single value, unless all is computed for every cell.
    fn operand(&self) -> Takes {
        match self.here() {
            Takes::Array => Takes::Array,
            _ => Takes::Value,
        }
    }

    /// What the expression from one token to another may be.
    fn place(&self, all: &[Token<'_>], first: usize, last: usize) -> Takes {
        let starts = first
            .checked_sub(1)
            .is_none_or(|before| matches!(all[before].kind, Kind::Open | Kind::Separator));
        let ends = all
            .get(last + 1)
            .is_none_or(|after| matches!(after.kind, Kind::Close | Kind::Separator));
        if starts && ends {
            self.here()
        } else {
            self.operand()
        }
    }

    fn function(&mut self, all: &[Token<'_>], position: usize) -> Result<(), String> {
        if position > 0 && all[position - 1].kind == Kind::Sheet {
            return Err("it calls a macro".to_owned());
        }
        let number = self.names.function(all[position].text);
        let known = self.names.known(number);
        if let Some(reason) = known.facts.never {
            return Err(reason.sentence(&known.plain));
        }
        let (many, branches) = (known.many, known.branches);
        self.found.facts = self.found.facts.and(known.facts);
        let close = closing(all, position + 1).ok_or("it cannot be read")?;
        if known.makes && !is_small(&all[position + 1..close]) {
            return Err("how large an array it makes is only known when it is computed".to_owned());
        }
        if known.facts.texts && text_argument(&all[position + 1..close]) {
            self.found.facts.engines &= !EngineName::Formualizer.bit();
        }
        // Several criteria at once are not for the first engine.
        if known.criteria && self.place(all, position, close) == Takes::Array {
            self.found.facts.engines &= !EngineName::Formualizer.bit();
        }
        let takes_many = |frame: &Frame| frame.outer != Takes::Value || self.own(frame) != Takes::Value;
        let inside = self.frames.iter().any(takes_many);
        if many
            && inside
            && self.place(all, position, close) == Takes::Value
            && !single_index(all, position, close)
        {
            return Err("one of several values would have to be taken".to_owned());
        }
        // Without being an array formula these take one value even where everything around them is an array.
        if branches && !self.array && self.place(all, position, close) == Takes::Array {
            let ranges = all[position..close]
                .iter()
                .any(|token| token.kind == Kind::Reference && token.text.contains(':'));
            if ranges {
                return Err("it would have to be an array formula".to_owned());
            }
        }
        Ok(())
    }

    fn open(&mut self, all: &[Token<'_>], position: usize) {
        let call = position
            .checked_sub(1)
            .filter(|before| all[*before].kind == Kind::Function);
        let first = call.unwrap_or(position);
        let last = closing(all, position).unwrap_or(position);
        let outer = self.place(all, first, last);
        let function = call.map(|call| self.names.function(all[call].text));
        self.frames.push(Frame {
            function,
            argument: 0,
            outer,
        });
    }

    fn close(&mut self) -> Result<(), String> {
        let closed = self.frames.pop();
        closed.map(|_| ()).ok_or_else(|| "it cannot be read".to_owned())
    }

    fn separator(&mut self) -> Result<(), String> {
        match self.frames.last_mut() {
            Some(frame) if frame.function.is_some() => {
                frame.argument += 1;
                Ok(())
            }
            _ => Err("it joins references".to_owned()),
        }
    }

    fn reference(&mut self, all: &[Token<'_>], position: usize) -> Result<(), String> {
        let token = all[position];
        let area = Area::parse(token.text).map_err(|error| error.to_string())?;
        let prefix = position
            .checked_sub(1)
            .filter(|before| all[*before].kind == Kind::Sheet);
        let first = prefix.unwrap_or(position);
        let joined = first > 0 && matches!(all[first - 1].kind, Kind::Reference);
        if joined {
            return Err("it cuts references".to_owned());
        }
        let mut sheets = self.at.sheet..=self.at.sheet;
        if let Some(prefix) = prefix {
            sheets = self.sheets(all[prefix].text)?;
        }
        let mut area = area;
        let place = self.place(all, first, position);
        if area.cells() > 1 && place == Takes::Array && self.is_lifted() {
            self.found.facts.engines &= !EngineName::Formualizer.bit();
        }
        if area.cells() > 1 && place == Takes::Value {
            if sheets.start() != sheets.end() {
                return Err("one of several sheets would have to be taken".to_owned());
            }
            let Some(cell) = crossing(area, self.at) else {
                let from = prefix.map_or(token.at, |prefix| all[prefix].at);
                let span = from..token.at + token.text.len();
                self.found.edits.push((span, "#VALUE!".to_owned()));
                return Ok(());
            };
            area = cell;
            let span = token.at..token.at + token.text.len();
            self.found.edits.push((span, cell.to_string()));
        }
        if place == Takes::Array {
            self.count_made(area, first, position, all);
        }
        self.found.reads.extend(sheets.map(|sheet| (sheet, area)));
        Ok(())
    }

    /// Counts the cells of the array that an operator or a function makes of an area.
    fn count_made(&mut self, area: Area, first: usize, last: usize, all: &[Token<'_>]) {
        let (used_rows, used_columns) = self.names.extent;
        let rows = area.bottom.min(used_rows).saturating_sub(area.top) + 1;
        let columns = area.right.min(used_columns).saturating_sub(area.left) + 1;
        let edge = |token: Option<&Token<'_>>, kinds: [Kind; 2]| {
            token.is_none_or(|token| kinds.contains(&token.kind))
        };
        let before = first.checked_sub(1).and_then(|before| all.get(before));
        let alone = edge(before, [Kind::Open, Kind::Separator])
            && edge(all.get(last + 1), [Kind::Close, Kind::Separator]);
        let copied = self.frames.iter().any(|frame| {
            frame
                .function
                .is_some_and(|function| self.names.known(function).copies)
        });
        if copied {
            self.made.2 = self.made.2.saturating_add(u64::from(rows) * u64::from(columns));
        }
        if !alone || self.is_lifted() {
            self.made.0 = self.made.0.max(u64::from(rows));
            self.made.1 = self.made.1.max(u64::from(columns));
        }
    }

    /// The sheets of a prefix.
    fn sheets(&mut self, prefix: &str) -> Result<RangeInclusive<usize>, String> {
        let name = sheet_name(prefix);
        let missing = |name: &str| format!("there is no sheet `{name}`");
        if let Some(sheet) = self.names.sheet(&name) {
            return Ok(sheet..=sheet);
        }
        let Some((first, last)) = name.split_once(':') else {
            return Err(missing(&name));
        };
        self.found.facts = self.found.facts.and(Facts::SPAN);
        let first = self.names.sheet(first).ok_or_else(|| missing(first))?;
        let last = self.names.sheet(last).ok_or_else(|| missing(last))?;
        Ok(first.min(last)..=first.max(last))
    }
}

/// True where the sizes that a call makes an array of are given as numbers, and small.
fn is_small(call: &[Token<'_>]) -> bool {
    let plain = |token: &Token<'_>| matches!(token.kind, Kind::Open | Kind::Separator | Kind::Number);
    let sizes = call.iter().filter(|token| token.kind == Kind::Number);
    let cells = sizes
        .filter_map(|token| token.text.parse::<f64>().ok())
        .product::<f64>();
    call.iter().all(plain) && cells <= 1_000.0
}

/// Operators that make a range which only a calculation knows are not followed.
fn operator(text: &str) -> Result<(), String> {
    match text {
        ":" => Err("it makes a range while it is computed".to_owned()),
        "#" => Err("it reads an area that another formula fills".to_owned()),
        text if text.starts_with('\'') => Err("it cannot be read".to_owned()),
        "|" | "!" => Err("it asks another program".to_owned()),
        _ => Ok(()),
    }
}

/// The cell of a range in the formula's own row or column, which Excel takes where one value is wanted.
fn crossing(area: Area, at: CellAt) -> Option<Area> {
    if area.left == area.right && (area.top..=area.bottom).contains(&at.row) {
        return Some(Area::cell(at.row, area.left));
    }
    (area.top == area.bottom && (area.left..=area.right).contains(&at.column))
        .then(|| Area::cell(area.top, at.column))
}

/// The parenthesis that closes the one at a position.
fn closing(all: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    (open..all.len()).find(|index| {
        match all[*index].kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

/// True for `INDEX(range, …)` that says a row or column other than 0 for each of its range's sides: one cell.
fn single_index(all: &[Token<'_>], call: usize, close: usize) -> bool {
    let mut depth = 0usize;
    let mut separators = 0;
    for token in &all[call + 1..close] {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Separator if depth == 1 => separators += 1,
            Kind::Number if depth == 1 && token.text == "0" => return false,
            _ => {}
        }
    }
    let range = all.get(call + 2..call + 4).into_iter().flatten();
    let line = range
        .filter(|token| token.kind == Kind::Reference)
        .any(|token| Area::parse(token.text).is_ok_and(|area| area.rows() == 1 || area.columns() == 1));
    all[call].text.eq_ignore_ascii_case("INDEX") && (separators == 2 || (separators == 1 && line))
}

/// True where a text stands alone as an argument of a call, `AND("TRUE")`.
fn text_argument(call: &[Token<'_>]) -> bool {
    let mut depth = 0usize;
    call.iter().enumerate().any(|(at, token)| {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        let edge = |kind: Kind| matches!(kind, Kind::Open | Kind::Separator);
        let alone = at > 0
            && edge(call[at - 1].kind)
            && call.get(at + 1).is_none_or(|next| next.kind == Kind::Separator);
        token.kind == Kind::Text && depth == 1 && alone
    })
}
