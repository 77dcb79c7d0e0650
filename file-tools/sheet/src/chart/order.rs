//! The order in which the schema wants the children of charts (ECMA-376 part 1, 21.2, `dml-chart.xsd`). One list serves all kinds
//! of series, and one all kinds of axes: what stands in two of them stands in the same order in both.

/// Children of `c:chart` (`CT_Chart`).
pub const CHART: &[&str] = &[
    "title",
    "autoTitleDeleted",
    "pivotFmts",
    "view3D",
    "floor",
    "sideWall",
    "backWall",
    "plotArea",
    "legend",
    "plotVisOnly",
    "dispBlanksAs",
    "showDLblsOverMax",
    "extLst",
];

/// Children of `c:ser` of every kind (`CT_BarSer`, `CT_LineSer`, `CT_PieSer`, `CT_AreaSer`, `CT_ScatterSer`, `CT_BubbleSer`,
/// `CT_RadarSer`, `CT_SurfaceSer`).
pub const SERIES: &[&str] = &[
    "idx",
    "order",
    "tx",
    "spPr",
    "invertIfNegative",
    "pictureOptions",
    "marker",
    "explosion",
    "dPt",
    "dLbls",
    "trendline",
    "errBars",
    "cat",
    "xVal",
    "val",
    "yVal",
    "smooth",
    "shape",
    "bubbleSize",
    "bubble3D",
    "extLst",
];

/// Children of an axis of every kind (`CT_CatAx`, `CT_ValAx`, `CT_DateAx`, `CT_SerAx`).
pub const AXIS: &[&str] = &[
    "axId",
    "scaling",
    "delete",
    "axPos",
    "majorGridlines",
    "minorGridlines",
    "title",
    "numFmt",
    "majorTickMark",
    "minorTickMark",
    "tickLblPos",
    "spPr",
    "txPr",
    "crossAx",
    "crosses",
    "crossesAt",
    "auto",
    "crossBetween",
    "lblAlgn",
    "lblOffset",
    "baseTimeUnit",
    "majorUnit",
    "majorTimeUnit",
    "minorUnit",
    "minorTimeUnit",
    "dispUnits",
    "tickLblSkip",
    "tickMarkSkip",
    "noMultiLvlLbl",
    "extLst",
];

/// Children of `c:scaling` (`CT_Scaling`).
pub const SCALING: &[&str] = &["logBase", "orientation", "max", "min", "extLst"];

/// Children of `c:legend` (`CT_Legend`).
pub const LEGEND: &[&str] = &[
    "legendPos",
    "legendEntry",
    "layout",
    "overlay",
    "spPr",
    "txPr",
    "extLst",
];

/// Children of `c:title` (`CT_Title`).
pub const TITLE: &[&str] = &["tx", "layout", "overlay", "spPr", "txPr", "extLst"];

#[cfg(test)]
mod tests {
    use super::*;

    /// The sequences of the schema, by hand.
    const TYPES: [(&str, &[&str], &str); 12] = [
        (
            "CT_BarSer",
            SERIES,
            "idx order tx spPr invertIfNegative pictureOptions dPt dLbls trendline errBars cat val shape extLst",
        ),
        (
            "CT_LineSer",
            SERIES,
            "idx order tx spPr marker dPt dLbls trendline errBars cat val smooth extLst",
        ),
        (
            "CT_PieSer",
            SERIES,
            "idx order tx spPr explosion dPt dLbls cat val extLst",
        ),
        (
            "CT_AreaSer",
            SERIES,
            "idx order tx spPr pictureOptions dPt dLbls trendline errBars cat val extLst",
        ),
        (
            "CT_ScatterSer",
            SERIES,
            "idx order tx spPr marker dPt dLbls trendline errBars xVal yVal smooth extLst",
        ),
        (
            "CT_BubbleSer",
            SERIES,
            "idx order tx spPr invertIfNegative dPt dLbls trendline errBars xVal yVal bubbleSize bubble3D extLst",
        ),
        (
            "CT_RadarSer",
            SERIES,
            "idx order tx spPr marker dPt dLbls cat val extLst",
        ),
        ("CT_SurfaceSer", SERIES, "idx order tx spPr cat val extLst"),
        (
            "CT_CatAx",
            AXIS,
            "axId scaling delete axPos majorGridlines minorGridlines title numFmt majorTickMark minorTickMark tickLblPos spPr txPr crossAx crosses crossesAt auto lblAlgn lblOffset tickLblSkip tickMarkSkip noMultiLvlLbl extLst",
        ),
        (
            "CT_ValAx",
            AXIS,
            "axId scaling delete axPos majorGridlines minorGridlines title numFmt majorTickMark minorTickMark tickLblPos spPr txPr crossAx crosses crossesAt crossBetween majorUnit minorUnit dispUnits extLst",
        ),
        (
            "CT_DateAx",
            AXIS,
            "axId scaling delete axPos majorGridlines minorGridlines title numFmt majorTickMark minorTickMark tickLblPos spPr txPr crossAx crosses crossesAt auto lblOffset baseTimeUnit majorUnit majorTimeUnit minorUnit minorTimeUnit extLst",
        ),
        (
            "CT_SerAx",
            AXIS,
            "axId scaling delete axPos majorGridlines minorGridlines title numFmt majorTickMark minorTickMark tickLblPos spPr txPr crossAx crosses crossesAt tickLblSkip tickMarkSkip extLst",
        ),
    ];

    #[test]
    fn one_order_holds_for_every_kind_of_series_and_axis() {
        for (name, order, children) in TYPES {
            let places: Vec<Option<usize>> = children
                .split(' ')
                .map(|child| order.iter().position(|known| *known == child))
                .collect();
            assert!(places.iter().all(Option::is_some), "{name}: {places:?}");
            assert!(places.is_sorted(), "{name}: {places:?}");
        }
    }
}
