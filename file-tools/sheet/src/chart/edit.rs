//! Changes to a chart that is there, by byte spans: its data, its title, the looks of its series.

use std::ops::Range;

use deskhand_opc::xml::{Node, Ns, Tree, escape};
use deskhand_opc::{Blob, Draft};
use deskhand_operations::RefusalCode;
use deskhand_operations::workbook::SeriesLook;

use super::data::Data;
use super::form::{self, Form};
use super::order::{CHART, SERIES};
use super::read::{self, Plot, Plotted};
use super::series::{self, Drawn};
use super::{axes, standing, write};
use crate::error::{Outcome, refuse};

/// Edits of one part.
pub(crate) type Edits = Vec<(Range<usize>, Blob)>;

/// Reads the part, lets `change` find the edits, and makes them.
pub(crate) fn with(
    draft: &mut Draft,
    part: &str,
    change: impl FnOnce(&Tree<'_>, &[u8]) -> Outcome<Edits>,
) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let edits = change(&tree, &content)?;
    Ok(draft.edit(part, edits)?)
}

/// The plot of a chart, or the refusal for one that has none.
pub(crate) fn plot<'t, 'a>(tree: &'t Tree<'a>) -> Outcome<Plot<'t, 'a>> {
    match read::plot(tree) {
        Some(plot) if !plot.groups.is_empty() => Ok(plot),
        _ => refuse(
            RefusalCode::Unsupported,
            "The chart draws nothing; nothing was changed.",
        ),
    }
}

/// Sets children of an element that follow an order, `val` by `val`.
pub(crate) struct Setting<'t, 'a> {
    pub(crate) parent: Node<'t, 'a>,
    pub(crate) order: &'static [&'static str],
    pub(crate) root: Node<'t, 'a>,
    pub(crate) strict: bool,
}

impl Setting<'_, '_> {
    /// Where a child of this name would stand.
    pub(crate) fn insert(&self, name: &str, xml: &str) -> (Range<usize>, Blob) {
        let rank = |local: &str| {
            self.order
                .iter()
                .position(|known| *known == local)
                .unwrap_or(self.order.len())
        };
        let own = rank(name);
        let xml = standing(self.root, self.strict, xml);
        let before = self
            .parent
            .children()
            .filter(|node| rank(node.local()) < own)
            .last();
        before.map_or_else(|| self.parent.prepend(&xml), |node| node.after(&xml))
    }

    /// Sets `val`; the child comes where it was not.
    pub(crate) fn value(&self, name: &str, value: &str) -> (Range<usize>, Blob) {
        match self.parent.child(name) {
            Some(node) => node.tag().set_attribute("val", value),
            None => self.insert(name, &format!(r#"<c:{name} val="{}"/>"#, escape(value))),
        }
    }

    /// Puts an element in the place of the child of its name, or in where there was none.
    pub(crate) fn put(&self, name: &str, xml: &str) -> (Range<usize>, Blob) {
        match self.parent.child(name) {
            Some(node) => node.replace(&standing(self.root, self.strict, xml)),
            None => self.insert(name, xml),
        }
    }
}

/// Draws other data: each series refers to new cells, with their values in its caches. Series are taken in their order;
/// those that have no data any more go, and new ones come at the end.
pub(crate) fn data(draft: &mut Draft, part: &str, data: &Data) -> Outcome<()> {
    with(draft, part, |tree, _| {
        if tree.root().child("pivotSource").is_some() {
            return refuse(
                RefusalCode::Unsupported,
                "The chart draws a pivot table, which gives it its data; nothing was changed.",
            );
        }
        let plot = plot(tree)?;
        let mut edits = Edits::new();
        for (series, new) in plot.series.iter().zip(&data.series) {
            edits.extend(refer(tree, series, new, data));
        }
        let gone = &plot.series[data.series.len().min(plot.series.len())..];
        for group in &plot.groups {
            let of_group = |series: &&Plotted<'_, '_>| series.group.node.span() == group.node.span();
            let (all, leaving) = (
                plot.series.iter().filter(of_group).count(),
                gone.iter().filter(of_group).count(),
            );
            if leaving == 0 {
                continue;
            }
            if leaving == all && all < plot.series.len() {
                return refuse(
                    RefusalCode::BadInput,
                    "The new data have too few series for the combination that the chart is; nothing was changed.",
                );
            }
            edits.extend(gone.iter().filter(of_group).map(|series| series.node.replace("")));
        }
        let more = data.series.get(plot.series.len()..).unwrap_or_default();
        if let (Some(last), false) = (plot.series.last(), more.is_empty()) {
            let Some(form) = last.group.form else {
                return refuse(
                    RefusalCode::Unsupported,
                    format!(
                        "The data have more series than the chart, and none can be added to a `{}` chart; nothing was changed.",
                        form::called(last.group.node)
                    ),
                );
            };
            let from = next_index(&plot);
            let added: String = (from..)
                .zip(more)
                .map(|(index, new)| series::xml(form, index, new, data, &Drawn::default()))
                .map(|xml| standing(tree.root(), tree.is_strict(), &xml))
                .collect();
            edits.push(last_of(last.group.node).after(&added));
        }
        Ok(edits)
    })
}

/// An index and place in the order that no series has.
fn next_index(plot: &Plot<'_, '_>) -> usize {
    let numbers = plot
        .series
        .iter()
        .flat_map(|series| ["idx", "order"].map(|name| read::value(series.node, name)));
    numbers
        .flatten()
        .filter_map(|number| number.parse::<usize>().ok())
        .max()
        .map_or(0, |most| most + 1)
}

/// The last series of a group.
pub(crate) fn last_of<'t, 'a>(group: Node<'t, 'a>) -> Node<'t, 'a> {
    group
        .children()
        .filter(|node| node.is(Ns::Chart, "ser"))
        .last()
        .unwrap_or(group)
}

/// The edits that make a series refer to new cells.
fn refer(tree: &Tree<'_>, held: &Plotted<'_, '_>, new: &super::data::Series, data: &Data) -> Edits {
    let setting = Setting {
        parent: held.node,
        order: SERIES,
        root: tree.root(),
        strict: tree.is_strict(),
    };
    let mut edits = Edits::new();
    match (&new.name, held.node.child("tx")) {
        (Some(name), _) => edits.push(setting.put("tx", &series::tx(name))),
        // A name that was typed stays; one that stood in cells of the old data goes.
        (None, Some(tx)) if tx.child("strRef").is_some() => edits.push(tx.replace("")),
        (None, _) => {}
    }
    let points = held.node.child("yVal").is_some() || held.node.child("xVal").is_some();
    let form = held.group.form.unwrap_or_else(|| {
        form::of(if points {
            deskhand_operations::ChartKind::Scatter
        } else {
            deskhand_operations::ChartKind::Line
        })
    });
    let [categories, values, sizes] = series::references(form, new, data);
    let names = if points {
        ["xVal", "yVal", "bubbleSize"]
    } else {
        ["cat", "val", "bubbleSize"]
    };
    for (name, xml) in names.into_iter().zip([categories, values, sizes]) {
        match (held.node.child(name), xml.is_empty()) {
            (Some(node), true) => edits.push(node.replace("")),
            (_, true) => {}
            (_, false) => edits.push(setting.put(name, &xml)),
        }
    }
    edits
}

/// Sets the title; the empty string takes it away.
pub(crate) fn title(draft: &mut Draft, part: &str, text: &str) -> Outcome<()> {
    with(draft, part, |tree, _| {
        let Some(chart) = read::chart(tree) else {
            return refuse(
                RefusalCode::Unsupported,
                "The chart is empty; nothing was changed.",
            );
        };
        let setting = Setting {
            parent: chart,
            order: CHART,
            root: tree.root(),
            strict: tree.is_strict(),
        };
        let mut edits = retitle(&setting, text, 1400, false);
        let deleted = if text.trim().is_empty() { "1" } else { "0" };
        edits.push(setting.value("autoTitleDeleted", deleted));
        // Both go in front of what follows: one insertion.
        Ok(joined(edits))
    })
}

/// Insertions at one place as one, in their order.
pub(crate) fn joined(edits: Edits) -> Edits {
    let mut joined: Edits = Vec::new();
    for (span, xml) in edits {
        match joined
            .iter_mut()
            .find(|(known, _)| *known == span && span.is_empty())
        {
            Some((_, held)) => {
                let both = [held.to_vec(), xml.to_vec()].concat();
                *held = both.into();
            }
            None => joined.push((span, xml)),
        }
    }
    joined
}

/// Sets the title of a chart or an axis: the words change, their looks stay.
pub(crate) fn retitle(setting: &Setting<'_, '_>, text: &str, size: u32, upright: bool) -> Edits {
    let held = setting.parent.child("title");
    if text.trim().is_empty() {
        return held.map(|title| title.replace("")).into_iter().collect();
    }
    let new = axes::title(text, size, upright);
    let Some(title) = held else {
        return vec![setting.insert("title", &new)];
    };
    let rich = title.child("tx").and_then(|tx| tx.child("rich"));
    let run = rich.and_then(|rich| rich.descendants().find(|node| node.is(Ns::Drawing, "r")));
    let words = run.and_then(|run| run.child("t"));
    let (Some(rich), Some(run), Some(words), false) = (rich, run, words, text.contains('\n')) else {
        return vec![title.replace(&standing(setting.root, setting.strict, &new))];
    };
    let escaped = escape(text).into_owned();
    let mut edits = if words.self_closing() {
        vec![words.append(&escaped)]
    } else {
        vec![(words.inner(), escaped.into())]
    };
    let own = run.parent();
    for paragraph in rich.children().filter(|node| node.is(Ns::Drawing, "p")) {
        if own.is_some_and(|own| own.span() != paragraph.span()) {
            edits.push(paragraph.replace(""));
        }
    }
    let beside = own.into_iter().flat_map(|own| own.children());
    let other = beside.filter(|node| matches!(node.local(), "r" | "br" | "fld") && node.span() != run.span());
    edits.extend(other.map(|node| node.replace("")));
    edits
}

/// Colours and labels of series.
pub(crate) fn looks(draft: &mut Draft, part: &str, looks: &[SeriesLook]) -> Outcome<()> {
    for look in looks {
        with(draft, part, |tree, _| {
            let plot = plot(tree)?;
            let series = &plot.series[find(&plot, &look.series)?];
            let setting = Setting {
                parent: series.node,
                order: SERIES,
                root: tree.root(),
                strict: tree.is_strict(),
            };
            let mut edits = Edits::new();
            if let Some(color) = &look.color {
                edits.extend(recolor(&setting, series, &write::fill(color)?));
            }
            if let Some(labels) = look.labels {
                edits.extend(relabel(&setting, series, labels));
            }
            Ok(joined(edits))
        })?;
    }
    Ok(())
}

/// A series of a chart that is there.
pub(crate) fn find(plot: &Plot<'_, '_>, wanted: &str) -> Outcome<usize> {
    if let Some(index) = plot.find(wanted) {
        return Ok(index);
    }
    let known: Vec<&str> = plot
        .series
        .iter()
        .take(20)
        .map(|series| series.name.as_str())
        .collect();
    refuse(
        RefusalCode::NotFound,
        format!(
            "There is no series `{wanted}`; the series are {}.",
            known.join(", ")
        ),
    )
}

const FILLS: &[&str] = &[
    "noFill",
    "solidFill",
    "gradFill",
    "blipFill",
    "pattFill",
    "grpFill",
];

/// The fill among the children of a shape's or a line's properties, or the place for one.
fn refill(holder: Node<'_, '_>, fill: &str) -> (Range<usize>, Blob) {
    if let Some(held) = holder.children().find(|node| FILLS.contains(&node.local())) {
        return held.replace(fill);
    }
    let before = holder
        .children()
        .filter(|node| matches!(node.local(), "xfrm" | "custGeom" | "prstGeom"))
        .last();
    before.map_or_else(|| holder.prepend(fill), |node| node.after(fill))
}

fn recolor(setting: &Setting<'_, '_>, series: &Plotted<'_, '_>, fill: &str) -> Edits {
    let form = series.group.form;
    let filled = form.is_none_or(|form| form.filled());
    let standing_fill = standing(setting.root, setting.strict, fill);
    let mut edits = Edits::new();
    match series.node.child("spPr") {
        None => {
            let form = form.unwrap_or_else(|| form::of(deskhand_operations::ChartKind::ColumnClustered));
            edits.push(setting.insert("spPr", &series::shape(form, 0, Some(fill))));
        }
        Some(shape) if filled => edits.push(refill(shape, &standing_fill)),
        Some(shape) => match shape.children().find(|node| node.local() == "ln") {
            // Points without lines: the marks alone take the colour.
            Some(line) if line.children().any(|node| node.local() == "noFill") => {}
            Some(line) => edits.push(refill(line, &standing_fill)),
            None => {
                let line = format!(r#"<a:ln w="28575" cap="rnd">{fill}<a:round/></a:ln>"#);
                edits.push(shape.append(&standing(setting.root, setting.strict, &line)));
            }
        },
    }
    edits.extend(recolor_marks(setting, series, fill));
    edits
}

/// Marks take the colour of their line.
fn recolor_marks(setting: &Setting<'_, '_>, series: &Plotted<'_, '_>, fill: &str) -> Edits {
    let Some(form) = series.group.form.filter(|form| !form.filled()) else {
        return Edits::new();
    };
    let Some(marker) = series.node.child("marker") else {
        let marks = form.markers.then(|| series::after_shape(form, 0, Some(fill)));
        return marks
            .map(|xml| setting.insert("marker", &xml))
            .into_iter()
            .collect();
    };
    if read::value(marker, "symbol").as_deref() == Some("none") {
        return Edits::new();
    }
    let standing_fill = standing(setting.root, setting.strict, fill);
    if let Some(shape) = marker.child("spPr") {
        let line = shape.children().find(|node| node.local() == "ln");
        let own = refill(shape, &standing_fill);
        return std::iter::once(own)
            .chain(line.map(|line| refill(line, &standing_fill)))
            .collect();
    }
    let xml = format!("<c:spPr>{fill}</c:spPr>");
    vec![marker.append(&standing(setting.root, setting.strict, &xml))]
}

fn relabel(setting: &Setting<'_, '_>, series: &Plotted<'_, '_>, labels: bool) -> Edits {
    let held = series.node.child("dLbls");
    let form = series
        .group
        .form
        .unwrap_or_else(|| form::of(deskhand_operations::ChartKind::Line));
    match (labels, held) {
        (true, Some(held)) if held.child("showVal").is_some() && held.child("delete").is_none() => held
            .child("showVal")
            .map(|node| node.tag().set_attribute("val", "1"))
            .into_iter()
            .collect(),
        (true, _) => vec![setting.put("dLbls", &series::labels(form, None))],
        (false, _) if series.group.node.child("dLbls").is_some() => {
            vec![setting.put("dLbls", r#"<c:dLbls><c:delete val="1"/></c:dLbls>"#)]
        }
        (false, held) => held.map(|held| held.replace("")).into_iter().collect(),
    }
}

/// The form of a series' group, or the refusal for what cannot be drawn here.
pub(crate) fn form_of(series: &Plotted<'_, '_>) -> Outcome<Form> {
    match series.group.form {
        Some(form) => Ok(form),
        None => refuse(
            RefusalCode::Unsupported,
            format!(
                "A `{}` chart cannot be turned into another kind here; nothing was changed.",
                form::called(series.group.node)
            ),
        ),
    }
}
