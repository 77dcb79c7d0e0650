//! Conditional formats and data validations by the cells they stand for: taken away from an area, and taken along to
//! another. Rules of the extension list (Excel 2010 and later, [MS-XLSX] 2.6) are followed too.
//!
//! Formulas of a rule are relative to the top left corner of the area around all its cells, so they are rewritten where
//! that corner moves.

use std::fmt::Write as _;
use std::ops::Range;

use deskhand_formula::translate;
use deskhand_opc::xml::{Node, escape};
use deskhand_opc::{Blob, Limits};
use deskhand_operations::Area;

use crate::element_list::{Edit, Fragment};
use crate::error::Outcome;
use crate::sheet::Worksheet;
use crate::sqref;

/// Which rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleKind {
    /// `conditionalFormatting`.
    Format,
    /// `dataValidation`.
    Validation,
}

impl RuleKind {
    fn element(self) -> &'static str {
        match self {
            Self::Format => "conditionalFormatting",
            Self::Validation => "dataValidation",
        }
    }
}

/// One rule as it stands. Offsets count from its fragment's start.
struct Rule<'t, 'a> {
    node: Node<'t, 'a>,
    areas: Vec<Area>,
    /// Where its list of areas stands.
    areas_at: Range<usize>,
    /// Its formulas: where each stands, and its text.
    formulas: Vec<(Range<usize>, String)>,
}

fn rule<'t, 'a>(node: Node<'t, 'a>) -> Option<Rule<'t, 'a>> {
    let (areas, areas_at) = if let Some(held) = node.tag().find("sqref") {
        (sqref::parse(held.raw), held.value_span)
    } else {
        let held = node.children().find(|child| child.local() == "sqref")?;
        (sqref::parse(held.own_text()), held.inner())
    };
    let is_formula = |node: &Node<'_, '_>| {
        let local = node.local();
        let leaf = node.children().next().is_none();
        leaf && matches!(local, "formula" | "formula1" | "formula2" | "f") && !node.inner().is_empty()
    };
    let formulas = node
        .descendants()
        .filter(is_formula)
        .map(|node| (node.inner(), node.text()));
    Some(Rule {
        node,
        areas,
        areas_at,
        formulas: formulas.collect(),
    })
}

/// Fragments that hold rules, main ones first.
fn fragments<'a>(sheet: &Worksheet<'a>, limits: &Limits, kind: RuleKind) -> Outcome<Vec<Fragment<'a>>> {
    let holder = match kind {
        RuleKind::Format => "conditionalFormatting",
        RuleKind::Validation => "dataValidations",
    };
    let elements = sheet
        .elements
        .iter()
        .filter(|element| [holder, "extLst"].contains(&element.tag.local()));
    elements
        .map(|element| Fragment::of(sheet.content, &element.span, limits))
        .collect()
}

/// The rules of a fragment.
fn rules<'t, 'a>(fragment: &'t Fragment<'a>, kind: RuleKind) -> Vec<Rule<'t, 'a>> {
    let nodes = fragment.tree.root().descendants();
    nodes
        .filter(|node| node.local() == kind.element())
        .filter_map(rule)
        .collect()
}

/// The edits that leave no rule of a kind on an area.
pub(crate) fn take_out(
    sheet: &Worksheet<'_>,
    limits: &Limits,
    kind: RuleKind,
    area: Area,
) -> Outcome<Vec<Edit>> {
    let mut edits = Vec::new();
    for fragment in fragments(sheet, limits, kind)? {
        let mut gone: Vec<Node<'_, '_>> = Vec::new();
        for rule in rules(&fragment, kind) {
            if rule.areas.iter().all(|held| held.intersection(&area).is_none()) {
                continue;
            }
            let left: Vec<Area> = rule
                .areas
                .iter()
                .flat_map(|held| sqref::without(*held, area))
                .collect();
            if left.is_empty() {
                gone.push(rule.node);
                continue;
            }
            let own = narrowed(&rule, &left);
            edits.extend(own.into_iter().map(|edit| fragment.edit(edit)));
        }
        edits.extend(removed(&gone).into_iter().map(|edit| fragment.edit(edit)));
    }
    Ok(edits)
}

/// The edits by which the rules of an area stand for copies of its parts too, each moved by rows and columns on its sheet.
pub(crate) fn extend(
    sheet: &Worksheet<'_>,
    limits: &Limits,
    kind: RuleKind,
    copies: &[(Area, (i64, i64))],
) -> Outcome<Vec<Edit>> {
    let mut edits = Vec::new();
    for fragment in fragments(sheet, limits, kind)? {
        for rule in rules(&fragment, kind) {
            let more = copies.iter().flat_map(|(part, (rows, columns))| {
                let inside = rule.areas.iter().filter_map(|held| held.intersection(part));
                inside.filter_map(|area| sqref::moved(area, *rows, *columns))
            });
            let more: Vec<Area> = more.collect();
            if more.is_empty() {
                continue;
            }
            let areas = sqref::joined([rule.areas.clone(), more].concat());
            let own = narrowed(&rule, &areas);
            edits.extend(own.into_iter().map(|edit| fragment.edit(edit)));
        }
    }
    Ok(edits)
}

/// The edits that leave a rule these areas.
fn narrowed(rule: &Rule<'_, '_>, left: &[Area]) -> Vec<Edit> {
    let mut edits: Vec<Edit> = vec![(rule.areas_at.clone(), sqref::written(left).into())];
    let (rows, columns) = moves(&rule.areas, left);
    if (rows, columns) != (0, 0) {
        for (at, formula) in &rule.formulas {
            let text = translate(formula, rows, columns);
            edits.push((at.clone(), escape(&text).as_ref().into()));
        }
    }
    edits
}

/// How far the corner moves.
fn moves(before: &[Area], after: &[Area]) -> (i64, i64) {
    let ((top, left), (new_top, new_left)) = (sqref::corner(before), sqref::corner(after));
    (
        i64::from(new_top) - i64::from(top),
        i64::from(new_left) - i64::from(left),
    )
}

/// The edits that take nodes out, and with them every holder that would be left empty; counts are kept true.
fn removed(gone: &[Node<'_, '_>]) -> Vec<Edit> {
    let mut spans: Vec<Range<usize>> = gone.iter().map(Node::span).collect();
    let mut holders: Vec<Node<'_, '_>> = gone.iter().filter_map(Node::parent).collect();
    let mut edits = Vec::new();
    while !holders.is_empty() {
        holders.sort_by_key(|node| node.span().start);
        holders.dedup_by_key(|node| node.span().start);
        let mut above = Vec::new();
        for holder in &holders {
            let stays = |node: &Node<'_, '_>| !spans.contains(&node.span());
            let left = holder.children().filter(stays).count();
            if left == 0 {
                spans.push(holder.span());
                above.extend(holder.parent());
            } else if holder.tag().find("count").is_some() {
                edits.push(holder.tag().set_attribute("count", &left.to_string()));
            }
        }
        holders = above;
    }
    // The outermost ones alone: spans inside them go with them.
    let outer = spans.iter().filter(|span| {
        let inside =
            |other: &&Range<usize>| other.start <= span.start && span.end <= other.end && other != span;
        !spans.iter().any(|other| inside(&other))
    });
    edits.retain(|(at, _): &Edit| {
        !spans
            .iter()
            .any(|span| span.start <= at.start && at.end <= span.end)
    });
    edits.extend(outer.map(|span| (span.clone(), Blob::default())));
    edits
}

/// A rule to be put elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Its cells inside the copied area.
    areas: Vec<Area>,
    /// What its formulas are relative to.
    corner: (u32, u32),
    xml: Vec<Segment>,
}

/// A run of a rule's XML.
#[derive(Clone, Debug)]
enum Segment {
    Plain(String),
    /// The list of areas.
    Areas,
    Formula(String),
}

impl Piece {
    /// The rule on all copies of its cells, each moved by rows and columns.
    pub(crate) fn on(&self, moves: &[(i64, i64)]) -> String {
        let moved = moves.iter().flat_map(|(rows, columns)| {
            self.areas
                .iter()
                .filter_map(|area| sqref::moved(*area, *rows, *columns))
        });
        let areas: Vec<Area> = moved.collect();
        let (row, column) = sqref::corner(&areas);
        let rows = i64::from(row) - i64::from(self.corner.0);
        let columns = i64::from(column) - i64::from(self.corner.1);
        let mut xml = String::new();
        for segment in &self.xml {
            match segment {
                Segment::Plain(text) => xml.push_str(text),
                Segment::Areas => xml.push_str(&sqref::written(&areas)),
                Segment::Formula(formula) => xml.push_str(&escape(&translate(formula, rows, columns))),
            }
        }
        xml
    }
}

/// The rules of an area. Conditional formats that only newer versions know stay behind.
pub(crate) fn pieces(
    sheet: &Worksheet<'_>,
    limits: &Limits,
    kind: RuleKind,
    area: Area,
    prefix: &str,
) -> Outcome<Vec<Piece>> {
    let mut pieces = Vec::new();
    for fragment in fragments(sheet, limits, kind)? {
        let is_extension = fragment.tree.root().local() == "extLst";
        if kind == RuleKind::Format && (is_extension || sheet.prefix != prefix) {
            continue;
        }
        for rule in rules(&fragment, kind) {
            let areas: Vec<Area> = rule
                .areas
                .iter()
                .filter_map(|held| held.intersection(&area))
                .collect();
            if areas.is_empty() {
                continue;
            }
            pieces.push(Piece {
                areas,
                corner: sqref::corner(&rule.areas),
                xml: match kind {
                    RuleKind::Validation => validation(&rule, prefix),
                    RuleKind::Format => format(sheet, &fragment, &rule),
                },
            });
        }
    }
    Ok(pieces)
}

/// A data validation written anew, so that one of the extension list becomes a plain one.
fn validation(rule: &Rule<'_, '_>, p: &str) -> Vec<Segment> {
    let mut before = format!("<{p}dataValidation");
    for attribute in rule.node.tag().attributes() {
        if attribute.name != "sqref" && !attribute.name.contains(':') {
            let value = attribute.raw.replace('"', "&quot;");
            let _ = write!(before, r#" {}="{value}""#, attribute.name);
        }
    }
    before.push_str(" sqref=\"");
    let mut xml = vec![
        Segment::Plain(before),
        Segment::Areas,
        Segment::Plain("\">".to_owned()),
    ];
    for node in rule.node.children() {
        let local = node.local();
        if matches!(local, "formula1" | "formula2") && !node.text().is_empty() {
            xml.push(Segment::Plain(format!("<{p}{local}>")));
            xml.push(Segment::Formula(node.text()));
            xml.push(Segment::Plain(format!("</{p}{local}>")));
        }
    }
    xml.push(Segment::Plain(format!("</{p}dataValidation>")));
    xml
}

/// A conditional format with its bytes kept and its ties to the extension list cut.
fn format(sheet: &Worksheet<'_>, fragment: &Fragment<'_>, rule: &Rule<'_, '_>) -> Vec<Segment> {
    let mut cuts: Vec<(Range<usize>, Option<Segment>)> = vec![(rule.areas_at.clone(), Some(Segment::Areas))];
    let ties: Vec<Range<usize>> = rule
        .node
        .descendants()
        .filter(|node| node.local() == "extLst")
        .map(|node| node.span())
        .collect();
    for (at, formula) in &rule.formulas {
        if !ties.iter().any(|tie| tie.contains(&at.start)) {
            cuts.push((at.clone(), Some(Segment::Formula(formula.clone()))));
        }
    }
    cuts.extend(ties.into_iter().map(|tie| (tie, None)));
    cuts.sort_by_key(|(at, _)| at.start);
    let text = |span: Range<usize>| {
        let bytes = &sheet.content[fragment.place(span)];
        Segment::Plain(String::from_utf8_lossy(bytes).into_owned())
    };
    let span = rule.node.span();
    let (mut xml, mut at) = (Vec::new(), span.start);
    for (place, segment) in cuts {
        xml.push(text(at..place.start.max(at)));
        xml.extend(segment);
        at = place.end.max(at);
    }
    xml.push(text(at..span.end));
    xml
}

/// The highest priority number of a sheet's conditional formats, those of the extension list included.
pub(crate) fn last_priority(sheet: &Worksheet<'_>, limits: &Limits) -> Outcome<u32> {
    let mut last = 0;
    for fragment in fragments(sheet, limits, RuleKind::Format)? {
        let rules = fragment.tree.root().descendants();
        let priorities = rules
            .filter(|node| node.local() == "cfRule")
            .filter_map(|node| node.attribute("priority")?.parse::<u32>().ok());
        last = last.max(priorities.max().unwrap_or_default());
    }
    Ok(last)
}

/// The edits that put all conditional formats of a sheet behind some new ones.
pub(crate) fn later(sheet: &Worksheet<'_>, limits: &Limits, by: u32) -> Outcome<Vec<Edit>> {
    let mut edits = Vec::new();
    for fragment in fragments(sheet, limits, RuleKind::Format)? {
        let rules = fragment.tree.root().descendants();
        for node in rules.filter(|node| node.local() == "cfRule") {
            let held = node
                .attribute("priority")
                .and_then(|held| held.parse::<u32>().ok());
            if let Some(held) = held {
                let moved = held.saturating_add(by).to_string();
                edits.push(fragment.edit(node.tag().set_attribute("priority", &moved)));
            }
        }
    }
    Ok(edits)
}

/// Conditional formats with the priorities that come after the last one, in their order.
pub(crate) fn renumbered(xml: &str, last: &mut u32) -> String {
    let mut numbered = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some(at) = rest.find(" priority=") {
        let value = at + " priority=".len() + 1;
        let quote = &rest[value - 1..value];
        let end = rest[value..].find(quote).map_or(rest.len(), |end| value + end);
        *last += 1;
        let _ = write!(numbered, "{}{last}", &rest[..value]);
        rest = &rest[end..];
    }
    numbered.push_str(rest);
    numbered
}
