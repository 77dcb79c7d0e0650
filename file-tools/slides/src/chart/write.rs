//! Writes a chart part: title, plot area, axes, legend, in the colours and fonts of the deck's theme.

use deskhand_operations::ChartKind;

use crate::chart::cells::Cells;
use crate::chart::series::write_series;
use crate::chart::{Plot, is_of_points};
use crate::dialect::Dialect;
use crate::markup::Markup;

const CATEGORY_AXIS: &str = "111111111";
const VALUE_AXIS: &str = "222222222";

/// The relationship of the chart part that leads to its workbook.
pub(crate) const WORKBOOK_REFERENCE: &str = "rId1";

/// The whole chart part.
pub(crate) fn chart_part(plot: &Plot<'_>, dialect: Dialect) -> String {
    let mut xml = Markup::part();
    let namespaces = [
        ("xmlns:c", dialect.chart()),
        ("xmlns:a", dialect.drawing()),
        ("xmlns:r", dialect.references()),
    ];
    xml.element("c:chartSpace", &namespaces, |xml| {
        xml.value("c:date1904", "0");
        xml.value("c:roundedCorners", "0");
        xml.element("c:chart", &[], |xml| chart(xml, plot));
        xml.element("c:txPr", &[], |xml| text_properties(xml, "1200", muted));
        xml.element("c:externalData", &[("r:id", WORKBOOK_REFERENCE)], |xml| {
            xml.value("c:autoUpdate", "0");
        });
    });
    xml.finish()
}

fn chart(xml: &mut Markup, plot: &Plot<'_>) {
    if let Some(title) = plot.title {
        xml.element("c:title", &[], |xml| title_text(xml, title));
    }
    xml.value("c:autoTitleDeleted", if plot.title.is_some() { "0" } else { "1" });
    xml.element("c:plotArea", &[], |xml| {
        xml.empty("c:layout", &[]);
        plot_area(xml, plot, &Cells::fresh(plot));
    });
    let round = is_round(plot.kind);
    if round || plot.series.len() > 1 {
        xml.element("c:legend", &[], |xml| {
            xml.value("c:legendPos", if round { "r" } else { "b" });
            xml.value("c:overlay", "0");
        });
    }
    xml.value("c:plotVisOnly", "1");
    xml.value("c:dispBlanksAs", "gap");
}

/// Writes the content of a title.
pub(crate) fn title_text(xml: &mut Markup, title: &str) {
    xml.element("c:tx", &[], |xml| {
        xml.element("c:rich", &[], |xml| {
            xml.empty("a:bodyPr", &[]);
            xml.empty("a:lstStyle", &[]);
            xml.element("a:p", &[], |xml| {
                xml.element("a:pPr", &[], |xml| {
                    xml.element("a:defRPr", &[("sz", "1600"), ("b", "0")], muted);
                });
                xml.element("a:r", &[], |xml| xml.text("a:t", title));
            });
        });
    });
    xml.value("c:overlay", "0");
}

/// Writes the `c:title` of an axis; that of a standing one is turned.
pub(crate) fn axis_title(xml: &mut Markup, title: &str, turned: bool) {
    xml.element("c:title", &[], |xml| {
        xml.element("c:tx", &[], |xml| {
            xml.element("c:rich", &[], |xml| {
                let turn: &[(&str, &str)] = if turned {
                    &[("rot", "-5400000"), ("vert", "horz")]
                } else {
                    &[]
                };
                xml.empty("a:bodyPr", turn);
                xml.empty("a:lstStyle", &[]);
                xml.element("a:p", &[], |xml| {
                    xml.element("a:pPr", &[], |xml| {
                        xml.element("a:defRPr", &[("sz", "1200"), ("b", "0")], muted);
                    });
                    xml.element("a:r", &[], |xml| xml.text("a:t", title));
                });
            });
        });
        xml.value("c:overlay", "0");
    });
}

/// Writes the plots and the axes of a chart.
pub(crate) fn plot_area(xml: &mut Markup, plot: &Plot<'_>, cells: &Cells) {
    let grouped = |xml: &mut Markup, grouping: &str| {
        xml.value("c:grouping", grouping);
        xml.value("c:varyColors", "0");
        write_series(xml, plot, cells);
    };
    match plot.kind {
        ChartKind::BarClustered => bars(xml, plot, cells, ("bar", "clustered")),
        ChartKind::BarStacked => bars(xml, plot, cells, ("bar", "stacked")),
        ChartKind::BarStacked100 => bars(xml, plot, cells, ("bar", "percentStacked")),
        ChartKind::ColumnClustered => bars(xml, plot, cells, ("col", "clustered")),
        ChartKind::ColumnStacked => bars(xml, plot, cells, ("col", "stacked")),
        ChartKind::ColumnStacked100 => bars(xml, plot, cells, ("col", "percentStacked")),
        ChartKind::Line | ChartKind::LineMarkers | ChartKind::LineStacked => {
            xml.element("c:lineChart", &[], |xml| {
                let stacked = plot.kind == ChartKind::LineStacked;
                grouped(xml, if stacked { "stacked" } else { "standard" });
                xml.value("c:marker", "1");
                axis_references(xml);
            });
        }
        ChartKind::Area | ChartKind::AreaStacked => xml.element("c:areaChart", &[], |xml| {
            let stacked = plot.kind == ChartKind::AreaStacked;
            grouped(xml, if stacked { "stacked" } else { "standard" });
            axis_references(xml);
        }),
        ChartKind::Pie => xml.element("c:pieChart", &[], |xml| round(xml, plot, cells)),
        ChartKind::Doughnut => xml.element("c:doughnutChart", &[], |xml| {
            round(xml, plot, cells);
            xml.value("c:holeSize", "60");
        }),
        ChartKind::Scatter | ChartKind::ScatterLines => xml.element("c:scatterChart", &[], |xml| {
            xml.value("c:scatterStyle", "lineMarker");
            xml.value("c:varyColors", "0");
            write_series(xml, plot, cells);
            axis_references(xml);
        }),
        ChartKind::Bubble => xml.element("c:bubbleChart", &[], |xml| {
            xml.value("c:varyColors", "0");
            write_series(xml, plot, cells);
            xml.value("c:bubbleScale", "100");
            xml.value("c:showNegBubbles", "0");
            axis_references(xml);
        }),
        ChartKind::Radar => xml.element("c:radarChart", &[], |xml| {
            xml.value("c:radarStyle", "marker");
            xml.value("c:varyColors", "0");
            write_series(xml, plot, cells);
            axis_references(xml);
        }),
    }
    if !is_round(plot.kind) {
        axes(xml, plot);
    }
}

/// Whether a kind has slices and no axes.
fn is_round(kind: ChartKind) -> bool {
    matches!(kind, ChartKind::Pie | ChartKind::Doughnut)
}

fn bars(xml: &mut Markup, plot: &Plot<'_>, cells: &Cells, (direction, grouping): (&str, &str)) {
    let stacked = grouping != "clustered";
    xml.element("c:barChart", &[], |xml| {
        xml.value("c:barDir", direction);
        xml.value("c:grouping", grouping);
        xml.value("c:varyColors", "0");
        write_series(xml, plot, cells);
        xml.value("c:gapWidth", if stacked { "70" } else { "100" });
        if stacked {
            xml.value("c:overlap", "100");
        }
        axis_references(xml);
    });
}

fn round(xml: &mut Markup, plot: &Plot<'_>, cells: &Cells) {
    xml.value("c:varyColors", "1");
    write_series(xml, plot, cells);
    xml.element("c:dLbls", &[], |xml| {
        // A pie has room for its labels outside; those of a ring stand on its colours.
        if plot.kind == ChartKind::Pie {
            xml.value("c:dLblPos", "outEnd");
        } else {
            xml.element("c:txPr", &[], |xml| text_properties(xml, "1200", on_colour));
        }
        for (what, shown) in [
            ("c:showLegendKey", "0"),
            ("c:showVal", "0"),
            ("c:showCatName", "0"),
            ("c:showSerName", "0"),
            ("c:showPercent", "1"),
            ("c:showBubbleSize", "0"),
            ("c:showLeaderLines", "1"),
        ] {
            xml.value(what, shown);
        }
    });
    xml.value("c:firstSliceAng", "0");
}

fn axis_references(xml: &mut Markup) {
    xml.value("c:axId", CATEGORY_AXIS);
    xml.value("c:axId", VALUE_AXIS);
}

fn axes(xml: &mut Markup, plot: &Plot<'_>) {
    if is_of_points(plot.kind) {
        value_axis(xml, plot, true);
    } else {
        category_axis(xml, plot);
    }
    value_axis(xml, plot, false);
}

/// Whether bars lie: then the first category stands on top, as the data is read, and the value axis still below.
fn lies(kind: ChartKind) -> bool {
    matches!(
        kind,
        ChartKind::BarClustered | ChartKind::BarStacked | ChartKind::BarStacked100
    )
}

fn category_axis(xml: &mut Markup, plot: &Plot<'_>) {
    let lying = lies(plot.kind);
    xml.element("c:catAx", &[], |xml| {
        xml.value("c:axId", CATEGORY_AXIS);
        scaling(xml, if lying { "maxMin" } else { "minMax" });
        xml.value("c:axPos", if lying { "l" } else { "b" });
        xml.empty("c:numFmt", &[("formatCode", "General"), ("sourceLinked", "0")]);
        // Outside the plot also where values are below zero.
        ticks(xml, "low");
        xml.element("c:spPr", &[], |xml| line(xml, 25));
        xml.value("c:crossAx", VALUE_AXIS);
        xml.value("c:crosses", "autoZero");
        xml.value("c:auto", "1");
        xml.value("c:lblAlgn", "ctr");
        xml.value("c:lblOffset", "100");
        xml.value("c:noMultiLvlLbl", "0");
    });
}

/// The value axis; of charts of points also the horizontal one.
fn value_axis(xml: &mut Markup, plot: &Plot<'_>, horizontal: bool) {
    let lying = lies(plot.kind);
    let shares = matches!(plot.kind, ChartKind::BarStacked100 | ChartKind::ColumnStacked100);
    let format = plot.series.iter().find_map(|series| series.number_format);
    let format = if shares {
        "0%"
    } else {
        format.filter(|_| !horizontal).unwrap_or("General")
    };
    let (own, other) = if horizontal {
        (CATEGORY_AXIS, VALUE_AXIS)
    } else {
        (VALUE_AXIS, CATEGORY_AXIS)
    };
    xml.element("c:valAx", &[], |xml| {
        xml.value("c:axId", own);
        scaling(xml, "minMax");
        xml.value("c:axPos", if lying || horizontal { "b" } else { "l" });
        if !horizontal {
            xml.element("c:majorGridlines", &[], |xml| {
                xml.element("c:spPr", &[], |xml| line(xml, 15));
            });
        }
        xml.empty("c:numFmt", &[("formatCode", format), ("sourceLinked", "0")]);
        ticks(xml, if horizontal { "low" } else { "nextTo" });
        xml.element("c:spPr", &[], |xml| {
            if horizontal {
                line(xml, 25);
            } else {
                xml.element("a:ln", &[], |xml| xml.empty("a:noFill", &[]));
            }
        });
        xml.value("c:crossAx", other);
        xml.value("c:crosses", if lying { "max" } else { "autoZero" });
        let between =
            matches!(plot.kind, ChartKind::Area | ChartKind::AreaStacked) || is_of_points(plot.kind);
        xml.value("c:crossBetween", if between { "midCat" } else { "between" });
    });
}

fn scaling(xml: &mut Markup, orientation: &str) {
    xml.element("c:scaling", &[], |xml| xml.value("c:orientation", orientation));
    xml.value("c:delete", "0");
}

/// No tick marks; labels at `position`.
fn ticks(xml: &mut Markup, position: &str) {
    xml.value("c:majorTickMark", "none");
    xml.value("c:minorTickMark", "none");
    xml.value("c:tickLblPos", position);
}

/// A thin line in the text colour, thinned to `percent`.
fn line(xml: &mut Markup, percent: u32) {
    xml.element("a:ln", &[("w", "9525")], |xml| text_fill(xml, percent));
}

/// Text of a size in hundredths of a point, in the colour that `fill` writes.
fn text_properties(xml: &mut Markup, size: &str, fill: fn(&mut Markup)) {
    xml.empty("a:bodyPr", &[]);
    xml.empty("a:lstStyle", &[]);
    xml.element("a:p", &[], |xml| {
        xml.element("a:pPr", &[], |xml| {
            xml.element("a:defRPr", &[("sz", size), ("b", "0")], fill);
        });
        xml.empty("a:endParaRPr", &[("lang", "en-US")]);
    });
}

/// The colour of text beside the plot: the theme's, a little thinned.
fn muted(xml: &mut Markup) {
    text_fill(xml, 65);
}

/// The colour of text on filled shapes.
fn on_colour(xml: &mut Markup) {
    xml.element("a:solidFill", &[], |xml| xml.value("a:schemeClr", "bg1"));
}

/// The theme's text colour, kept to `percent`.
fn text_fill(xml: &mut Markup, percent: u32) {
    xml.element("a:solidFill", &[], |xml| {
        xml.element("a:schemeClr", &[("val", "tx1")], |xml| {
            xml.value("a:lumMod", &(percent * 1000).to_string());
            xml.value("a:lumOff", &((100 - percent) * 1000).to_string());
        });
    });
}
