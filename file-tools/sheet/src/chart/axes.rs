//! The XML of axes, and of the texts beside them.

use std::fmt::Write as _;

use deskhand_opc::xml::escape;
use deskhand_operations::workbook::ChartLook;
use deskhand_operations::{CellValue, RefusalCode};

use super::data::Data;
use super::form::{Axes, Form};
use crate::cell_edit::number;
use crate::error::{Outcome, refuse};

/// Two axes that belong together: of categories (or x values), and of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) across: u32,
    pub(crate) values: u32,
    pub(crate) secondary: bool,
}

/// The pairs of a new chart: any numbers.
pub(crate) const PRIMARY: Pair = Pair {
    across: 500_000_001,
    values: 500_000_002,
    secondary: false,
};
pub(crate) const SECONDARY: Pair = Pair {
    across: 500_000_003,
    values: 500_000_004,
    secondary: true,
};

/// What an axis of values is told.
struct Scale<'l> {
    title: Option<&'l str>,
    format: Option<&'l str>,
    minimum: Option<f64>,
    maximum: Option<f64>,
}

/// The references of a group to its axes.
pub(crate) fn references(pair: Pair) -> String {
    format!(
        r#"<c:axId val="{}"/><c:axId val="{}"/>"#,
        pair.across, pair.values
    )
}

/// Text of labels and titles: the theme's text colour, a little lighter.
const MUTED: &str = r#"<a:solidFill><a:schemeClr val="tx1"><a:lumMod val="65000"/><a:lumOff val="35000"/></a:schemeClr></a:solidFill>"#;
/// A thin line, lighter than text.
const THIN: &str = concat!(
    r#"<c:spPr><a:ln w="9525"><a:solidFill><a:schemeClr val="tx1"><a:lumMod val="15000"/><a:lumOff val="85000"/>"#,
    "</a:schemeClr></a:solidFill></a:ln></c:spPr>"
);
const NO_LINE: &str = "<c:spPr><a:ln><a:noFill/></a:ln></c:spPr>";

/// Lines across the plot.
pub(crate) fn gridlines() -> String {
    format!("<c:majorGridlines>{THIN}</c:majorGridlines>")
}

/// A title of a chart (size 1400) or an axis (1000), in hundredths of a point; `upright` turns it beside its axis.
pub(crate) fn title(text: &str, size: u32, upright: bool) -> String {
    let body = if upright {
        r#"<a:bodyPr rot="-5400000" vert="horz"/>"#
    } else {
        "<a:bodyPr/>"
    };
    let properties = |element: &str, language: &str| {
        format!(r#"<a:{element}{language} sz="{size}" b="0">{MUTED}</a:{element}>"#)
    };
    let mut paragraphs = String::new();
    for line in text.lines() {
        let _ = write!(
            paragraphs,
            "<a:p><a:pPr>{}</a:pPr><a:r>{}<a:t>{}</a:t></a:r></a:p>",
            properties("defRPr", ""),
            properties("rPr", r#" lang="en-US""#),
            escape(line)
        );
    }
    format!(
        r#"<c:title><c:tx><c:rich>{body}<a:lstStyle/>{paragraphs}</c:rich></c:tx><c:overlay val="0"/></c:title>"#
    )
}

/// The axes of a pair for a form; `format` is that of its values.
pub(crate) fn pair(form: Form, pair: Pair, data: &Data, format: &str, look: &ChartLook) -> String {
    let format = if form.shares() { "0%" } else { format };
    let scale = if pair.secondary {
        Scale {
            title: look.secondary_title.as_deref(),
            format: look.secondary_format.as_deref(),
            minimum: look.secondary_minimum,
            maximum: look.secondary_maximum,
        }
    } else {
        Scale {
            title: look.value_title.as_deref(),
            format: look.value_format.as_deref(),
            minimum: look.minimum,
            maximum: look.maximum,
        }
    };
    match form.axes {
        Axes::None => String::new(),
        Axes::Categories => categories(form, pair, data, look) + &values(form, pair, &scale, format, look),
        Axes::Values => x_values(pair, data, look) + &values(form, pair, &scale, format, look),
    }
}

/// The number format of an axis; without one it takes that of its cells.
pub(crate) fn number_format(given: Option<&str>, of_cells: &str) -> String {
    format!(
        r#"<c:numFmt formatCode="{}" sourceLinked="{}"/>"#,
        escape(given.unwrap_or(of_cells)),
        u8::from(given.is_none())
    )
}

fn axis_title(text: Option<&str>, upright: bool) -> String {
    text.filter(|text| !text.trim().is_empty())
        .map_or_else(String::new, |text| title(text, 1000, upright))
}

fn reversed(pair: Pair, look: &ChartLook) -> bool {
    !pair.secondary && look.reverse_categories == Some(true)
}

fn categories(form: Form, pair: Pair, data: &Data, look: &ChartLook) -> String {
    let dated = data.by_date() && form.element != "radarChart";
    let element = if dated { "dateAx" } else { "catAx" };
    let format = data
        .categories
        .first()
        .filter(|points| points.are_numbers())
        .map_or("General", |points| points.format.as_str());
    let rest = if dated {
        format!(
            r#"<c:auto val="1"/><c:lblOffset val="100"/><c:baseTimeUnit val="{}"/>"#,
            time_unit(data)
        )
    } else {
        r#"<c:auto val="1"/><c:lblAlgn val="ctr"/><c:lblOffset val="100"/><c:noMultiLvlLbl val="0"/>"#
            .to_owned()
    };
    let grid = if form.element == "radarChart" {
        gridlines()
    } else {
        String::new()
    };
    format!(
        concat!(
            r#"<c:{0}><c:axId val="{1}"/><c:scaling><c:orientation val="{2}"/></c:scaling><c:delete val="{3}"/>"#,
            r#"<c:axPos val="{4}"/>{5}{6}{7}<c:majorTickMark val="none"/><c:minorTickMark val="none"/>"#,
            r#"<c:tickLblPos val="{8}"/>{9}<c:crossAx val="{10}"/><c:crosses val="autoZero"/>{11}</c:{0}>"#
        ),
        element,
        pair.across,
        if reversed(pair, look) { "maxMin" } else { "minMax" },
        u8::from(pair.secondary),
        if form.lying { "l" } else { "b" },
        grid,
        if pair.secondary {
            String::new()
        } else {
            axis_title(look.category_title.as_deref(), form.lying)
        },
        number_format(look.category_format.as_deref(), format),
        // Below the plot, also where values are below zero.
        "low",
        THIN,
        pair.values,
        rest
    )
}

/// The smallest step between days, as Excel finds it.
fn time_unit(data: &Data) -> &'static str {
    let points = data
        .categories
        .first()
        .map(|points| points.values.as_slice())
        .unwrap_or_default();
    let mut days: Vec<f64> = points
        .iter()
        .filter_map(|value| match value {
            CellValue::Number(number) => Some(number.floor()),
            _ => None,
        })
        .collect();
    days.sort_by(f64::total_cmp);
    let steps = days
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|step| *step > 0.0);
    match steps.fold(f64::INFINITY, f64::min) {
        step if (365.0..f64::INFINITY).contains(&step) => "years",
        step if (28.0..f64::INFINITY).contains(&step) => "months",
        _ => "days",
    }
}

fn x_values(pair: Pair, data: &Data, look: &ChartLook) -> String {
    let format = data
        .categories
        .first()
        .map_or("General", |points| points.format.as_str());
    format!(
        concat!(
            r#"<c:valAx><c:axId val="{0}"/><c:scaling><c:orientation val="{1}"/></c:scaling><c:delete val="{2}"/>"#,
            r#"<c:axPos val="b"/>{3}{4}<c:majorTickMark val="none"/><c:minorTickMark val="none"/>"#,
            r#"<c:tickLblPos val="low"/>{5}<c:crossAx val="{6}"/><c:crosses val="autoZero"/>"#,
            r#"<c:crossBetween val="midCat"/></c:valAx>"#
        ),
        pair.across,
        if reversed(pair, look) { "maxMin" } else { "minMax" },
        u8::from(pair.secondary),
        if pair.secondary {
            String::new()
        } else {
            axis_title(look.category_title.as_deref(), false)
        },
        number_format(look.category_format.as_deref(), format),
        THIN,
        pair.values
    )
}

fn values(form: Form, pair: Pair, scale: &Scale<'_>, format: &str, look: &ChartLook) -> String {
    let limit = |name: &str, value: Option<f64>| {
        value.map_or_else(String::new, |value| {
            format!(r#"<c:{name} val="{}"/>"#, number(value))
        })
    };
    let position = match (form.lying, pair.secondary) {
        (false, false) => "l",
        (false, true) => "r",
        (true, false) => "b",
        (true, true) => "t",
    };
    let grid = !pair.secondary && look.gridlines != Some(false);
    // Bars from the top: their values stay below. The secondary axis stands on the other side.
    let crosses = if pair.secondary || (form.lying && reversed(pair, look)) {
        "max"
    } else {
        "autoZero"
    };
    let between = if matches!(form.element, "areaChart") || form.axes == Axes::Values {
        "midCat"
    } else {
        "between"
    };
    let unit = if pair.secondary { None } else { look.major_unit };
    format!(
        concat!(
            r#"<c:valAx><c:axId val="{0}"/><c:scaling><c:orientation val="minMax"/>{1}{2}</c:scaling><c:delete val="0"/>"#,
            r#"<c:axPos val="{3}"/>{4}{5}{6}<c:majorTickMark val="none"/><c:minorTickMark val="none"/>"#,
            r#"<c:tickLblPos val="nextTo"/>{7}<c:crossAx val="{8}"/><c:crosses val="{9}"/>"#,
            r#"<c:crossBetween val="{10}"/>{11}</c:valAx>"#
        ),
        pair.values,
        limit("max", scale.maximum),
        limit("min", scale.minimum),
        position,
        if grid { gridlines() } else { String::new() },
        axis_title(scale.title, !form.lying),
        // Shares of 100 % read 0 and 1 in a format without the sign.
        number_format(
            scale
                .format
                .filter(|format| !form.shares() || format.contains('%')),
            format
        ),
        NO_LINE,
        pair.across,
        crosses,
        between,
        limit("majorUnit", unit)
    )
}

/// Refuses limits of axes that no axis can have.
pub(crate) fn check(look: &ChartLook) -> Outcome<()> {
    let finite = |value: Option<f64>| value.is_none_or(f64::is_finite);
    let ordered = |from: Option<f64>, to: Option<f64>| from.zip(to).is_none_or(|(from, to)| from < to);
    let sound = [
        look.minimum,
        look.maximum,
        look.secondary_minimum,
        look.secondary_maximum,
        look.major_unit,
    ]
    .into_iter()
    .all(finite)
        && ordered(look.minimum, look.maximum)
        && ordered(look.secondary_minimum, look.secondary_maximum)
        && look.major_unit.is_none_or(|unit| unit > 0.0);
    if !sound {
        return refuse(
            RefusalCode::BadInput,
            "An axis begins below where it ends, and its marks are a distance above zero apart; nothing was changed.",
        );
    }
    let texts = [&look.category_title, &look.value_title, &look.secondary_title];
    let formats = [&look.category_format, &look.value_format, &look.secondary_format];
    let long = |text: &&Option<String>| text.as_ref().is_some_and(|text| text.chars().count() > 255);
    if texts.iter().chain(&formats).any(long) {
        return refuse(
            RefusalCode::BadInput,
            "Titles and number formats of axes have at most 255 characters; nothing was changed.",
        );
    }
    Ok(())
}
