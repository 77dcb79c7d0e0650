//! The XML of a whole new chart.

use deskhand_opc::xml::escape;
use deskhand_operations::workbook::{BlankCells, ChartLook, LegendPlace, SeriesLook};
use deskhand_operations::{ChartKind, RefusalCode};

use super::axes::{self, PRIMARY, Pair, SECONDARY};
use super::data::Data;
use super::form::{self, Axes, Form};
use super::series::{self, Drawn};
use super::spaces;
use crate::error::{Outcome, refuse};

/// A chart to write.
#[derive(Debug)]
pub(crate) struct Chart<'c> {
    pub(crate) form: Form,
    pub(crate) title: Option<&'c str>,
    pub(crate) data: &'c Data,
    /// One a series of the data.
    pub(crate) drawn: Vec<(Form, bool, Drawn)>,
    pub(crate) look: &'c ChartLook,
    pub(crate) strict: bool,
    pub(crate) date_1904: bool,
}

/// How each series of the data is drawn, and where: form, secondary axis, looks.
pub(crate) fn drawn(form: Form, data: &Data, looks: &[SeriesLook]) -> Outcome<Vec<(Form, bool, Drawn)>> {
    let mut drawn = vec![(form, false, Drawn::default()); data.series.len()];
    for look in looks {
        let index = find(data, &look.series)?;
        let (form, secondary, drawn) = &mut drawn[index];
        if let Some(kind) = look.kind {
            *form = form::of(kind);
        }
        *secondary = look.secondary.unwrap_or(*secondary);
        drawn.labels = look.labels.unwrap_or(drawn.labels);
        if let Some(color) = &look.color {
            drawn.fill = Some(fill(color)?);
        }
    }
    let forms: Vec<(Form, bool)> = drawn
        .iter()
        .map(|(form, secondary, _)| (*form, *secondary))
        .collect();
    check_combination(&forms)?;
    Ok(drawn)
}

/// Refuses kinds that do not go together, and a secondary axis without a primary one.
pub(crate) fn check_combination(forms: &[(Form, bool)]) -> Outcome<()> {
    for (form, secondary) in forms {
        if let Some(why) = forms.iter().find_map(|(other, _)| form.clash(other)) {
            return refuse(RefusalCode::Unsupported, sentence(why));
        }
        if *secondary && (form.axes == Axes::None || form.element == "radarChart") {
            return refuse(
                RefusalCode::Unsupported,
                "A pie, doughnut or radar chart has no secondary axis; nothing was changed.",
            );
        }
    }
    if !forms.is_empty() && forms.iter().all(|(_, secondary)| *secondary) {
        return refuse(
            RefusalCode::BadInput,
            "At least one series stays on the primary axis; nothing was changed.",
        );
    }
    for (index, (form, side)) in forms.iter().enumerate() {
        let differs = |(other, on): &&(Form, bool)| {
            on == side && other.element == form.element && other.grouping != form.grouping
        };
        if forms[..index].iter().any(|other| differs(&other)) {
            return refuse(
                RefusalCode::Unsupported,
                "Stacked and not stacked series of one kind stand on different axes; nothing was changed.",
            );
        }
    }
    for side in [false, true] {
        let mut axes = forms
            .iter()
            .filter(|(_, secondary)| *secondary == side)
            .map(|(form, _)| form.axes);
        let first = axes.next();
        if axes.any(|other| Some(other) != first) {
            return refuse(
                RefusalCode::Unsupported,
                "A scatter beside another kind needs the secondary axis; nothing was changed.",
            );
        }
    }
    Ok(())
}

fn sentence(why: &str) -> String {
    let mut sentence = format!("{why}; nothing was changed.");
    sentence[..1].make_ascii_uppercase();
    sentence
}

/// The series by name, or by the letters of its column or the number of its row.
fn find(data: &Data, wanted: &str) -> Outcome<usize> {
    let named = |name: &str| {
        data.series.iter().position(|series| {
            series
                .name
                .as_ref()
                .is_some_and(|own| own.text.trim().eq_ignore_ascii_case(name))
        })
    };
    let line = || {
        data.series
            .iter()
            .position(|series| series.line.eq_ignore_ascii_case(wanted.trim()))
    };
    if let Some(index) = named(wanted.trim()).or_else(line) {
        return Ok(index);
    }
    let known: Vec<&str> = data
        .series
        .iter()
        .take(20)
        .map(|series| {
            series
                .name
                .as_ref()
                .map_or(series.line.as_str(), |name| name.text.as_str())
        })
        .collect();
    refuse(
        RefusalCode::NotFound,
        format!(
            "There is no series `{wanted}`; the series are {}.",
            known.join(", ")
        ),
    )
}

/// The fill element of a colour: `#RRGGBB` or one of the theme.
pub(crate) fn fill(color: &str) -> Outcome<String> {
    const THEME: [&str; 10] = [
        "accent1", "accent2", "accent3", "accent4", "accent5", "accent6", "tx1", "tx2", "bg1", "bg2",
    ];
    if let Some(known) = THEME
        .iter()
        .find(|known| known.eq_ignore_ascii_case(color.trim()))
    {
        return Ok(format!(
            r#"<a:solidFill><a:schemeClr val="{known}"/></a:solidFill>"#
        ));
    }
    let digits = color.trim().strip_prefix('#').filter(|digits| digits.len() == 6);
    match digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        Some(digits) => Ok(format!(
            r#"<a:solidFill><a:srgbClr val="{}"/></a:solidFill>"#,
            digits.to_uppercase()
        )),
        None => refuse(
            RefusalCode::BadInput,
            format!("`{color}` is no colour such as `#1F4E78` or `accent2`; nothing was changed."),
        ),
    }
}

/// The chart's part.
pub(crate) fn part(chart: &Chart<'_>) -> String {
    let spaces = spaces(chart.strict);
    let look = chart.look;
    let title = chart
        .title
        .map_or_else(String::new, |title| axes::title(title, 1400, false));
    format!(
        concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
            r#"<c:chartSpace xmlns:c="{}" xmlns:a="{}" xmlns:r="{}">{}<c:roundedCorners val="0"/>"#,
            r#"<c:chart>{}<c:autoTitleDeleted val="{}"/><c:plotArea><c:layout/>{}</c:plotArea>{}"#,
            r#"<c:plotVisOnly val="{}"/><c:dispBlanksAs val="{}"/></c:chart>{}</c:chartSpace>"#
        ),
        spaces.chart,
        spaces.drawing,
        spaces.relationships,
        if chart.date_1904 {
            r#"<c:date1904 val="1"/>"#
        } else {
            ""
        },
        title,
        u8::from(chart.title.is_none()),
        plot(chart),
        legend(chart),
        u8::from(look.hidden_cells != Some(true)),
        blanks(look.blanks.unwrap_or(BlankCells::Gap)),
        concat!(
            r#"<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="900"><a:solidFill><a:schemeClr val="tx1">"#,
            r#"<a:lumMod val="65000"/><a:lumOff val="35000"/></a:schemeClr></a:solidFill></a:defRPr></a:pPr>"#,
            r#"<a:endParaRPr lang="en-US"/></a:p></c:txPr>"#
        )
    )
}

/// `dispBlanksAs`.
pub(crate) fn blanks(blanks: BlankCells) -> &'static str {
    match blanks {
        BlankCells::Gap => "gap",
        BlankCells::Zero => "zero",
        BlankCells::Span => "span",
    }
}

/// `legendPos`; `None` for no legend.
pub(crate) fn legend_position(place: LegendPlace) -> Option<&'static str> {
    match place {
        LegendPlace::Right => Some("r"),
        LegendPlace::Left => Some("l"),
        LegendPlace::Top => Some("t"),
        LegendPlace::Bottom => Some("b"),
        LegendPlace::None => None,
    }
}

/// The legend's element.
pub(crate) fn legend_xml(position: &str) -> String {
    format!(
        r#"<c:legend><c:legendPos val="{}"/><c:overlay val="0"/></c:legend>"#,
        escape(position)
    )
}

fn legend(chart: &Chart<'_>) -> String {
    let round = chart.form.axes == Axes::None;
    let place = chart
        .look
        .legend
        .unwrap_or(match (round, chart.data.series.len()) {
            (true, _) => LegendPlace::Right,
            (false, 1) => LegendPlace::None,
            (false, _) => LegendPlace::Bottom,
        });
    legend_position(place).map_or_else(String::new, legend_xml)
}

/// Groups of series, then their axes.
fn plot(chart: &Chart<'_>) -> String {
    let mut kinds: Vec<(Form, bool)> = Vec::new();
    for (form, secondary, _) in &chart.drawn {
        if !kinds
            .iter()
            .any(|(known, on)| on == secondary && known.joins(form))
        {
            kinds.push((*form, *secondary));
        }
    }
    kinds.sort_by_key(|(form, secondary)| (*secondary, form.depth()));
    let mut xml = String::new();
    for (form, secondary) in &kinds {
        let own = chart
            .drawn
            .iter()
            .enumerate()
            .filter(|(_, (own, on, _))| own.joins(form) && on == secondary);
        let inner: String = own
            .map(|(index, (form, _, drawn))| {
                series::xml(*form, index, &chart.data.series[index], chart.data, drawn)
            })
            .collect();
        xml.push_str(&group(
            *form,
            &inner,
            if *secondary { SECONDARY } else { PRIMARY },
        ));
    }
    for pair in [PRIMARY, SECONDARY] {
        let mut of_pair = chart
            .drawn
            .iter()
            .enumerate()
            .filter(|(_, (_, on, _))| *on == pair.secondary);
        if let Some((index, (form, ..))) = of_pair.next() {
            let format = &chart.data.series[index].values.format;
            xml.push_str(&axes::pair(*form, pair, chart.data, format, chart.look));
        }
    }
    xml
}

/// A group with its series.
pub(crate) fn group(form: Form, series: &str, pair: Pair) -> String {
    let element = form.element;
    let grouping = form.grouping.map_or_else(String::new, |grouping| {
        format!(r#"<c:grouping val="{grouping}"/>"#)
    });
    let direction = if form.lying { "bar" } else { "col" };
    let overlap = if form.grouping == Some("clustered") {
        "-27"
    } else {
        "100"
    };
    let (before, after) = match element {
        "barChart" => (
            format!(r#"<c:barDir val="{direction}"/>{grouping}<c:varyColors val="0"/>"#),
            format!(r#"<c:gapWidth val="{}"/><c:overlap val="{overlap}"/>"#, gap(form)),
        ),
        "lineChart" => (
            format!(r#"{grouping}<c:varyColors val="0"/>"#),
            r#"<c:marker val="1"/>"#.to_owned(),
        ),
        "areaChart" => (format!(r#"{grouping}<c:varyColors val="0"/>"#), String::new()),
        "pieChart" => (
            r#"<c:varyColors val="1"/>"#.to_owned(),
            r#"<c:firstSliceAng val="0"/>"#.to_owned(),
        ),
        "doughnutChart" => (
            r#"<c:varyColors val="1"/>"#.to_owned(),
            r#"<c:firstSliceAng val="0"/><c:holeSize val="60"/>"#.to_owned(),
        ),
        "scatterChart" => (
            r#"<c:scatterStyle val="lineMarker"/><c:varyColors val="0"/>"#.to_owned(),
            String::new(),
        ),
        "bubbleChart" => (
            r#"<c:varyColors val="0"/>"#.to_owned(),
            r#"<c:bubbleScale val="100"/><c:showNegBubbles val="0"/>"#.to_owned(),
        ),
        _ => (
            r#"<c:radarStyle val="marker"/><c:varyColors val="0"/>"#.to_owned(),
            String::new(),
        ),
    };
    let ids = if form.axes == Axes::None {
        String::new()
    } else {
        axes::references(pair)
    };
    format!("<c:{element}>{before}{series}{after}{ids}</c:{element}>")
}

fn gap(form: Form) -> u32 {
    if form.kind == ChartKind::ColumnClustered {
        150
    } else {
        100
    }
}
