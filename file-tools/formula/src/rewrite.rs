//! Rewriting formulas after a change to the workbook's structure: references follow as they do in Excel.
//!
//! Text in, text out: only the tokens that the change touches are written anew, spelling and white space of the rest stay.
//! Texts inside strings stay too, as `INDIRECT("A1")` does in Excel. Must not know packages or XML.

mod moved;
mod reference;
mod shift;
mod structured;
mod tabs;

use std::collections::HashSet;

use deskhand_operations::Area;

use crate::functions::plain_name;
use crate::reference::{is_external, sheet_name};
use crate::token::{Kind, Token, tokens};

pub use shift::{Axis, Shift};

use moved::Moved;
use reference::Parsed;

/// What stands where a reference led to cells that are gone.
const LOST: &str = "#REF!";

/// A change to the workbook's structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Rows or columns of a sheet come or go.
    Shifted {
        /// The sheet.
        sheet: String,
        /// Which.
        shift: Shift,
    },
    /// A sheet gets another name.
    SheetRenamed {
        /// Its name so far.
        from: String,
        /// Its new name.
        to: String,
    },
    /// A sheet goes.
    SheetDeleted {
        /// Its name.
        sheet: String,
    },
    /// Cells are cut and pasted elsewhere.
    RangeMoved {
        /// The sheet that they leave.
        from: String,
        /// What is cut.
        area: Area,
        /// The sheet that they come to.
        to: String,
        /// The row of their new top left cell, zero-based.
        row: u32,
        /// Its column.
        column: u32,
    },
    /// A table gets another name.
    TableRenamed {
        /// Its name so far.
        from: String,
        /// Its new name.
        to: String,
    },
    /// A table goes with its cells.
    TableDeleted {
        /// Its name.
        table: String,
    },
    /// A table's column gets another name.
    ColumnRenamed {
        /// The table.
        table: String,
        /// The column's name so far.
        from: String,
        /// Its new name.
        to: String,
    },
    /// Columns of a table go with their cells.
    ColumnsDeleted {
        /// The table.
        table: String,
        /// Which, by name.
        columns: Vec<String>,
    },
}

/// Where a formula stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder<'a> {
    /// In a cell, or in a rule whose first cell this is. The place is that before the change.
    Cell {
        /// The sheet.
        sheet: &'a str,
        /// Row, zero-based.
        row: u32,
        /// Column, zero-based.
        column: u32,
    },
    /// In a defined name: relative references mean cells beside the cell that uses the name, and stay as they are.
    Name {
        /// The sheet that the name is local to.
        sheet: Option<&'a str>,
    },
    /// In a chart or another part, where every reference says its sheet.
    Part,
}

/// What has to be known of the workbook, as it was before the change.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The names of all sheets in order.
    pub sheets: Vec<String>,
    /// Tables: their name, their sheet, all their cells, their columns.
    pub tables: Vec<BookTable>,
    /// Defined names and tables, in lower case, whose cells are other ones after the change.
    pub touched: HashSet<String>,
}

/// A table, as rewriting needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookTable {
    /// Its name.
    pub name: String,
    /// The sheet that holds it.
    pub sheet: String,
    /// All of it, header and totals included.
    pub area: Area,
    /// The columns' names.
    pub columns: Vec<String>,
}

/// What a change means for a formula.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// The new text; `None` where it stays.
    pub text: Option<String>,
    /// True where its value may be another one: a range holds more or fewer cells, or places are counted.
    pub affected: bool,
    /// True where a reference was lost and reads `#REF!` now.
    pub lost: bool,
}

/// The formula after the change; `None` where it stays as it is.
pub fn rewrite(formula: &str, holder: &Holder<'_>, change: &Change, book: &Book) -> Option<String> {
    rewritten(formula, holder, change, book).text
}

/// As [`rewrite`], with what else the change means for the formula.
pub fn rewritten(formula: &str, holder: &Holder<'_>, change: &Change, book: &Book) -> Rewritten {
    let all = tokens(formula);
    let mut walk = Walk {
        holder,
        change,
        book,
        result: Rewritten::default(),
        counts_places: false,
    };
    let mut text = String::with_capacity(formula.len() + 16);
    let (mut next, mut changed) = (0, false);
    while next < all.len() {
        let (taken, replaced) = walk.piece(&all, next);
        match replaced {
            Some(new) => {
                changed = true;
                text.push_str(&new);
            }
            None => text.extend(all[next..next + taken].iter().map(|token| token.text)),
        }
        next += taken;
    }
    if changed {
        walk.result.text = Some(text);
    }
    let moves = matches!((change, holder), (Change::Shifted { sheet, .. }, Holder::Cell { sheet: own, .. }) if same(sheet, own));
    walk.result.affected |= walk.counts_places && (changed || moves);
    walk.result
}

/// Which sheets a reference leads to.
enum Scope {
    /// The formula's own.
    Own,
    /// One, named.
    Named(String),
    /// All from one to another.
    Span(String, String),
    /// Another workbook, or nothing any more.
    Elsewhere,
}

/// Names of sheets and tables are compared case aside.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || (!one.is_ascii() && one.to_lowercase() == other.to_lowercase())
}

/// One formula on its way.
struct Walk<'w> {
    holder: &'w Holder<'w>,
    change: &'w Change,
    book: &'w Book,
    result: Rewritten,
    /// True where a function answers by where cells are.
    counts_places: bool,
}

impl Walk<'_> {
    /// The piece at a token: how many tokens it takes, and what replaces it.
    fn piece(&mut self, all: &[Token<'_>], at: usize) -> (usize, Option<String>) {
        let token = all[at];
        let follows = |kind| all.get(at + 1).filter(|next: &&Token<'_>| next.kind == kind);
        match token.kind {
            Kind::Sheet => {
                let prefix = tabs::prefix(self, token.text);
                match all.get(at + 1) {
                    Some(cells) if cells.kind == Kind::Reference => {
                        (2, self.reference(Some(token.text), cells.text))
                    }
                    Some(name) if name.kind == Kind::Name => {
                        (2, prefix.map(|prefix| format!("{prefix}{}", name.text)))
                    }
                    _ => (1, prefix),
                }
            }
            // `#REF!A1` is what is left of a reference to a sheet that is gone.
            Kind::Error if follows(Kind::Reference).is_some() || follows(Kind::Name).is_some() => (2, None),
            Kind::Reference => (1, self.reference(None, token.text)),
            Kind::Name => {
                self.result.affected |= self.book.touched.contains(&token.text.to_lowercase());
                match follows(Kind::Structured) {
                    Some(columns) => (2, structured::table(self, token.text, columns.text)),
                    None => (1, structured::alone(self, token.text)),
                }
            }
            Kind::Structured => (1, structured::own(self, token.text)),
            Kind::Function => {
                self.counts_places |= counts_places(token.text);
                (1, None)
            }
            _ => (1, None),
        }
    }

    /// Which sheets a prefix names.
    fn scope(&self, prefix: Option<&str>) -> Scope {
        let Some(prefix) = prefix else {
            return Scope::Own;
        };
        let name = sheet_name(prefix);
        if self.book.sheets.iter().any(|sheet| same(sheet, &name)) {
            return Scope::Named(name);
        }
        if is_external(&name) {
            return Scope::Elsewhere;
        }
        match name.split_once(':') {
            Some((first, last)) => Scope::Span(first.to_owned(), last.to_owned()),
            None => Scope::Named(name),
        }
    }

    /// True when a reference of this scope leads to the sheet.
    fn covers(&self, scope: &Scope, sheet: &str) -> bool {
        let place = |name: &str| self.book.sheets.iter().position(|known| same(known, name));
        match scope {
            Scope::Own => self.own_sheet().is_some_and(|own| same(own, sheet)),
            Scope::Named(name) => same(name, sheet),
            Scope::Span(first, last) => match (place(first), place(last), place(sheet)) {
                (Some(first), Some(last), Some(sheet)) => {
                    (first.min(last)..=first.max(last)).contains(&sheet)
                }
                _ => same(first, sheet) || same(last, sheet),
            },
            Scope::Elsewhere => false,
        }
    }

    fn own_sheet(&self) -> Option<&str> {
        match self.holder {
            Holder::Cell { sheet, .. } => Some(sheet),
            Holder::Name { sheet } => *sheet,
            Holder::Part => None,
        }
    }

    /// A reference with its prefix, after the change.
    fn reference(&mut self, prefix: Option<&str>, cells: &str) -> Option<String> {
        let scope = self.scope(prefix);
        match self.change {
            Change::Shifted { sheet, shift } if self.covers(&scope, sheet) => {
                let parsed = Parsed::read(cells)?;
                self.result.affected |= parsed.touched(*shift);
                let only_fixed = matches!(self.holder, Holder::Name { .. });
                let moved = match parsed.shifted(*shift, only_fixed) {
                    Ok(None) => return None,
                    Ok(Some(moved)) => moved,
                    Err(reference::Gone) => self.lost(),
                };
                Some(format!("{}{moved}", prefix.unwrap_or_default()))
            }
            Change::RangeMoved {
                from,
                area,
                to,
                row,
                column,
            } => {
                let moved = Moved {
                    from,
                    area: *area,
                    to,
                    row: *row,
                    column: *column,
                };
                moved.reference(self, &scope, prefix, cells)
            }
            Change::SheetRenamed { .. } | Change::SheetDeleted { .. } => {
                let prefix = tabs::prefix(self, prefix?)?;
                Some(format!("{prefix}{cells}"))
            }
            _ => None,
        }
    }

    /// `#REF!`, and that it is there.
    fn lost(&mut self) -> String {
        self.result.lost = true;
        self.result.affected = true;
        LOST.to_owned()
    }
}

/// True for functions whose answer depends on where cells are, beside what they hold.
fn counts_places(function: &str) -> bool {
    matches!(
        plain_name(function).as_str(),
        "ROW" | "COLUMN" | "CELL" | "OFFSET" | "INDIRECT" | "ADDRESS" | "FORMULATEXT" | "HYPERLINK"
    )
}
