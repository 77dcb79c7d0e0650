//! Axes, legend and blanks of a chart that is there.

use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Tree};
use deskhand_operations::RefusalCode;
use deskhand_operations::workbook::ChartLook;

pub(crate) use super::axes::check;

use super::edit::{Edits, Setting, joined, plot, retitle, with};
use super::order::{AXIS, CHART, LEGEND, SCALING};
use super::read::{self, Plot};
use super::{axes, write};
use crate::cell_edit::number;
use crate::error::{Outcome, refuse};

/// Sets what the look says and leaves the rest.
pub(crate) fn apply(draft: &mut Draft, part: &str, look: &ChartLook) -> Outcome<()> {
    check(look)?;
    with(draft, part, |tree, _| {
        let plot = plot(tree)?;
        let Some(chart) = read::chart(tree) else {
            return Ok(Edits::new());
        };
        let mut edits = frame(tree, chart, look);
        edits.extend(primary(tree, &plot, look)?);
        edits.extend(secondary(tree, &plot, look)?);
        Ok(joined(edits))
    })
}

fn setting<'t, 'a>(
    tree: &'t Tree<'a>,
    parent: Node<'t, 'a>,
    order: &'static [&'static str],
) -> Setting<'t, 'a> {
    Setting {
        parent,
        order,
        root: tree.root(),
        strict: tree.is_strict(),
    }
}

/// Legend, blanks, hidden cells.
fn frame(tree: &Tree<'_>, chart: Node<'_, '_>, look: &ChartLook) -> Edits {
    let of_chart = setting(tree, chart, CHART);
    let mut edits = Edits::new();
    if let Some(place) = look.legend {
        match (write::legend_position(place), chart.child("legend")) {
            (None, held) => edits.extend(held.map(|legend| legend.replace(""))),
            (Some(position), Some(legend)) => {
                edits.push(setting(tree, legend, LEGEND).value("legendPos", position));
            }
            (Some(position), None) => edits.push(of_chart.insert("legend", &write::legend_xml(position))),
        }
    }
    if let Some(hidden) = look.hidden_cells {
        edits.push(of_chart.value("plotVisOnly", if hidden { "0" } else { "1" }));
    }
    if let Some(blanks) = look.blanks {
        edits.push(of_chart.value("dispBlanksAs", write::blanks(blanks)));
    }
    edits
}

fn primary(tree: &Tree<'_>, plot: &Plot<'_, '_>, look: &ChartLook) -> Outcome<Edits> {
    let asked = look.category_title.is_some()
        || look.value_title.is_some()
        || look.value_format.is_some()
        || look.category_format.is_some()
        || look.minimum.is_some()
        || look.maximum.is_some()
        || look.major_unit.is_some()
        || look.gridlines.is_some()
        || look.reverse_categories.is_some();
    if !asked {
        return Ok(Edits::new());
    }
    let Some((values, across)) = plot.value_axis(false) else {
        return refuse(
            RefusalCode::Unsupported,
            "The chart has no axes; nothing was changed.",
        );
    };
    let mut edits = Edits::new();
    let lying = read::value(across, "axPos").is_some_and(|position| position == "l" || position == "r");
    let (of_values, of_across) = (setting(tree, values, AXIS), setting(tree, across, AXIS));
    // What stands earlier in the axis comes first: insertions at one place keep this order.
    match (look.gridlines, values.child("majorGridlines")) {
        (Some(true), None) => edits.push(of_values.insert("majorGridlines", &axes::gridlines())),
        (Some(false), Some(lines)) => edits.push(lines.replace("")),
        _ => {}
    }
    if let Some(text) = &look.value_title {
        edits.extend(retitle(&of_values, text, 1000, !lying));
    }
    if let Some(text) = &look.category_title {
        edits.extend(retitle(&of_across, text, 1000, lying));
    }
    if let Some(format) = &look.value_format {
        edits.push(of_values.put("numFmt", &axes::number_format(Some(format), "")));
    }
    if let Some(format) = &look.category_format {
        edits.push(of_across.put("numFmt", &axes::number_format(Some(format), "")));
    }
    edits.extend(limits(tree, values, look.minimum, look.maximum)?);
    if let Some(unit) = look.major_unit {
        edits.push(of_values.value("majorUnit", &number(unit)));
    }
    if let Some(reverse) = look.reverse_categories {
        if let Some(scaling) = across.child("scaling") {
            let orientation = if reverse { "maxMin" } else { "minMax" };
            edits.push(setting(tree, scaling, SCALING).value("orientation", orientation));
        }
        if lying && values.child("crosses").is_some() {
            edits.push(of_values.value("crosses", if reverse { "max" } else { "autoZero" }));
        }
    }
    Ok(edits)
}

fn secondary(tree: &Tree<'_>, plot: &Plot<'_, '_>, look: &ChartLook) -> Outcome<Edits> {
    let asked = look.secondary_title.is_some()
        || look.secondary_format.is_some()
        || look.secondary_minimum.is_some()
        || look.secondary_maximum.is_some();
    if !asked {
        return Ok(Edits::new());
    }
    let Some((values, across)) = plot.value_axis(true) else {
        return refuse(
            RefusalCode::NotFound,
            "The chart has no secondary axis; nothing was changed.",
        );
    };
    let lying = read::value(across, "axPos").is_some_and(|position| position == "l" || position == "r");
    let of_values = setting(tree, values, AXIS);
    let mut edits = Edits::new();
    if let Some(text) = &look.secondary_title {
        edits.extend(retitle(&of_values, text, 1000, !lying));
    }
    if let Some(format) = &look.secondary_format {
        edits.push(of_values.put("numFmt", &axes::number_format(Some(format), "")));
    }
    edits.extend(limits(
        tree,
        values,
        look.secondary_minimum,
        look.secondary_maximum,
    )?);
    Ok(edits)
}

/// Where an axis begins and ends; with what stays, it has to begin below its end.
fn limits(tree: &Tree<'_>, axis: Node<'_, '_>, minimum: Option<f64>, maximum: Option<f64>) -> Outcome<Edits> {
    if minimum.is_none() && maximum.is_none() {
        return Ok(Edits::new());
    }
    let Some(scaling) = axis.child("scaling") else {
        return refuse(
            RefusalCode::Corrupt,
            "An axis of the chart has no scale; nothing was changed.",
        );
    };
    let held = |name: &str| read::value(scaling, name).and_then(|value| value.parse::<f64>().ok());
    let ends = minimum
        .or_else(|| held("min"))
        .zip(maximum.or_else(|| held("max")));
    if ends.is_some_and(|(from, to)| from >= to) {
        return refuse(
            RefusalCode::BadInput,
            "An axis begins below where it ends: set both ends; nothing was changed.",
        );
    }
    let scale = setting(tree, scaling, SCALING);
    let maximum = maximum.map(|value| scale.value("max", &number(value)));
    let minimum = minimum.map(|value| scale.value("min", &number(value)));
    Ok(maximum.into_iter().chain(minimum).collect())
}
