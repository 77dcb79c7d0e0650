//! Elements around the cells, of a sheet or a table: places move, formulas are rewritten, what loses its place goes.

use deskhand_formula::{Axis, Holder};
use deskhand_opc::xml::Node;
use deskhand_operations::Area;

use super::edits::Edit;
use super::{Follow, anchors, corners, rules};
use crate::error::Outcome;
use crate::workbook::SheetEntry;

/// Elements that go with the last of their children.
const LISTS: &[&str] = &[
    "mergeCells",
    "dataValidations",
    "hyperlinks",
    "protectedRanges",
    "ignoredErrors",
    "cellWatches",
    "rowBreaks",
    "colBreaks",
    "sparklines",
    "sparklineGroups",
    "conditionalFormattings",
    "scenario",
    "scenarios",
    "smartTags",
    "tableParts",
    "ext",
    "extLst",
    "dataRefs",
    "webPublishItems",
];
/// Elements whose text is a formula.
const FORMULAS: &[&str] = &[
    "f",
    "formula",
    "formula1",
    "formula2",
    "calculatedColumnFormula",
    "totalsRowFormula",
];
/// Attributes that hold a formula, whatever the element.
const FORMULA_ATTRIBUTES: &[&str] = &[
    "linkedCell",
    "listFillRange",
    "fmlaLink",
    "fmlaRange",
    "fmlaGroup",
    "fmlaTxbx",
];

/// The walk over a tree of elements.
pub(super) struct Elements<'f, 'w> {
    follow: &'f mut Follow<'w>,
    sheet: &'f SheetEntry,
    /// True where places are on the sheet that is changed.
    own: bool,
    edits: Vec<Edit>,
}

/// What becomes of a list of areas.
enum Listed {
    /// It is none.
    Other,
    /// Nothing is left of it.
    Gone,
    /// This.
    Now(String),
}

/// What becomes of an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    Goes,
}

impl<'f, 'w> Elements<'f, 'w> {
    pub(super) fn new(follow: &'f mut Follow<'w>, sheet: &'f SheetEntry, own: bool) -> Self {
        Self {
            follow,
            sheet,
            own,
            edits: Vec::new(),
        }
    }

    /// The edits of an element and all inside.
    pub(super) fn of(mut self, root: Node<'_, '_>) -> Outcome<Vec<Edit>> {
        self.node(root)?;
        Ok(self.edits)
    }

    fn node(&mut self, node: Node<'_, '_>) -> Outcome<Fate> {
        let mark = self.edits.len();
        let mut fate = if self.own { self.place(node) } else { Fate::Stays };
        self.formulas(node);
        let (mut all, mut gone) = (0usize, 0usize);
        if !(self.own && node.local() == "anchor") {
            for child in node.children() {
                all += 1;
                if self.node(child)? == Fate::Goes {
                    gone += 1;
                    // The places of newer rules stand in an element of their own; a group of sparklines has colours beside
                    // them.
                    if matches!(child.local(), "sqref" | "sparklines") {
                        fate = Fate::Goes;
                    }
                }
            }
        }
        let without = node.local() == "sortState" && gone > 0 && gone == all;
        if (LISTS.contains(&node.local()) && all > 0 && gone == all) || without {
            fate = Fate::Goes;
        }
        if fate == Fate::Goes {
            self.edits.truncate(mark);
            self.edits.push(node.replace(""));
        } else if gone > 0 {
            self.count(node, gone);
        }
        Ok(fate)
    }

    /// Numbers of children that a list says.
    fn count(&mut self, node: Node<'_, '_>, gone: usize) {
        for name in ["count", "manualBreakCount"] {
            let held = node.attribute(name).and_then(|count| count.parse::<usize>().ok());
            if let Some(held) = held {
                self.edits.push(
                    node.tag()
                        .set_attribute(name, &held.saturating_sub(gone).to_string()),
                );
            }
        }
    }

    fn set(&mut self, node: Node<'_, '_>, name: &str, value: &str) {
        self.edits.push(node.tag().set_attribute(name, value));
    }

    /// Where the element says that something is.
    fn place(&mut self, node: Node<'_, '_>) -> Fate {
        match node.local() {
            "selection" => self.selection(node),
            "sheetView" | "pane" | "customSheetView" => self.view(node),
            "brk" => return self.page_break(node),
            "anchor" => self.edits.extend(anchors::control(self.follow.shift, node)),
            "filterColumn" | "columnFilter" => return self.filter(node),
            "tablePart" => {
                let id = node.prefixed("id").unwrap_or_default();
                if self.follow.tables_gone.iter().any(|(gone, _)| *gone == id) {
                    return Fate::Goes;
                }
            }
            "dimension" => {
                if self.area(node, "ref") == Fate::Goes {
                    self.set(node, "ref", "A1");
                }
                return Fate::Stays;
            }
            // The row of its buttons goes: then the filter does.
            "autoFilter" if node.parent().is_none() && self.loses_first_row(node) => {
                self.follow.warnings.push(format!(
                    "The filter of `{}` went with its first row; rows that it hid stay hidden.",
                    self.sheet.name
                ));
                return Fate::Goes;
            }
            // Sources of a consolidation say their sheet.
            "dataRef" => return self.source(node),
            "inputCells" | "cellWatch" | "cellSmartTags" => return self.area(node, "r"),
            "sheetPr" => {
                self.area(node, "syncRef");
            }
            "webPublishItem" => {
                self.area(node, "sourceRef");
            }
            "sqref" => return self.listed_text(node),
            _ => {}
        }
        if self.area(node, "ref") == Fate::Goes || self.list(node, "sqref") == Fate::Goes {
            return Fate::Goes;
        }
        Fate::Stays
    }

    fn loses_first_row(&self, node: Node<'_, '_>) -> bool {
        let area = node.attribute("ref").and_then(|area| Area::parse(&area).ok());
        let shift = self.follow.shift;
        area.is_some_and(|area| shift.axis == Axis::Rows && shift.index(area.top).is_none())
    }

    /// An attribute that holds an area or a cell.
    fn area(&mut self, node: Node<'_, '_>, name: &str) -> Fate {
        let Some(area) = node.attribute(name).and_then(|area| Area::parse(&area).ok()) else {
            return Fate::Stays;
        };
        let moved = self.follow.shift.area(area);
        // Merged cells of which one is left are merged no more.
        let single = moved.is_some_and(|moved| moved.cells() == 1) && area.cells() > 1;
        match moved {
            None => return Fate::Goes,
            Some(_) if single && node.local() == "mergeCell" => return Fate::Goes,
            Some(moved) if moved != area => self.set(node, name, &corners(moved)),
            Some(_) => {}
        }
        Fate::Stays
    }

    /// An attribute that holds a list of areas.
    fn list(&mut self, node: Node<'_, '_>, name: &str) -> Fate {
        let Some(held) = node.attribute(name).filter(|_| node.local() != "selection") else {
            return Fate::Stays;
        };
        match self.listed(&held) {
            Listed::Gone => Fate::Goes,
            Listed::Now(new) => {
                if new != held {
                    self.set(node, name, &new);
                }
                Fate::Stays
            }
            Listed::Other => Fate::Stays,
        }
    }

    fn listed_text(&mut self, node: Node<'_, '_>) -> Fate {
        let held = node.text();
        match self.listed(&held) {
            Listed::Gone => Fate::Goes,
            Listed::Now(new) => {
                if new != held {
                    self.edits.push((node.inner(), new.as_str().into()));
                }
                Fate::Stays
            }
            Listed::Other => Fate::Stays,
        }
    }

    /// A list of areas after the change.
    fn listed(&self, held: &str) -> Listed {
        let areas: Option<Vec<Area>> = held
            .split_whitespace()
            .map(|area| Area::parse(area).ok())
            .collect();
        let Some(areas) = areas.filter(|areas| !areas.is_empty()) else {
            return Listed::Other;
        };
        let moved: Vec<Option<Area>> = areas.iter().map(|area| self.follow.shift.area(*area)).collect();
        if moved
            .iter()
            .zip(&areas)
            .all(|(moved, area)| *moved == Some(*area))
        {
            return Listed::Now(held.to_owned());
        }
        let left: Vec<String> = moved.into_iter().flatten().map(corners).collect();
        if left.is_empty() {
            Listed::Gone
        } else {
            Listed::Now(left.join(" "))
        }
    }

    /// The selected cells stay selected; where they go, the cell at their place is.
    fn selection(&mut self, node: Node<'_, '_>) {
        let shift = self.follow.shift;
        let active = node
            .attribute("activeCell")
            .and_then(|cell| Area::parse(&cell).ok());
        let held = node.attribute("sqref").unwrap_or_default();
        let kept = active.map_or(Some(Area::cell(0, 0)), |cell| shift.area(cell));
        if let (Some(cell), Listed::Now(list)) = (kept, self.listed(&held)) {
            if active.is_some_and(|active| active != cell) {
                self.set(node, "activeCell", &cell.to_string());
            }
            if list != held {
                // Areas that go shift the number of the active one.
                let fewer = list.matches(' ').count() != held.matches(' ').count();
                if node.attribute("activeCellId").is_some() && fewer {
                    self.set(node, "activeCellId", "0");
                }
                self.set(node, "sqref", &list);
            }
            return;
        }
        let cell = active.unwrap_or(Area::cell(0, 0));
        let at = match shift.axis {
            Axis::Rows => Area::cell(shift.at, cell.left),
            Axis::Columns => Area::cell(cell.top, shift.at),
        };
        let at = at.to_string();
        for (name, value) in [
            ("activeCell", at.as_str()),
            ("sqref", at.as_str()),
            ("activeCellId", "0"),
        ] {
            if node.attribute(name).is_some() {
                self.set(node, name, value);
            }
        }
    }

    /// What stands at the top left is still to be seen there, but never a frozen row or column twice, and a view that
    /// was not scrolled stays at its start.
    fn view(&mut self, node: Node<'_, '_>) {
        let shift = self.follow.shift;
        let Some(cell) = node
            .attribute("topLeftCell")
            .and_then(|cell| Area::parse(&cell).ok())
        else {
            return;
        };
        let split = |name: &str| {
            let frozen = node
                .attribute("state")
                .is_some_and(|state| state.starts_with("frozen"));
            let held = node.attribute(name).and_then(|split| split.parse::<u32>().ok());
            held.filter(|_| frozen).unwrap_or_default()
        };
        let (start, held) = match shift.axis {
            Axis::Rows => (split("ySplit"), cell.top),
            Axis::Columns => (split("xSplit"), cell.left),
        };
        if held <= start {
            return;
        }
        let moved = shift.index(held).unwrap_or(shift.at).max(start);
        if moved != held {
            let cell = match shift.axis {
                Axis::Rows => Area::cell(moved, cell.left),
                Axis::Columns => Area::cell(cell.top, moved),
            };
            self.set(node, "topLeftCell", &cell.to_string());
        }
    }

    /// A page break stands before the row or column of its number.
    fn page_break(&mut self, node: Node<'_, '_>) -> Fate {
        let shift = self.follow.shift;
        let list = node.parent().map_or("", |parent| parent.local());
        let along = matches!(
            (list, shift.axis),
            ("rowBreaks", Axis::Rows) | ("colBreaks", Axis::Columns)
        );
        let Some(id) = node
            .attribute("id")
            .and_then(|id| id.parse::<u32>().ok())
            .filter(|_| along)
        else {
            return Fate::Stays;
        };
        match shift.index(id) {
            None => Fate::Goes,
            Some(new) => {
                if new != id {
                    self.set(node, "id", &new.to_string());
                }
                Fate::Stays
            }
        }
    }

    /// A filter's column is counted from the first of its area.
    fn filter(&mut self, node: Node<'_, '_>) -> Fate {
        let shift = self.follow.shift;
        let list = node.parent().and_then(|parent| parent.attribute("ref"));
        let area = list.and_then(|area| Area::parse(&area).ok());
        let id = node.attribute("colId").and_then(|id| id.parse::<u32>().ok());
        let (Some(area), Some(id), Axis::Columns) = (area, id, shift.axis) else {
            return Fate::Stays;
        };
        match (shift.index(area.left.saturating_add(id)), shift.area(area)) {
            (Some(column), Some(moved)) => {
                let new = column.saturating_sub(moved.left);
                if new != id {
                    self.set(node, "colId", &new.to_string());
                }
                Fate::Stays
            }
            _ => Fate::Goes,
        }
    }

    fn source(&mut self, node: Node<'_, '_>) -> Fate {
        let own = node
            .attribute("sheet")
            .is_some_and(|sheet| sheet.eq_ignore_ascii_case(&self.follow.sheet().name));
        if own && node.prefixed("id").is_none() {
            self.area(node, "ref")
        } else {
            Fate::Stays
        }
    }

    /// Formulas of the element: its text, its attributes.
    fn formulas(&mut self, node: Node<'_, '_>) {
        if FORMULAS.contains(&node.local()) && node.children().next().is_none() && !node.self_closing() {
            let text = node.text();
            if let Some(new) = self.rewritten(node, &text) {
                self.edits.push((node.inner(), super::text(&new).as_str().into()));
            }
        }
        for name in FORMULA_ATTRIBUTES {
            if let Some(text) = node.attribute(name) {
                let place = format!("a control on `{}`", self.sheet.name);
                if let Some(new) = self
                    .follow
                    .noted(&text, &Follow::holder(self.sheet), &|| place.clone())
                {
                    self.set(node, name, &new);
                }
            }
        }
        let held = match node.local() {
            "cfvo" => node.attribute("val").map(|text| ("val", text)),
            "hyperlink" => node.attribute("location").map(|text| ("location", text)),
            _ => None,
        };
        let Some((name, text)) = held else { return };
        let new = if name == "val" {
            self.rewritten(node, &text)
        } else {
            // A link to cells that are gone leads where it led: there is no such thing as a lost link.
            let result = self.follow.formula(&text, &Holder::Part);
            result.text.filter(|_| !result.lost)
        };
        if let Some(new) = new {
            self.set(node, name, &new);
        }
    }

    /// A formula of a rule, read from the rule's first cell, or one that stands for itself.
    fn rewritten(&mut self, node: Node<'_, '_>, text: &str) -> Option<String> {
        if let Some(areas) = ruled(node) {
            return rules::formula(self.follow, self.sheet, &areas, text);
        }
        let place = format!("a formula beside the cells of `{}`", self.sheet.name);
        self.follow
            .noted(text, &Follow::holder(self.sheet), &|| place.clone())
    }
}

/// The areas of the rule that an element belongs to; a sparkline is none.
fn ruled(node: Node<'_, '_>) -> Option<Vec<Area>> {
    let mut at = Some(node);
    while let Some(element) = at {
        if element.local() == "sparkline" {
            return None;
        }
        let list = element.attribute("sqref").map(std::borrow::Cow::into_owned);
        let list = list.or_else(|| {
            element
                .children()
                .find(|child| child.local() == "sqref")
                .map(|child| child.text())
        });
        if let Some(list) = list {
            let areas: Vec<Area> = list
                .split_whitespace()
                .filter_map(|area| Area::parse(area).ok())
                .collect();
            return (!areas.is_empty()).then_some(areas);
        }
        at = element.parent();
    }
    None
}
