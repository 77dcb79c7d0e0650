//! How long the texts may become that formulas build from each other. Excel ends a text at 32,767 characters; the engines
//! do not, and sixty cells that each join the one above to itself would fill any memory.
//!
//! A bound, not a length: what joins is as long as all that it reads, what substitutes as long as that times the longest,
//! and everything else passes on the longest that it reads.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use deskhand_operations::Area;

use super::{CellAt, Problem};
use crate::engine::Constant;
use crate::prepare::Prepared;

/// The longest text that a formula may build, in bytes: far more than Excel holds.
const MAX_TEXT: u64 = 4 << 20;
/// All texts together.
const MAX_TEXTS: u64 = 512 << 20;
/// Texts of a file that are no longer count as this long, as do numbers.
const SHORT: u64 = 32;
/// Formulas and areas looked at; above it nothing that builds texts is computed.
const MAX_STEPS: usize = 20_000_000;

/// What a formula does with texts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passes,
    Joins,
    Multiplies,
    /// It answers a number, a truth value or an error.
    Number,
}

/// The formulas, by their numbers, whose texts might become too long.
pub(super) fn too_long(problem: &Problem, prepared: &[Option<Prepared<'_>>]) -> Vec<u32> {
    let kinds: Vec<Kind> = prepared
        .iter()
        .map(|ready| ready.as_ref().map_or(Kind::Number, |ready| kind(&ready.text)))
        .collect();
    let building = |kind: Kind| matches!(kind, Kind::Joins | Kind::Multiplies);
    let builders: Vec<u32> = (0..)
        .zip(&kinds)
        .filter(|(_, kind)| building(**kind))
        .map(|(index, _)| index)
        .collect();
    if builders.is_empty() {
        return builders;
    }
    let mut bounds = Bounds::new(problem, prepared, &kinds);
    let mut found = Vec::new();
    let mut total = 0u64;
    for index in &builders {
        let Some(bound) = bounds.of(*index) else {
            return builders;
        };
        total = total.saturating_add(bound.min(MAX_TEXT));
        if bound > MAX_TEXT {
            found.push(*index);
        }
    }
    if total > MAX_TEXTS { builders } else { found }
}

fn kind(text: &str) -> Kind {
    if !text.contains(['(', '&']) {
        return Kind::Passes;
    }
    let upper = text.to_ascii_uppercase();
    let calls = |name: &str| upper.contains(name);
    if calls("SUBSTITUTE(") || calls("REPT(") {
        Kind::Multiplies
    } else if text.contains('&') || calls("CONCAT") || calls("TEXTJOIN(") || calls("REPLACE(") {
        Kind::Joins
    } else if ["SUM", "COUNT", "AVERAGE", "MAX", "MIN", "ROUND", "SUBTOTAL"]
        .iter()
        .any(|name| upper.starts_with(name))
    {
        Kind::Number
    } else {
        Kind::Passes
    }
}

/// The longest text among some cells, and all of them together.
#[derive(Clone, Copy, Default)]
struct Bound {
    longest: u64,
    all: u64,
}

impl Bound {
    fn add(&mut self, text: u64) {
        self.longest = self.longest.max(text);
        self.all = self.all.saturating_add(text);
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Formula(u32),
    Cells(usize, Area),
}

/// Sheet, column, row.
type Place = (usize, u32, u32);

struct Bounds<'a> {
    prepared: &'a [Option<Prepared<'a>>],
    kinds: &'a [Kind],
    /// Formulas and long texts of the file: sheet, column, row, and the formula's number or the text's length.
    places: Vec<(Place, Result<u32, u64>)>,
    known: HashMap<Node, Bound>,
    steps: usize,
}

impl<'a> Bounds<'a> {
    fn new(problem: &Problem, prepared: &'a [Option<Prepared<'a>>], kinds: &'a [Kind]) -> Self {
        let place = |cell: &CellAt| (cell.sheet, cell.column, cell.row);
        let formulas = (0..)
            .zip(&problem.formulas)
            .map(|(index, formula)| (place(&formula.cell), Ok(index)));
        let texts = problem.constants.iter().filter_map(|(cell, value)| match value {
            Constant::Value(deskhand_operations::CellValue::Text(text)) if text.len() as u64 > SHORT => {
                Some((place(cell), Err(text.len() as u64)))
            }
            _ => None,
        });
        let mut places: Vec<_> = formulas.chain(texts).collect();
        places.sort_unstable_by_key(|place| place.0);
        Self {
            prepared,
            kinds,
            places,
            known: HashMap::new(),
            steps: 0,
        }
    }

    /// The bound of one formula's text; none where finding it takes too long.
    fn of(&mut self, formula: u32) -> Option<u64> {
        let mut stack = vec![(Node::Formula(formula), false)];
        while let Some((node, entered)) = stack.pop() {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return None;
            }
            if entered {
                let bound = self.gathered(node);
                self.known.insert(node, bound);
            } else if let Entry::Vacant(unknown) = self.known.entry(node) {
                // What reads itself is a circle, which is named elsewhere: it has no length.
                unknown.insert(Bound::default());
                stack.push((node, true));
                let before = stack.len();
                self.read(node, &mut stack);
                self.steps += stack.len() - before;
            }
        }
        Some(self.known[&Node::Formula(formula)].longest)
    }

    /// Adds what a node reads and is not known yet.
    fn read(&self, node: Node, stack: &mut Vec<(Node, bool)>) {
        match node {
            Node::Formula(index) if self.kinds[index as usize] == Kind::Number => {}
            Node::Formula(index) => {
                let ready = self.prepared[index as usize].iter();
                let reads = ready.flat_map(|ready| &ready.reads);
                stack.extend(reads.map(|(sheet, area)| (Node::Cells(*sheet, *area), false)));
            }
            Node::Cells(sheet, area) => self.each(sheet, area, |held| {
                if let Ok(index) = held {
                    stack.push((Node::Formula(index), false));
                }
            }),
        }
    }

    /// A node's bound from those that it reads.
    fn gathered(&self, node: Node) -> Bound {
        let of = |node: &Node| self.known.get(node).copied().unwrap_or_default();
        let mut bound = Bound::default();
        match node {
            Node::Cells(sheet, area) => {
                bound.add(SHORT);
                self.each(sheet, area, |held| {
                    bound.add(held.map_or_else(|length| length, |index| of(&Node::Formula(index)).longest));
                });
                // The cells that hold something short.
                bound.all = bound.all.saturating_add(area.cells().min(100_000) * 8);
            }
            Node::Formula(index) => {
                let Some(ready) = &self.prepared[index as usize] else {
                    return bound;
                };
                let mut reads = Bound::default();
                for (sheet, area) in &ready.reads {
                    let cells = of(&Node::Cells(*sheet, *area));
                    reads.longest = reads.longest.max(cells.longest);
                    reads.all = reads.all.saturating_add(cells.all);
                }
                let own = ready.text.len() as u64;
                bound.add(match self.kinds[index as usize] {
                    Kind::Number => SHORT,
                    Kind::Passes => reads.longest.max(own),
                    Kind::Joins => reads.all.saturating_add(own),
                    Kind::Multiplies => reads.all.saturating_add(own).saturating_mul(reads.longest.max(8)),
                });
            }
        }
        bound
    }

    /// The formulas and long texts of an area.
    fn each(&self, sheet: usize, area: Area, mut found: impl FnMut(Result<u32, u64>)) {
        let mut at = 0;
        let mut column = area.left;
        while column <= area.right {
            at += self.places[at..].partition_point(|(place, _)| *place < (sheet, column, area.top));
            let Some(((next_sheet, next_column, row), held)) = self.places.get(at) else {
                return;
            };
            if *next_sheet != sheet || *next_column > area.right {
                return;
            }
            if *next_column == column && *row <= area.bottom {
                found(*held);
                at += 1;
            } else {
                column = if *next_column == column {
                    column + 1
                } else {
                    *next_column
                };
            }
        }
    }
}
