//! Conditional formats and data validation.

use deskhand_operations::RefusalCode;
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::support::{data, done, goes_back, layout, part, refused, settled, with_sheet};

const SPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const SHEET: &str = "xl/worksheets/sheet1.xml";

fn rules(book: &Workbook) -> Value {
    layout(book)["layout"]["Data"]["formats"].clone()
}

#[test]
fn every_condition_is_written_as_excel_writes_it() {
    let cases = [
        (
            json!({"when": "value", "operator": "between", "first": 2, "second": "=A$3"}),
            r#"<cfRule type="cellIs" operator="between" dxfId="0" priority="1"><formula>2</formula><formula>A$3</formula></cfRule>"#,
        ),
        (
            json!({"when": "value", "operator": "equal", "first": "a\"b"}),
            r#"<cfRule type="cellIs" operator="equal" dxfId="0" priority="1"><formula>&quot;a&quot;&quot;b&quot;</formula></cfRule>"#,
        ),
        (
            json!({"when": "formula", "formula": "=A2>AVERAGE(A:A)"}),
            r#"<cfRule type="expression" dxfId="0" priority="1"><formula>A2&gt;AVERAGE(A:A)</formula></cfRule>"#,
        ),
        (
            json!({"when": "contains", "text": "pp"}),
            r#"<cfRule type="containsText" operator="containsText" text="pp" dxfId="0" priority="1"><formula>NOT(ISERROR(SEARCH(&quot;pp&quot;,A2)))</formula></cfRule>"#,
        ),
        (
            json!({"when": "duplicate"}),
            r#"<cfRule type="duplicateValues" dxfId="0" priority="1"/>"#,
        ),
        (
            json!({"when": "unique"}),
            r#"<cfRule type="uniqueValues" dxfId="0" priority="1"/>"#,
        ),
        (
            json!({"when": "blank"}),
            r#"<cfRule type="containsBlanks" dxfId="0" priority="1"><formula>LEN(TRIM(A2))=0</formula></cfRule>"#,
        ),
        (
            json!({"when": "error"}),
            r#"<cfRule type="containsErrors" dxfId="0" priority="1"><formula>ISERROR(A2)</formula></cfRule>"#,
        ),
        (
            json!({"when": "top", "rank": 10, "percent": true, "bottom": true}),
            r#"<cfRule type="top10" rank="10" percent="1" bottom="1" dxfId="0" priority="1"/>"#,
        ),
        (
            json!({"when": "aboveAverage", "below": true}),
            r#"<cfRule type="aboveAverage" aboveAverage="0" dxfId="0" priority="1"/>"#,
        ),
    ];
    let format = json!({"bold": true, "fontColor": "#9c0006", "fillColor": "#FFC7CE", "numberFormat": "0.0"});
    for (condition, expected) in cases {
        let mut book = data();
        let before = settled(&mut book);
        let op = json!({"op": "conditionalFormat.set", "range": "Data!A2:B4", "rules": [{"condition": condition, "format": format}]});
        let (_, patches) = done(&mut book, op);
        let xml = part(&book, SHEET);
        let expected = format!(r#"<conditionalFormatting sqref="A2:B4">{expected}</conditionalFormatting>"#);
        assert!(xml.contains(&expected), "{expected}\nin {xml}");
        let styles = part(&book, "xl/styles.xml");
        assert!(styles.contains(r#"<dxfs count="1"><dxf><font><b/><color rgb="FF9C0006"/></font><numFmt numFmtId="164" formatCode="0.0"/><fill><patternFill><bgColor rgb="FFFFC7CE"/></patternFill></fill></dxf></dxfs>"#), "{styles}");
        assert!(lint(&book).unwrap().is_empty());
        assert_eq!(rules(&book).as_array().unwrap().len(), 1);
        goes_back(&book, &patches, &before);
    }
}

#[test]
fn scales_bars_and_icons_have_no_format() {
    let mut book = data();
    let op = json!({"op": "conditionalFormat.set", "range": "Data!A2:A4", "rules": [
        {"condition": {"when": "colorScale", "colors": ["#f8696b", "#FFEB84", "#63BE7B"]}},
        {"condition": {"when": "dataBar", "color": "#638EC6"}},
        {"condition": {"when": "iconSet", "set": "4Rating", "iconsOnly": true}}]});
    done(&mut book, op);
    let xml = part(&book, SHEET);
    for expected in [
        r#"<colorScale><cfvo type="min"/><cfvo type="percentile" val="50"/><cfvo type="max"/><color rgb="FFF8696B"/>"#,
        r#"<dataBar><cfvo type="min"/><cfvo type="max"/><color rgb="FF638EC6"/></dataBar>"#,
        r#"<iconSet iconSet="4Rating" showValue="0"><cfvo type="percent" val="0"/><cfvo type="percent" val="25"/>"#,
    ] {
        assert!(xml.contains(expected), "{expected} in {xml}");
    }
    for (rule, code) in [
        (
            json!({"condition": {"when": "dataBar", "color": "red"}}),
            RefusalCode::BadInput,
        ),
        (
            json!({"condition": {"when": "dataBar", "color": "#638EC6"}, "format": {"bold": true}}),
            RefusalCode::BadInput,
        ),
        (
            json!({"condition": {"when": "iconSet", "set": "9Lives"}}),
            RefusalCode::BadInput,
        ),
        (
            json!({"condition": {"when": "colorScale", "colors": ["#000000"]}}),
            RefusalCode::BadInput,
        ),
        (
            json!({"condition": {"when": "formula", "formula": "=SUM(A1"}}),
            RefusalCode::BadInput,
        ),
        (
            json!({"condition": {"when": "value", "operator": "between", "first": 1}}),
            RefusalCode::BadInput,
        ),
        (
            json!({"condition": {"when": "unique"}, "format": {"wrap": true}}),
            RefusalCode::BadInput,
        ),
    ] {
        let op = json!({"op": "conditionalFormat.set", "range": "Data!A2", "rules": [rule]});
        assert_eq!(refused(&book, op).0, code, "{rule}");
    }
}

#[test]
fn new_rules_come_first_and_those_of_other_cells_keep_their_meaning() {
    let held = concat!(
        r#"<conditionalFormatting sqref="A1:A9"><cfRule type="expression" priority="2"><formula>A1&gt;B1</formula></cfRule></conditionalFormatting>"#,
        r#"<conditionalFormatting sqref="C1"><cfRule type="expression" priority="1"><formula>C1=1</formula></cfRule></conditionalFormatting>"#
    );
    let mut book = with_sheet(&format!(
        r#"<worksheet xmlns="{SPACE}"><sheetData/>{held}</worksheet>"#
    ));
    let one = json!([{"condition": {"when": "unique"}, "stop": true}]);
    done(
        &mut book,
        json!({"op": "conditionalFormat.set", "range": "Data!A1:A3", "rules": one}),
    );
    assert_eq!(
        rules(&book),
        json!([
            ["A1:A3", [["uniqueValues", null, 1, [], true]]],
            // What is left begins in row 4, and so does its formula.
            ["A4:A9", [["expression", null, 3, ["A4>B4"], null]]],
            ["C1", [["expression", null, 2, ["C1=1"], null]]]
        ])
    );
    let more = json!([{"condition": {"when": "duplicate"}}]);
    done(
        &mut book,
        json!({"op": "conditionalFormat.set", "range": "Data!A1:A3", "rules": more, "keep": true}),
    );
    assert_eq!(
        rules(&book)[0],
        json!([
            "A1:A3",
            [
                ["duplicateValues", null, 1, [], null],
                ["uniqueValues", null, 2, [], true]
            ]
        ])
    );
    done(
        &mut book,
        json!({"op": "conditionalFormat.set", "range": "Data!A:C"}),
    );
    assert!(!part(&book, SHEET).contains("conditionalFormatting"));
}

#[test]
fn rules_of_the_extension_list_give_way_too() {
    let extension = concat!(
        r#"<extLst><ext uri="{78C0D931-6437-407d-A8EE-F0AAD7539E65}" xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><x14:conditionalFormattings>"#,
        r#"<x14:conditionalFormatting xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:cfRule type="expression" priority="1" id="{00000000-0000-0000-0000-000000000001}"><xm:f>A1&gt;1</xm:f></x14:cfRule><xm:sqref>A1:B4</xm:sqref></x14:conditionalFormatting>"#,
        r#"</x14:conditionalFormattings></ext><ext uri="{other}"/></extLst>"#
    );
    let mut book = with_sheet(&format!(
        r#"<worksheet xmlns="{SPACE}"><sheetData/>{extension}</worksheet>"#
    ));
    done(
        &mut book,
        json!({"op": "conditionalFormat.set", "range": "Data!A1:B1"}),
    );
    assert!(part(&book, SHEET).contains(r"<xm:f>A2&gt;1</xm:f></x14:cfRule><xm:sqref>A2:B4</xm:sqref>"));
    done(
        &mut book,
        json!({"op": "conditionalFormat.set", "range": "Data!A1:C9"}),
    );
    let xml = part(&book, SHEET);
    assert!(xml.contains(r#"<extLst><ext uri="{other}"/></extLst>"#), "{xml}");
}

#[test]
fn validations_shrink_around_the_new_one() {
    let held = concat!(
        r#"<dataValidations count="2"><dataValidation type="whole" operator="greaterThan" allowBlank="1" sqref="A1:A9"><formula1>B1</formula1></dataValidation>"#,
        r#"<dataValidation type="list" sqref="C1"><formula1>"x,y"</formula1></dataValidation></dataValidations>"#
    );
    let mut book = with_sheet(&format!(
        r#"<worksheet xmlns="{SPACE}"><sheetData/>{held}</worksheet>"#
    ));
    let before = settled(&mut book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "dataValidation.set", "range": "Data!A4:A5", "allowed": {"allow": "list", "values": ["Yes", "No \"maybe\""]},
            "error": {"title": "No", "text": "Yes or no & nothing else"}, "style": "warning"}),
    );
    assert_eq!(
        layout(&book)["layout"]["Data"]["validations"],
        json!([
            ["A1:A3 A6:A9", "whole", "greaterThan", "B1", null, true],
            ["C1", "list", null, "\"x,y\"", null, false],
            ["A4:A5", "list", null, "\"Yes,No \"\"maybe\"\"\"", null, true]
        ])
    );
    assert!(part(&book, SHEET).contains(r#"<dataValidations count="3">"#));
    goes_back(&book, &patches, &before);
    done(
        &mut book,
        json!({"op": "dataValidation.set", "range": "Data!A1:C9", "allowed": {"allow": "any"}}),
    );
    assert!(!part(&book, SHEET).contains("dataValidation"));
}

#[test]
fn validations_of_every_kind_read_back() {
    let cases = [
        (
            json!({"allow": "listFrom", "source": "'Q1 2026'!A1:A5"}),
            json!(["list", null, "'Q1 2026'!$A$1:$A$5", null]),
        ),
        (
            json!({"allow": "number", "of": "whole", "operator": "between", "first": 1, "second": "=B1"}),
            json!(["whole", null, "1", "B1"]),
        ),
        (
            json!({"allow": "number", "of": "decimal", "operator": "notBetween", "first": 0.5, "second": 2}),
            json!(["decimal", "notBetween", "0.5", "2"]),
        ),
        (
            json!({"allow": "number", "of": "date", "operator": "greaterThanOrEqual", "first": "2026-03-31"}),
            json!(["date", "greaterThanOrEqual", "46112", null]),
        ),
        (
            json!({"allow": "number", "of": "time", "operator": "lessThan", "first": "18:00:00"}),
            json!(["time", "lessThan", "0.75", null]),
        ),
        (
            json!({"allow": "number", "of": "textLength", "operator": "lessThanOrEqual", "first": 10}),
            json!(["textLength", "lessThanOrEqual", "10", null]),
        ),
        (
            json!({"allow": "formula", "formula": "=ISNUMBER(A2)"}),
            json!(["custom", null, "ISNUMBER(A2)", null]),
        ),
    ];
    for (allowed, expected) in cases {
        let mut book = data();
        done(
            &mut book,
            json!({"op": "dataValidation.set", "range": "Data!A2:A4", "allowed": allowed, "refuseBlank": true}),
        );
        let seen = layout(&book);
        let check = seen["layout"]["Data"]["validations"][0].as_array().unwrap();
        assert_eq!(json!(check[1..5]), expected, "{allowed}");
        assert_eq!(check[5], json!(false));
    }
    for allowed in [
        json!({"allow": "list", "values": []}),
        json!({"allow": "list", "values": ["a,b"]}),
        json!({"allow": "list", "values": ["x".repeat(256)]}),
        json!({"allow": "listFrom", "source": "A1:A5"}),
        json!({"allow": "listFrom", "source": "Data!A1:B5"}),
        json!({"allow": "number", "of": "whole", "operator": "equal", "first": 1.5}),
        json!({"allow": "number", "of": "date", "operator": "equal", "first": "soon"}),
        json!({"allow": "number", "of": "whole", "operator": "equal", "first": 1, "second": 2}),
    ] {
        let op = json!({"op": "dataValidation.set", "range": "Data!A2", "allowed": allowed});
        assert_eq!(refused(&data(), op).0, RefusalCode::BadInput, "{allowed}");
    }
}

/// Sets each condition on `Data!A2:B4` and looks for its rule in the sheet.
fn written_as<const N: usize>(cases: [(Value, &str); N]) {
    let folder = tempfile::tempdir().unwrap();
    let before = crate::support::saved(&data(), folder.path(), "before.xlsx");
    for (condition, expected) in cases {
        let mut book = data();
        let bytes = settled(&mut book);
        let rules = json!([{"condition": condition, "format": {"bold": true}}]);
        let (_, patches) = done(
            &mut book,
            json!({"op": "conditionalFormat.set", "range": "Data!A2:B4", "rules": rules}),
        );
        let xml = part(&book, SHEET);
        assert!(xml.contains(expected), "{condition}: {xml}");
        let after = crate::support::saved(&book, folder.path(), "after.xlsx");
        assert_eq!(
            crate::outside::new_findings(&before, &after),
            Vec::<String>::new(),
            "{condition}"
        );
        goes_back(&book, &patches, &bytes);
    }
}

#[test]
fn words_are_written_as_excel_writes_them() {
    let cases = [
        (
            json!({"when": "notContains", "text": "p\"p"}),
            r#"type="notContainsText" operator="notContains" text="p&quot;p" dxfId="0" priority="1"><formula>ISERROR(SEARCH(&quot;p&quot;&quot;p&quot;,A2))</formula>"#,
        ),
        (
            json!({"when": "beginsWith", "text": "ap"}),
            r#"type="beginsWith" operator="beginsWith" text="ap" dxfId="0" priority="1"><formula>LEFT(A2,LEN(&quot;ap&quot;))=&quot;ap&quot;</formula>"#,
        ),
        (
            json!({"when": "endsWith", "text": "r"}),
            r#"type="endsWith" operator="endsWith" text="r" dxfId="0" priority="1"><formula>RIGHT(A2,LEN(&quot;r&quot;))=&quot;r&quot;</formula>"#,
        ),
        (
            json!({"when": "notBlank"}),
            r#"type="notContainsBlanks" dxfId="0" priority="1"><formula>LEN(TRIM(A2))&gt;0</formula>"#,
        ),
        (
            json!({"when": "notError"}),
            r#"type="notContainsErrors" dxfId="0" priority="1"><formula>NOT(ISERROR(A2))</formula>"#,
        ),
    ];
    written_as(cases);
}

#[test]
fn dates_and_averages_are_written_as_excel_writes_them() {
    let cases = [
        (
            json!({"when": "date", "period": "today"}),
            r#"type="timePeriod" timePeriod="today" dxfId="0" priority="1"><formula>FLOOR(A2,1)=TODAY()</formula>"#,
        ),
        (
            json!({"when": "date", "period": "last7Days"}),
            r#"type="timePeriod" timePeriod="last7Days" dxfId="0" priority="1"><formula>AND(TODAY()-FLOOR(A2,1)&lt;=6,FLOOR(A2,1)&lt;=TODAY())</formula>"#,
        ),
        (
            json!({"when": "date", "period": "nextWeek"}),
            r#"timePeriod="nextWeek" dxfId="0" priority="1"><formula>AND(ROUNDDOWN(A2,0)-TODAY()&gt;(7-WEEKDAY(TODAY())),ROUNDDOWN(A2,0)-TODAY()&lt;(15-WEEKDAY(TODAY())))</formula>"#,
        ),
        (
            json!({"when": "date", "period": "lastMonth"}),
            r#"timePeriod="lastMonth" dxfId="0" priority="1"><formula>AND(MONTH(A2)=MONTH(EDATE(TODAY(),0-1)),YEAR(A2)=YEAR(EDATE(TODAY(),0-1)))</formula>"#,
        ),
        (
            json!({"when": "aboveAverage", "below": true, "equal": true}),
            r#"type="aboveAverage" aboveAverage="0" equalAverage="1" dxfId="0" priority="1"/>"#,
        ),
        (
            json!({"when": "aboveAverage", "deviations": 2}),
            r#"type="aboveAverage" stdDev="2" dxfId="0" priority="1"/>"#,
        ),
    ];
    written_as(cases);
    let both = json!([{"condition": {"when": "aboveAverage", "equal": true, "deviations": 1}}]);
    let (code, _) = refused(
        &data(),
        json!({"op": "conditionalFormat.set", "range": "Data!A2", "rules": both}),
    );
    assert_eq!(code, RefusalCode::BadInput);
}

#[test]
fn a_fill_takes_conditional_formats_and_validations_along() {
    let cases = [
        // Source, target, and where the rule of A2 and the validation of A2:A3 stand then.
        ("Data!A2:B2", "Data!A2:B9", "A2:A9", "A2:A9"),
        ("Data!A2:A3", "Data!A2:A8", "A2 A4 A6 A8", "A2:A8"),
        ("Data!A2", "Data!A2:D2", "A2:D2", "A2:A3 B2:D2"),
        ("Data!A2:A3", "Data!A1:A3", "A2", "A1:A3"),
        ("Data!B2", "Data!B2:B9", "A2", "A2:A3"),
        // What was filled from a cell without rules has none.
        ("Data!B2", "Data!A2:B2", "", "A3"),
    ];
    for (from, to, formats, validations) in cases {
        let mut book = data();
        let rule =
            json!([{"condition": {"when": "formula", "formula": "=A2>$B$1"}, "format": {"bold": true}}]);
        done(
            &mut book,
            json!({"op": "conditionalFormat.set", "range": "Data!A2", "rules": rule}),
        );
        done(
            &mut book,
            json!({"op": "dataValidation.set", "range": "Data!A2:A3", "allowed": {"allow": "list", "values": ["1", "2"]}}),
        );
        let bytes = settled(&mut book);
        let (_, patches) = done(
            &mut book,
            json!({"op": "range.fill", "from": from, "to": to, "kind": "copy"}),
        );
        let xml = part(&book, SHEET);
        let sqref = |element: &str| {
            let held = xml.split(element).nth(1).unwrap_or_default();
            let list = held
                .split("sqref=\"")
                .nth(1)
                .and_then(|list| list.split('"').next());
            list.unwrap_or_default().to_owned()
        };
        let held = |text: String| {
            let mut areas: Vec<&str> = text.split(' ').collect();
            areas.sort_unstable();
            areas.join(" ")
        };
        assert_eq!(held(sqref("<conditionalFormatting")), formats, "{from} to {to}");
        assert_eq!(held(sqref("<dataValidation ")), validations, "{from} to {to}");
        assert!(lint(&book).unwrap().is_empty());
        goes_back(&book, &patches, &bytes);
    }
}
