//! The XML of one series: name, looks, categories and values with their caches.

use std::fmt::Write as _;

use deskhand_opc::xml::escape;
use deskhand_operations::{CellValue, ChartKind};

use super::data::{Data, Points, Series, SeriesName};
use super::form::{Axes, Form};
use crate::cell_edit::number;

/// How a series is drawn where somebody said so.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawn {
    /// The fill element of its colour.
    pub(crate) fill: Option<String>,
    pub(crate) labels: bool,
}

/// The fill that Excel gives to the series of this index: accents of the theme, then the same in other shades.
pub(crate) fn automatic_fill(index: usize) -> String {
    const SHADES: [&str; 5] = [
        "",
        r#"<a:lumMod val="60000"/>"#,
        r#"<a:lumMod val="80000"/><a:lumOff val="20000"/>"#,
        r#"<a:lumMod val="80000"/>"#,
        r#"<a:lumMod val="60000"/><a:lumOff val="40000"/>"#,
    ];
    let accent = index % 6 + 1;
    match SHADES[index / 6 % SHADES.len()] {
        "" => format!(r#"<a:solidFill><a:schemeClr val="accent{accent}"/></a:solidFill>"#),
        shade => {
            format!(r#"<a:solidFill><a:schemeClr val="accent{accent}">{shade}</a:schemeClr></a:solidFill>"#)
        }
    }
}

/// The whole series of this index.
pub(crate) fn xml(form: Form, index: usize, series: &Series, data: &Data, drawn: &Drawn) -> String {
    let mut xml = format!(r#"<c:ser><c:idx val="{index}"/><c:order val="{index}"/>"#);
    if let Some(name) = &series.name {
        xml.push_str(&tx(name));
    }
    xml.push_str(&shape(form, index, drawn.fill.as_deref()));
    xml.push_str(&after_shape(form, index, drawn.fill.as_deref()));
    if drawn.labels {
        xml.push_str(&labels(form, drawn.fill.as_deref()));
    }
    let [categories, values, sizes] = references(form, series, data);
    let _ = write!(xml, "{categories}{values}{sizes}{}</c:ser>", tail(form));
    xml
}

/// Its name.
pub(crate) fn tx(name: &SeriesName) -> String {
    format!(
        concat!(
            r#"<c:tx><c:strRef><c:f>{}</c:f><c:strCache><c:ptCount val="1"/><c:pt idx="0"><c:v>{}</c:v></c:pt>"#,
            "</c:strCache></c:strRef></c:tx>"
        ),
        escape(&name.formula),
        escape(&name.text)
    )
}

/// Categories, values and sizes under the names that the form has for them.
pub(crate) fn references(form: Form, series: &Series, data: &Data) -> [String; 3] {
    let points = form.axes == Axes::Values;
    let categories = match data.categories.as_slice() {
        [] => String::new(),
        [only] if only.are_numbers() => numbers(only),
        [only] => texts(only),
        levels => level_texts(levels),
    };
    let (first, second) = if points { ("xVal", "yVal") } else { ("cat", "val") };
    let wrapped = |name: &str, inner: &str| {
        if inner.is_empty() {
            String::new()
        } else {
            format!("<c:{name}>{inner}</c:{name}>")
        }
    };
    let sizes = series.sizes.as_ref().filter(|_| form.kind == ChartKind::Bubble);
    [
        wrapped(first, &categories),
        wrapped(second, &numbers(&series.values)),
        sizes.map_or_else(String::new, |sizes| wrapped("bubbleSize", &numbers(sizes))),
    ]
}

/// The look of the shape. Slices of a pie have colours of their own.
pub(crate) fn shape(form: Form, index: usize, fill: Option<&str>) -> String {
    let automatic = automatic_fill(index);
    let fill = match (form.axes, fill) {
        (Axes::None, None) => return String::new(),
        (_, fill) => fill.unwrap_or(&automatic),
    };
    match form.kind {
        ChartKind::Scatter => {
            r#"<c:spPr><a:ln w="25400" cap="rnd"><a:noFill/><a:round/></a:ln></c:spPr>"#.to_owned()
        }
        _ if form.filled() => format!("<c:spPr>{fill}<a:ln><a:noFill/></a:ln></c:spPr>"),
        _ => format!(r#"<c:spPr><a:ln w="28575" cap="rnd">{fill}<a:round/></a:ln></c:spPr>"#),
    }
}

/// What stands between the shape and the labels.
pub(crate) fn after_shape(form: Form, index: usize, fill: Option<&str>) -> String {
    match form.element {
        "barChart" | "bubbleChart" => r#"<c:invertIfNegative val="0"/>"#.to_owned(),
        "lineChart" | "radarChart" | "scatterChart" if form.markers => {
            let automatic = automatic_fill(index);
            let fill = fill.unwrap_or(&automatic);
            format!(
                r#"<c:marker><c:symbol val="circle"/><c:size val="5"/><c:spPr>{fill}<a:ln w="9525">{fill}</a:ln></c:spPr></c:marker>"#
            )
        }
        "lineChart" | "radarChart" | "scatterChart" => {
            r#"<c:marker><c:symbol val="none"/></c:marker>"#.to_owned()
        }
        _ => String::new(),
    }
}

/// The values written beside the points, or inside filled shapes: white there, dark on a light colour.
pub(crate) fn labels(form: Form, fill: Option<&str>) -> String {
    let inside =
        form.axes == Axes::None || (form.element == "barChart" && form.grouping != Some("clustered"));
    let text = if inside && !fill.is_some_and(is_light) {
        r#"<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr><a:solidFill><a:schemeClr val="bg1"/></a:solidFill></a:defRPr></a:pPr><a:endParaRPr lang="en-US"/></a:p></c:txPr>"#
    } else {
        ""
    };
    // A pie would put them outside where they do not fit; a doughnut and stacked bars know one place only.
    let place = if form.element == "pieChart" {
        r#"<c:dLblPos val="inEnd"/>"#
    } else {
        ""
    };
    let lines = if form.axes == Axes::None {
        r#"<c:showLeaderLines val="1"/>"#
    } else {
        ""
    };
    format!(
        concat!(
            "<c:dLbls><c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>{}{}",
            r#"<c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/><c:showSerName val="0"/>"#,
            r#"<c:showPercent val="0"/><c:showBubbleSize val="0"/>{}</c:dLbls>"#
        ),
        text, place, lines
    )
}

/// True for a colour on which white cannot be read (luma of ITU-R BT.601), or one of the theme's backgrounds.
fn is_light(fill: &str) -> bool {
    let Some((_, rest)) = fill.split_once("srgbClr val=\"") else {
        return fill.contains("\"bg");
    };
    let part = |at: usize| {
        let digits = rest.get(at..at + 2).unwrap_or_default();
        u32::from_str_radix(digits, 16).unwrap_or_default()
    };
    299 * part(0) + 587 * part(2) + 114 * part(4) > 150_000
}

/// What stands after the values.
pub(crate) fn tail(form: Form) -> &'static str {
    match form.element {
        "lineChart" | "scatterChart" => r#"<c:smooth val="0"/>"#,
        "bubbleChart" => r#"<c:bubble3D val="0"/>"#,
        _ => "",
    }
}

fn text(value: &CellValue) -> Option<String> {
    match value {
        CellValue::Empty => None,
        CellValue::Boolean(value) => Some(value.to_string().to_uppercase()),
        CellValue::Number(value) => Some(number(*value)),
        CellValue::Text(text) => Some(text.clone()),
    }
}

fn text_points(values: &[CellValue]) -> String {
    let mut points = String::new();
    for (index, value) in values.iter().enumerate() {
        if let Some(text) = text(value) {
            let _ = write!(
                points,
                r#"<c:pt idx="{index}"><c:v>{}</c:v></c:pt>"#,
                escape(&text)
            );
        }
    }
    points
}

fn texts(points: &Points) -> String {
    format!(
        r#"<c:strRef><c:f>{}</c:f><c:strCache><c:ptCount val="{}"/>{}</c:strCache></c:strRef>"#,
        escape(&points.formula),
        points.values.len(),
        text_points(&points.values)
    )
}

/// Categories of several levels, which the file holds from the inside out.
fn level_texts(levels: &[Points]) -> String {
    let bare = |formula: &str| formula.trim_start_matches('(').trim_end_matches(')').to_owned();
    let (first, last) = (&levels[0].formula, &levels[levels.len() - 1].formula);
    // `Data!$A$2:$A$9` and `Data!$B$2:$B$9` are `Data!$A$2:$B$9`; what lies in pieces is listed.
    let joined = match (first.rsplit_once(':'), last.rsplit_once(':')) {
        (Some((from, _)), Some((_, to))) if !first.contains(',') => format!("{from}:{to}"),
        _ => {
            let all: Vec<String> = levels.iter().map(|level| bare(&level.formula)).collect();
            format!("({})", all.join(","))
        }
    };
    let count = levels
        .iter()
        .map(|level| level.values.len())
        .max()
        .unwrap_or_default();
    let mut inner = String::new();
    for level in levels.iter().rev() {
        let _ = write!(inner, "<c:lvl>{}</c:lvl>", text_points(&level.values));
    }
    format!(
        r#"<c:multiLvlStrRef><c:f>{}</c:f><c:multiLvlStrCache><c:ptCount val="{count}"/>{inner}</c:multiLvlStrCache></c:multiLvlStrRef>"#,
        escape(&joined)
    )
}

fn numbers(points: &Points) -> String {
    let mut cached = String::new();
    for (index, value) in points.values.iter().enumerate() {
        if let CellValue::Number(value) = value {
            let _ = write!(
                cached,
                r#"<c:pt idx="{index}"><c:v>{}</c:v></c:pt>"#,
                number(*value)
            );
        }
    }
    format!(
        r#"<c:numRef><c:f>{}</c:f><c:numCache><c:formatCode>{}</c:formatCode><c:ptCount val="{}"/>{cached}</c:numCache></c:numRef>"#,
        escape(&points.formula),
        escape(&points.format),
        points.values.len()
    )
}
