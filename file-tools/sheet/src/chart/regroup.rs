//! Another kind for a chart or for some of its series: series move between groups, and axes follow.

use std::fmt::Write as _;
use std::ops::Range;

use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Ns, Tree};
use deskhand_operations::workbook::{ChartLook, SeriesLook};
use deskhand_operations::{ChartKind, RefusalCode};

use super::edit::{Edits, find, form_of, last_of, plot, with};
use super::form::{self, Axes, Form};
use super::read::{Plot, Plotted};
use super::{axes, series, standing, write};
use crate::error::{Outcome, refuse};

/// Gives the chart another kind, and single series theirs.
pub(crate) fn kinds(
    draft: &mut Draft,
    part: &str,
    kind: Option<ChartKind>,
    looks: &[SeriesLook],
) -> Outcome<()> {
    let moves = |look: &SeriesLook| look.kind.is_some() || look.secondary.is_some();
    if kind.is_none() && !looks.iter().any(moves) {
        return Ok(());
    }
    with(draft, part, |tree, content| {
        let plot = plot(tree)?;
        let targets = targets(&plot, kind, looks)?;
        write::check_combination(&targets)?;
        let stays = |(series, (form, secondary)): (&Plotted<'_, '_>, &(Form, bool))| {
            series.group.form == Some(*form) && series.group.secondary == *secondary
        };
        if plot.series.iter().zip(&targets).all(stays) {
            return Ok(Edits::new());
        }
        let rebuilt = Rebuilt {
            tree,
            content,
            plot: &plot,
            targets: &targets,
        };
        rebuilt.edits()
    })
}

/// What each series is to be.
fn targets(plot: &Plot<'_, '_>, kind: Option<ChartKind>, looks: &[SeriesLook]) -> Outcome<Vec<(Form, bool)>> {
    let mut targets = Vec::new();
    for series in &plot.series {
        let own = form_of(series)?;
        let form = kind.map_or(own, form::of);
        let apart = form.axes != Axes::None && form.element != "radarChart";
        targets.push((form, series.group.secondary && apart));
    }
    if kind.is_some() && !targets.is_empty() && targets.iter().all(|(_, secondary)| *secondary) {
        for (_, secondary) in &mut targets {
            *secondary = false;
        }
    }
    for look in looks {
        let (form, secondary) = &mut targets[find(plot, &look.series)?];
        *form = look.kind.map_or(*form, form::of);
        *secondary = look.secondary.unwrap_or(*secondary);
    }
    Ok(targets)
}

struct Rebuilt<'t, 'a> {
    tree: &'t Tree<'a>,
    content: &'a [u8],
    plot: &'t Plot<'t, 'a>,
    targets: &'t [(Form, bool)],
}

impl Rebuilt<'_, '_> {
    fn edits(&self) -> Outcome<Edits> {
        let (Some(first), Some(last)) = (self.plot.groups.first(), self.plot.groups.last()) else {
            return Ok(Edits::new());
        };
        let mut text = self.groups()?;
        let mut edits = Edits::new();
        for secondary in [false, true] {
            self.axes(secondary, &mut text, &mut edits);
        }
        edits.push((first.node.span().start..last.node.span().end, text.into()));
        Ok(edits)
    }

    fn raw(&self, span: Range<usize>) -> &str {
        std::str::from_utf8(&self.content[span]).unwrap_or_default()
    }

    /// All groups: those that were there with the series that stay or come, then new ones.
    fn groups(&self) -> Outcome<String> {
        let mut placed = vec![false; self.targets.len()];
        let mut parts: Vec<(bool, u32, String)> = Vec::new();
        for group in &self.plot.groups {
            let belongs = |index: &usize| {
                let (form, secondary) = self.targets[*index];
                secondary == group.secondary && group.form.is_some_and(|own| own.joins(&form))
            };
            let of_group = |index: &usize| self.plot.series[*index].group.node.span() == group.node.span();
            let mut members: Vec<usize> = (0..self.targets.len())
                .filter(|index| belongs(index) && !placed[*index])
                .collect();
            // A group that only differs in detail, stacked or lying, stays and is told so.
            let turned = self.turned(group.node, &members, &placed);
            if members.is_empty() {
                members.clone_from(&turned);
            }
            if !members.iter().any(of_group) {
                continue;
            }
            for index in &members {
                placed[*index] = true;
            }
            let depth = group.form.map_or(0, |form| form.depth());
            parts.push((group.secondary, depth, self.group(group.node, &members)?));
        }
        for (index, (form, secondary)) in self.targets.iter().enumerate() {
            if placed[index] {
                continue;
            }
            let joining = |other: &usize| {
                let (own, side) = self.targets[*other];
                !placed[*other] && side == *secondary && own.joins(form)
            };
            let members: Vec<usize> = (index..self.targets.len()).filter(joining).collect();
            let mut inner = String::new();
            for member in &members {
                inner.push_str(&self.series(*member)?);
            }
            for member in &members {
                placed[*member] = true;
            }
            let xml = write::group(*form, &inner, self.pair(*secondary));
            parts.push((
                *secondary,
                form.depth(),
                standing(self.tree.root(), self.tree.is_strict(), &xml),
            ));
        }
        parts.sort_by_key(|(secondary, depth, _)| (*secondary, *depth));
        Ok(parts.into_iter().map(|(_, _, xml)| xml).collect())
    }

    /// All series of a group, where all turn into one other form of the same element on the same side.
    fn turned(&self, group: Node<'_, '_>, staying: &[usize], placed: &[bool]) -> Vec<usize> {
        let own: Vec<usize> = (0..self.targets.len())
            .filter(|index| self.plot.series[*index].group.node.span() == group.span())
            .collect();
        let Some(first) = own.first() else {
            return Vec::new();
        };
        let (form, secondary) = self.targets[*first];
        let alike = own.iter().all(|index| {
            let (other, side) = self.targets[*index];
            !placed[*index] && side == secondary && other.joins(&form)
        });
        let same_side = self.plot.series[*first].group.secondary == secondary;
        if staying.is_empty() && alike && same_side && form.element == group.local() {
            own
        } else {
            Vec::new()
        }
    }

    /// A group that stays, with these series and no others.
    fn group(&self, group: Node<'_, '_>, members: &[usize]) -> Outcome<String> {
        let form = self.targets[members[0]].0;
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut set = |name: &str, value: Option<&str>| {
            if let (Some(node), Some(value)) = (group.child(name), value) {
                let (span, xml) = node.tag().set_attribute("val", value);
                edits.push((span, String::from_utf8_lossy(&xml).into_owned()));
            }
        };
        set("grouping", form.grouping);
        if form.element == "barChart" {
            set("barDir", Some(if form.lying { "bar" } else { "col" }));
            set(
                "overlap",
                Some(if form.grouping == Some("clustered") {
                    "0"
                } else {
                    "100"
                }),
            );
        }
        if form.element == "barChart"
            && form.grouping != Some("clustered")
            && group.child("overlap").is_none()
        {
            let before = group.child("gapWidth").unwrap_or_else(|| last_of(group));
            let xml = standing(
                self.tree.root(),
                self.tree.is_strict(),
                r#"<c:overlap val="100"/>"#,
            );
            edits.push((before.span().end..before.span().end, xml));
        }
        let own = group.children().filter(|node| node.is(Ns::Chart, "ser"));
        let mut joining = String::new();
        for index in members {
            let held = &self.plot.series[*index];
            let here = held.group.node.span() == group.span();
            let same = held.group.form == Some(self.targets[*index].0);
            match (here, same) {
                (true, true) => {}
                (true, false) => edits.push((held.node.span(), self.series(*index)?)),
                (false, _) => joining.push_str(&self.series(*index)?),
            }
        }
        for ser in own {
            if !members
                .iter()
                .any(|index| self.plot.series[*index].node.span() == ser.span())
            {
                edits.push((ser.span(), String::new()));
            }
        }
        let end = last_of(group).span().end;
        edits.push((end..end, joining));
        Ok(cut(self.content, group.span(), edits))
    }

    fn pair(&self, secondary: bool) -> axes::Pair {
        let pair = self.plot.pair(secondary);
        let primary = self.plot.pair(false);
        // Both sides are new where a pie gets axes: then the second pair has its own numbers.
        if secondary && pair.across == primary.across {
            return axes::Pair {
                across: pair.across + 2,
                values: pair.values + 2,
                secondary,
            };
        }
        pair
    }

    /// The axes of one side: kept, turned, written anew or taken out.
    fn axes(&self, secondary: bool, text: &mut String, edits: &mut Edits) {
        let form = self
            .targets
            .iter()
            .find(|(_, side)| *side == secondary)
            .map(|(form, _)| *form);
        let wanted = form.map(|form| form.axes).filter(|axes| *axes != Axes::None);
        let held = self.plot.axes_of(secondary).filter(|axes| *axes != Axes::None);
        if wanted == held {
            if let Some(form) = form {
                self.turn(form, secondary, edits);
            }
            return;
        }
        edits.extend(self.plot.axes(secondary).into_iter().map(|axis| axis.replace("")));
        if let (Some(form), Some(_)) = (form, wanted) {
            let (data, pair) = (self.plot.data(), self.pair(secondary));
            let first = self
                .targets
                .iter()
                .position(|(_, side)| *side == secondary)
                .unwrap_or_default();
            let format = &data.series[first].values.format;
            let xml = axes::pair(form, pair, &data, format, &ChartLook::default());
            for axis in split(&xml) {
                text.push_str(&standing(self.tree.root(), self.tree.is_strict(), axis));
            }
        }
    }

    /// Axes that stay follow bars that lie down or stand up, and shares that come or go.
    fn turn(&self, form: Form, secondary: bool, edits: &mut Edits) {
        let Some((values, across)) = self.plot.value_axis(secondary) else {
            return;
        };
        let group = self.plot.groups.iter().find(|group| group.secondary == secondary);
        let Some(before) = group.and_then(|group| group.form) else {
            return;
        };
        if before.lying != form.lying && form.axes == Axes::Categories {
            let positions = match (form.lying, secondary) {
                (true, false) => ["l", "b"],
                (true, true) => ["r", "t"],
                (false, false) => ["b", "l"],
                (false, true) => ["t", "r"],
            };
            for (axis, position) in [across, values].into_iter().zip(positions) {
                edits.extend(
                    axis.child("axPos")
                        .map(|node| node.tag().set_attribute("val", position)),
                );
            }
        }
        // The values of bars that were read from the top stood below by this.
        let far = values
            .child("crosses")
            .filter(|node| node.attribute("val").is_some_and(|at| at == "max"));
        if let Some(node) = far.filter(|_| before.lying && !form.lying && !secondary) {
            edits.push(node.tag().set_attribute("val", "autoZero"));
        }
        let linked = values.child("numFmt").filter(|node| {
            node.attribute("sourceLinked")
                .is_some_and(|linked| crate::workbook::is_true(&linked))
        });
        if let Some(node) = linked.filter(|_| before.shares() != form.shares()) {
            let data = self.plot.data();
            let of_cells = data
                .series
                .first()
                .map_or("General", |series| series.values.format.as_str());
            edits.push(
                node.tag()
                    .set_attribute("formatCode", if form.shares() { "0%" } else { of_cells }),
            );
        }
    }

    /// A series as its new group wants it.
    fn series(&self, index: usize) -> Outcome<String> {
        let held = &self.plot.series[index];
        let (from, to) = (form_of(held)?, self.targets[index].0);
        if to.kind == ChartKind::Bubble && held.node.child("bubbleSize").is_none() {
            return refuse(
                RefusalCode::BadInput,
                "A bubble chart needs sizes: add a chart from a range that has them; nothing was changed.",
            );
        }
        let mut out = self.raw(held.node.tag().span.clone()).to_owned();
        self.keep(&mut out, held, &["idx", "order", "tx"]);
        self.looks(&mut out, held, index, (from, to));
        if from.axes == to.axes
            && to
                .grouping
                .is_none_or(|grouping| matches!(grouping, "clustered" | "standard"))
        {
            self.keep(&mut out, held, &["trendline", "errBars"]);
        }
        for (name, other) in [("cat", "xVal"), ("val", "yVal")] {
            let Some(node) = held.node.child(name).or_else(|| held.node.child(other)) else {
                continue;
            };
            let local = if to.axes == Axes::Values { other } else { name };
            let wrapper = format!("{}{local}", node.prefix_colon());
            let _ = write!(out, "<{wrapper}>{}</{wrapper}>", self.raw(node.inner()));
        }
        if to.kind == ChartKind::Bubble {
            self.keep(&mut out, held, &["bubbleSize", "bubble3D"]);
        } else if from.element == to.element {
            self.keep(&mut out, held, &["smooth", "shape"]);
        } else {
            out.push_str(&standing(
                self.tree.root(),
                self.tree.is_strict(),
                series::tail(to),
            ));
        }
        self.keep(&mut out, held, &["extLst"]);
        let _ = write!(out, "</{}>", held.node.tag().name);
        Ok(out)
    }

    /// Children of a series as they stand.
    fn keep(&self, out: &mut String, held: &Plotted<'_, '_>, names: &[&str]) {
        for name in names {
            for node in held.node.children().filter(|node| node.local() == *name) {
                out.push_str(self.raw(node.span()));
            }
        }
    }

    /// Shape, marks and labels: kept where the new kind has the same, otherwise made in the colour of the old ones.
    fn looks(&self, out: &mut String, held: &Plotted<'_, '_>, index: usize, (from, to): (Form, Form)) {
        let stand = |xml: &str| standing(self.tree.root(), self.tree.is_strict(), xml);
        let fill = held
            .node
            .child("spPr")
            .and_then(color)
            .map(|node| self.raw(node.span()).to_owned());
        if from.filled() == to.filled() && ![from.kind, to.kind].contains(&ChartKind::Scatter) {
            self.keep(out, held, &["spPr"]);
        } else {
            out.push_str(&stand(&series::shape(to, index, fill.as_deref())));
        }
        if from.element == to.element && from.markers == to.markers {
            let same = ["invertIfNegative", "pictureOptions", "marker", "explosion", "dPt"];
            self.keep(out, held, &same);
        } else {
            out.push_str(&stand(&series::after_shape(to, index, fill.as_deref())));
        }
        for labels in held.node.children().filter(|node| node.local() == "dLbls") {
            // Where labels may stand differs from kind to kind.
            let places = labels.descendants().filter(|node| node.is(Ns::Chart, "dLblPos"));
            let places = places.map(|node| (node.span(), String::new())).collect();
            out.push_str(&cut(self.content, labels.span(), places));
        }
    }
}

/// The first plain colour in a shape's properties.
fn color<'t, 'a>(shape: Node<'t, 'a>) -> Option<Node<'t, 'a>> {
    shape.descendants().find(|node| node.is(Ns::Drawing, "solidFill"))
}

/// A stretch of a part with pieces of it replaced.
fn cut(content: &[u8], span: Range<usize>, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut out, mut at) = (String::new(), span.start);
    let text = |range: Range<usize>| std::str::from_utf8(&content[range]).unwrap_or_default();
    for (range, new) in edits {
        out.push_str(text(at..range.start.max(at)));
        out.push_str(&new);
        at = range.end.max(at);
    }
    out.push_str(text(at..span.end));
    out
}

/// Axes written one after another, apart.
fn split(xml: &str) -> Vec<&str> {
    let end = xml.find("Ax><c:").map_or(xml.len(), |at| at + 3);
    [&xml[..end], &xml[end..]]
        .into_iter()
        .filter(|axis| !axis.is_empty())
        .collect()
}
