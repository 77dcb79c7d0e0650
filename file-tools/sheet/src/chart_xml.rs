//! The XML of native charts (ECMA-376 part 1, 21.2) and of their frames on a sheet (20.5).

use std::fmt::Write as _;

use deskhand_opc::xml::escape;
use deskhand_operations::{Area, CellValue, ChartKind};

use crate::cell_edit::number;

/// A chart to draw from cells.
#[derive(Debug)]
pub(crate) struct Chart<'c> {
    pub(crate) kind: ChartKind,
    pub(crate) title: Option<&'c str>,
    /// The range of the categories, as a formula.
    pub(crate) categories: (String, Vec<CellValue>),
    pub(crate) series: Vec<Series>,
    pub(crate) strict: bool,
}

/// One series: where its name and values stand, and what they are now.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) name: (String, String),
    pub(crate) values: (String, Vec<CellValue>),
    pub(crate) number_format: String,
}

/// Namespaces of charts and drawings, transitional or strict.
pub(crate) struct Spaces {
    pub(crate) chart: &'static str,
    pub(crate) drawing: &'static str,
    pub(crate) sheet_drawing: &'static str,
    pub(crate) relationships: &'static str,
}

pub(crate) fn spaces(strict: bool) -> Spaces {
    if strict {
        Spaces {
            chart: "http://purl.oclc.org/ooxml/drawingml/chart",
            drawing: "http://purl.oclc.org/ooxml/drawingml/main",
            sheet_drawing: "http://purl.oclc.org/ooxml/drawingml/spreadsheetDrawing",
            relationships: "http://purl.oclc.org/ooxml/officeDocument/relationships",
        }
    } else {
        Spaces {
            chart: "http://schemas.openxmlformats.org/drawingml/2006/chart",
            drawing: "http://schemas.openxmlformats.org/drawingml/2006/main",
            sheet_drawing: "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
            relationships: "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        }
    }
}

/// The axes' ids: any two numbers.
const CATEGORY_AXIS: u32 = 500_000_001;
const VALUE_AXIS: u32 = 500_000_002;

/// The chart's part.
pub(crate) fn part(chart: &Chart<'_>) -> String {
    let spaces = spaces(chart.strict);
    let title = chart.title.map_or_else(String::new, |title| {
        format!(
            concat!(
                "<c:title><c:tx><c:rich><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr/></a:pPr>",
                r#"<a:r><a:rPr lang="en-US"/><a:t>{}</a:t></a:r></a:p></c:rich></c:tx><c:overlay val="0"/></c:title>"#
            ),
            escape(title)
        )
    });
    let round = matches!(chart.kind, ChartKind::Pie | ChartKind::Doughnut);
    let legend = if round || chart.series.len() > 1 {
        format!(
            r#"<c:legend><c:legendPos val="{}"/><c:overlay val="0"/></c:legend>"#,
            if round { "r" } else { "b" }
        )
    } else {
        String::new()
    };
    format!(
        concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
            r#"<c:chartSpace xmlns:c="{}" xmlns:a="{}" xmlns:r="{}"><c:roundedCorners val="0"/>"#,
            r#"<c:chart>{}<c:autoTitleDeleted val="{}"/><c:plotArea><c:layout/>{}</c:plotArea>{}"#,
            r#"<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart></c:chartSpace>"#
        ),
        spaces.chart,
        spaces.drawing,
        spaces.relationships,
        title,
        u8::from(chart.title.is_none()),
        plot(chart),
        legend
    )
}

/// The group of series with its axes.
fn plot(chart: &Chart<'_>) -> String {
    let series: String = chart
        .series
        .iter()
        .enumerate()
        .map(|(index, series)| series_xml(chart, index, series))
        .collect();
    let ids = format!(r#"<c:axId val="{CATEGORY_AXIS}"/><c:axId val="{VALUE_AXIS}"/>"#);
    let bars = |direction: &str, grouping: &str, overlap: &str| {
        format!(
            concat!(
                r#"<c:barChart><c:barDir val="{}"/><c:grouping val="{}"/><c:varyColors val="0"/>{}"#,
                r#"<c:gapWidth val="150"/>{}{}</c:barChart>{}"#
            ),
            direction,
            grouping,
            series,
            overlap,
            ids,
            axes(chart, direction == "bar")
        )
    };
    match chart.kind {
        ChartKind::BarClustered => bars("bar", "clustered", ""),
        ChartKind::ColumnClustered => bars("col", "clustered", ""),
        ChartKind::ColumnStacked => bars("col", "stacked", r#"<c:overlap val="100"/>"#),
        ChartKind::Line => format!(
            concat!(
                r#"<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>{}"#,
                r#"<c:marker val="1"/>{}</c:lineChart>{}"#
            ),
            series,
            ids,
            axes(chart, false)
        ),
        ChartKind::Area => format!(
            r#"<c:areaChart><c:grouping val="standard"/><c:varyColors val="0"/>{series}{ids}</c:areaChart>{}"#,
            axes(chart, false)
        ),
        ChartKind::Pie => {
            format!(r#"<c:pieChart><c:varyColors val="1"/>{series}<c:firstSliceAng val="0"/></c:pieChart>"#)
        }
        ChartKind::Doughnut => format!(
            r#"<c:doughnutChart><c:varyColors val="1"/>{series}<c:firstSliceAng val="0"/><c:holeSize val="50"/></c:doughnutChart>"#
        ),
        _ => String::new(),
    }
}

/// Category and value axis; bars lie on their side.
fn axes(chart: &Chart<'_>, on_side: bool) -> String {
    let (category, value) = if on_side { ("l", "b") } else { ("b", "l") };
    let format = chart
        .series
        .first()
        .map_or("General", |series| series.number_format.as_str());
    format!(
        concat!(
            r#"<c:catAx><c:axId val="{0}"/><c:scaling><c:orientation val="minMax"/></c:scaling><c:delete val="0"/>"#,
            r#"<c:axPos val="{2}"/><c:numFmt formatCode="General" sourceLinked="1"/><c:majorTickMark val="out"/>"#,
            r#"<c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/><c:crossAx val="{1}"/><c:crosses val="autoZero"/>"#,
            r#"<c:auto val="1"/><c:lblAlgn val="ctr"/><c:lblOffset val="100"/><c:noMultiLvlLbl val="0"/></c:catAx>"#,
            r#"<c:valAx><c:axId val="{1}"/><c:scaling><c:orientation val="minMax"/></c:scaling><c:delete val="0"/>"#,
            r#"<c:axPos val="{3}"/><c:majorGridlines/><c:numFmt formatCode="{4}" sourceLinked="1"/>"#,
            r#"<c:majorTickMark val="out"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>"#,
            r#"<c:crossAx val="{0}"/><c:crosses val="autoZero"/><c:crossBetween val="{5}"/></c:valAx>"#
        ),
        CATEGORY_AXIS,
        VALUE_AXIS,
        category,
        value,
        escape(format),
        if chart.kind == ChartKind::Area {
            "midCat"
        } else {
            "between"
        }
    )
}

fn series_xml(chart: &Chart<'_>, index: usize, series: &Series) -> String {
    let mut xml = format!(
        r#"<c:ser><c:idx val="{index}"/><c:order val="{index}"/><c:tx><c:strRef><c:f>{}</c:f>"#,
        escape(&series.name.0)
    );
    let _ = write!(
        xml,
        r#"<c:strCache><c:ptCount val="1"/><c:pt idx="0"><c:v>{}</c:v></c:pt></c:strCache></c:strRef></c:tx>"#,
        escape(&series.name.1)
    );
    match chart.kind {
        ChartKind::BarClustered | ChartKind::ColumnClustered | ChartKind::ColumnStacked => {
            xml.push_str(r#"<c:invertIfNegative val="0"/>"#);
        }
        ChartKind::Line => xml.push_str(r#"<c:marker><c:symbol val="none"/></c:marker>"#),
        _ => {}
    }
    let (formula, categories) = &chart.categories;
    let numeric = !categories.is_empty()
        && categories
            .iter()
            .all(|value| matches!(value, CellValue::Number(_)));
    let categories = if numeric {
        numbers(formula, categories, "General")
    } else {
        texts(formula, categories)
    };
    let values = numbers(&series.values.0, &series.values.1, &series.number_format);
    let _ = write!(xml, "<c:cat>{categories}</c:cat><c:val>{values}</c:val>");
    if chart.kind == ChartKind::Line {
        xml.push_str(r#"<c:smooth val="0"/>"#);
    }
    xml.push_str("</c:ser>");
    xml
}

fn texts(formula: &str, values: &[CellValue]) -> String {
    let mut points = String::new();
    for (index, value) in values.iter().enumerate() {
        let text = match value {
            CellValue::Empty => continue,
            CellValue::Boolean(value) => value.to_string().to_uppercase(),
            CellValue::Number(value) => value.to_string(),
            CellValue::Text(text) => text.clone(),
        };
        let _ = write!(
            points,
            r#"<c:pt idx="{index}"><c:v>{}</c:v></c:pt>"#,
            escape(&text)
        );
    }
    let (formula, count) = (escape(formula), values.len());
    format!(
        r#"<c:strRef><c:f>{formula}</c:f><c:strCache><c:ptCount val="{count}"/>{points}</c:strCache></c:strRef>"#
    )
}

fn numbers(formula: &str, values: &[CellValue], format: &str) -> String {
    let mut points = String::new();
    for (index, value) in values.iter().enumerate() {
        if let CellValue::Number(value) = value {
            let _ = write!(
                points,
                r#"<c:pt idx="{index}"><c:v>{}</c:v></c:pt>"#,
                number(*value)
            );
        }
    }
    let (formula, count, format) = (escape(formula), values.len(), escape(format));
    format!(
        r#"<c:numRef><c:f>{formula}</c:f><c:numCache><c:formatCode>{format}</c:formatCode><c:ptCount val="{count}"/>{points}</c:numCache></c:numRef>"#
    )
}

/// The anchor of a chart over an area of its sheet. It declares its own prefixes, so that it stands in any drawing.
pub(crate) fn anchor(place: Area, id: u32, name: &str, relationship: &str, strict: bool) -> String {
    let spaces = spaces(strict);
    let corner = |column: u32, row: u32| {
        format!(
            "<xdr:col>{column}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{row}</xdr:row><xdr:rowOff>0</xdr:rowOff>"
        )
    };
    format!(
        concat!(
            r#"<xdr:twoCellAnchor xmlns:xdr="{}" xmlns:a="{}"><xdr:from>{}</xdr:from><xdr:to>{}</xdr:to>"#,
            r#"<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="{}" name="{}"/><xdr:cNvGraphicFramePr/>"#,
            r#"</xdr:nvGraphicFramePr><xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm><a:graphic>"#,
            r#"<a:graphicData uri="{}"><c:chart xmlns:c="{}" xmlns:r="{}" r:id="{}"/></a:graphicData></a:graphic>"#,
            r#"</xdr:graphicFrame><xdr:clientData/></xdr:twoCellAnchor>"#
        ),
        spaces.sheet_drawing,
        spaces.drawing,
        corner(place.left, place.top),
        corner(place.right + 1, place.bottom + 1),
        id,
        escape(name),
        spaces.chart,
        spaces.chart,
        spaces.relationships,
        relationship
    )
}

/// An empty drawing.
pub(crate) fn empty_drawing(strict: bool) -> String {
    let spaces = spaces(strict);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<xdr:wsDr xmlns:xdr=\"{}\" xmlns:a=\"{}\"></xdr:wsDr>",
        spaces.sheet_drawing, spaces.drawing
    )
}
