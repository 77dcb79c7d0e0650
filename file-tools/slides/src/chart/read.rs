//! Reads the data of a chart from the caches in its part: what PowerPoint shows without opening the workbook.

use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::{CellValue, ChartKind, ChartSeries, ChartSource};

use crate::chart::{MAX_POINTS, MAX_SERIES};

/// The data of the chart part with this root; `None` where it plots nothing.
pub(crate) fn data(root: Node<'_, '_>) -> Option<ChartSource> {
    let area = root.child_in(Ns::Chart, "chart")?.child("plotArea")?;
    let plots = area.children().filter(|node| node.local().ends_with("Chart"));
    let found: Vec<Node<'_, '_>> = plots
        .flat_map(|plot| plot.children().filter(|node| node.local() == "ser"))
        .take(MAX_SERIES)
        .collect();
    if found.is_empty() {
        return None;
    }
    let categories = found
        .iter()
        .map(|series| categories(*series))
        .find(|texts| !texts.is_empty());
    let series = found.into_iter().map(|series| ChartSeries {
        name: series.child("tx").map(name).unwrap_or_default(),
        values: values(series),
        number_format: number_format(series),
        x_values: axis_values(series, "xVal"),
        sizes: axis_values(series, "bubbleSize"),
    });
    Some(ChartSource {
        categories: categories.unwrap_or_default(),
        series: series.collect(),
    })
}

/// The title of the chart, where it has one of its own.
pub(crate) fn title(root: Node<'_, '_>) -> Option<String> {
    let title = root.child_in(Ns::Chart, "chart")?.child("title")?;
    let text = title.child("tx")?;
    let shown = match text.child("rich") {
        Some(rich) => crate::text::body_text(rich),
        None => points(text).into_iter().flatten().next()?,
    };
    Some(shown).filter(|shown| !shown.trim().is_empty())
}

/// The kind of the chart as the vocabulary names it; several plots as `combination`, others by the file's own name.
pub(crate) fn kind_name(root: Node<'_, '_>) -> Option<String> {
    let area = root.child_in(Ns::Chart, "chart")?.child("plotArea")?;
    let mut plots = area.children().filter(|node| node.local().ends_with("Chart"));
    let plot = plots.next()?;
    if plots.next().is_some() {
        return Some("combination".to_owned());
    }
    let known = kind(plot).and_then(serde_name);
    Some(known.unwrap_or_else(|| plot.local().to_owned()))
}

/// The kind of a plot; none for kinds that the vocabulary does not have.
pub(crate) fn kind(plot: Node<'_, '_>) -> Option<ChartKind> {
    let value = |name: &str| plot.child(name).and_then(|node| node.attribute("val"));
    let grouping = value("grouping").unwrap_or_default();
    let has_markers = || {
        let mut symbols = plot.descendants().filter(|node| node.local() == "symbol");
        !symbols.any(|symbol| symbol.attribute("val").is_some_and(|kind| kind == "none"))
    };
    Some(match (plot.local(), &*grouping) {
        ("barChart", grouping) => {
            let lies = value("barDir").is_some_and(|direction| direction == "bar");
            match (lies, grouping) {
                (true, "stacked") => ChartKind::BarStacked,
                (true, "percentStacked") => ChartKind::BarStacked100,
                (true, _) => ChartKind::BarClustered,
                (false, "stacked") => ChartKind::ColumnStacked,
                (false, "percentStacked") => ChartKind::ColumnStacked100,
                (false, _) => ChartKind::ColumnClustered,
            }
        }
        ("lineChart", "stacked") => ChartKind::LineStacked,
        ("lineChart", "standard" | "") if has_markers() => ChartKind::LineMarkers,
        ("lineChart", "standard" | "") => ChartKind::Line,
        ("areaChart", "stacked") => ChartKind::AreaStacked,
        ("areaChart", "standard" | "") => ChartKind::Area,
        ("pieChart", _) => ChartKind::Pie,
        ("doughnutChart", _) => ChartKind::Doughnut,
        ("scatterChart", _) => {
            let style = value("scatterStyle").unwrap_or_default();
            let bare = plot
                .descendants()
                .any(|node| node.local() == "ln" && node.child("noFill").is_some());
            if &*style == "marker" || bare {
                ChartKind::Scatter
            } else {
                ChartKind::ScatterLines
            }
        }
        ("bubbleChart", _) => ChartKind::Bubble,
        ("radarChart", _) => ChartKind::Radar,
        _ => return None,
    })
}

/// A kind as it stands on the wire.
fn serde_name(kind: ChartKind) -> Option<String> {
    let value = serde_json::to_value(kind).ok()?;
    value.as_str().map(str::to_owned)
}

fn name(text: Node<'_, '_>) -> String {
    match text.child("v") {
        Some(literal) => literal.own_text().to_owned(),
        None => points(text).into_iter().flatten().next().unwrap_or_default(),
    }
}

/// The category labels; of several levels the innermost.
fn categories(series: Node<'_, '_>) -> Vec<String> {
    let Some(axis) = series.child("cat") else {
        return Vec::new();
    };
    let innermost = axis.descendants().find(|node| node.is(Ns::Chart, "lvl"));
    points(innermost.unwrap_or(axis))
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect()
}

fn values(series: Node<'_, '_>) -> Vec<CellValue> {
    let name = if series.child("val").is_some() {
        "val"
    } else {
        "yVal"
    };
    axis_values(series, name)
}

fn axis_values(series: Node<'_, '_>, name: &str) -> Vec<CellValue> {
    let Some(axis) = series.child(name) else {
        return Vec::new();
    };
    let values = points(axis).into_iter().map(|point| match point {
        None => CellValue::Empty,
        Some(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => CellValue::Number(number),
            _ => CellValue::Text(text),
        },
    });
    values.collect()
}

fn number_format(series: Node<'_, '_>) -> Option<String> {
    let axis = series.child("val").or_else(|| series.child("yVal"))?;
    let code = axis
        .descendants()
        .find(|node| node.is(Ns::Chart, "formatCode"))?
        .own_text();
    (!code.is_empty() && code != "General").then(|| code.to_owned())
}

/// The cached points below a node, each at its index; gaps are `None`.
fn points(node: Node<'_, '_>) -> Vec<Option<String>> {
    let number = |node: Node<'_, '_>, name: &str| node.attribute(name)?.parse::<usize>().ok();
    let count = node.descendants().find(|inner| inner.is(Ns::Chart, "ptCount"));
    // What the file says is a count of; never more than a chart may hold.
    let count = count
        .and_then(|count| number(count, "val"))
        .unwrap_or(0)
        .min(MAX_POINTS);
    let mut points = vec![None; count];
    for point in node.descendants().filter(|inner| inner.is(Ns::Chart, "pt")) {
        let Some(index) = number(point, "idx").filter(|index| *index < MAX_POINTS) else {
            continue;
        };
        if index >= points.len() {
            points.resize(index + 1, None);
        }
        points[index] = point.child("v").map(|value| value.own_text().to_owned());
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Plot;
    use crate::chart::write::chart_part;
    use crate::dialect::Dialect;
    use deskhand_opc::Limits;
    use deskhand_opc::xml::Tree;

    const KINDS: [ChartKind; 14] = [
        ChartKind::BarClustered,
        ChartKind::BarStacked,
        ChartKind::BarStacked100,
        ChartKind::ColumnClustered,
        ChartKind::ColumnStacked,
        ChartKind::ColumnStacked100,
        ChartKind::Line,
        ChartKind::LineMarkers,
        ChartKind::LineStacked,
        ChartKind::Area,
        ChartKind::AreaStacked,
        ChartKind::Pie,
        ChartKind::Doughnut,
        ChartKind::Radar,
    ];

    #[test]
    fn points_and_bubbles_are_read_back_with_their_places() {
        let number = CellValue::Number;
        let source = ChartSource {
            categories: Vec::new(),
            series: vec![ChartSeries {
                name: "Deals".into(),
                values: vec![number(3.5), number(-1.0)],
                x_values: vec![number(10.0), number(20.25)],
                sizes: vec![number(4.0), number(9.0)],
                number_format: None,
            }],
        };
        for kind in [ChartKind::Scatter, ChartKind::ScatterLines, ChartKind::Bubble] {
            let plot = Plot::new(kind, None, &source).unwrap();
            let xml = chart_part(&plot, Dialect::Transitional);
            let tree = Tree::parse("chart", xml.as_bytes(), &Limits::default()).unwrap();
            let series = data(tree.root()).unwrap().series.remove(0);
            assert_eq!(
                (&series.values, &series.x_values),
                (&source.series[0].values, &source.series[0].x_values)
            );
            assert_eq!(series.sizes.is_empty(), kind != ChartKind::Bubble);
            assert_eq!(kind_name(tree.root()), serde_name(kind));
        }
    }

    #[test]
    fn reads_back_what_was_written_in_every_kind_and_dialect() {
        let source = ChartSource {
            categories: vec!["North & South".into(), "West".into(), "East".into()],
            series: vec![ChartSeries {
                name: "Revenue <k€>".into(),
                values: vec![
                    CellValue::Number(1_248.25),
                    CellValue::Empty,
                    CellValue::Number(-3e-7),
                ],
                number_format: Some("#,##0.0".into()),
                x_values: Vec::new(),
                sizes: Vec::new(),
            }],
        };
        for kind in KINDS {
            for dialect in [Dialect::Transitional, Dialect::Strict] {
                let plot = Plot::new(kind, Some("Title"), &source).unwrap();
                let xml = chart_part(&plot, dialect);
                let tree = Tree::parse("chart", xml.as_bytes(), &Limits::default()).unwrap();
                assert_eq!(data(tree.root()).as_ref(), Some(&source), "{kind:?} {dialect:?}");
                assert_eq!(kind_name(tree.root()), serde_name(kind));
                assert_eq!(title(tree.root()).as_deref(), Some("Title"));
            }
        }
    }

    #[test]
    fn a_lying_count_does_not_take_memory() {
        let xml = "<c:chartSpace xmlns:c=\"http://purl.oclc.org/ooxml/drawingml/chart\"><c:chart><c:plotArea>\
            <c:lineChart><c:ser><c:val><c:numLit><c:ptCount val=\"4000000000\"/><c:pt idx=\"4000000000\"><c:v>1</c:v>\
            </c:pt><c:pt idx=\"1\"><c:v>#N/A</c:v></c:pt></c:numLit></c:val></c:ser></c:lineChart></c:plotArea>\
            </c:chart></c:chartSpace>";
        let tree = Tree::parse("chart", xml.as_bytes(), &Limits::default()).unwrap();
        let series = data(tree.root()).unwrap().series.remove(0);
        assert_eq!(series.values.len(), MAX_POINTS);
        assert_eq!(series.values[1], CellValue::Text("#N/A".into()));
    }
}
