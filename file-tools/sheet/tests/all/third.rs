//! A tie-out with what another program computed: what counts of it, what is left out, and what is told.

use deskhand_formula::{LACKING, to_file};
use deskhand_operations::answer::TieOutContent;
use deskhand_operations::{CellValue, WorkbookAnswer};
use deskhand_sheet::{Third, Workbook};
use serde_json::{Value, json};

use crate::support::{operation, part, plan, with_part, workbook};

/// Formulas of row 1 from B on, with the kind and the value that a file holds; A1 is 7.
type Row<'a> = &'a [(&'a str, &'a str, &'a str)];

fn held(row: Row<'_>) -> Workbook {
    let blank = workbook(&[&[json!(7)]]);
    let sheet = "xl/worksheets/sheet1.xml";
    let xml = part(&blank, sheet);
    let (begin, end) = (
        xml.find("<sheetData>").expect("cells"),
        xml.find("</sheetData>").expect("cells"),
    );
    let formula = |(column, (formula, kind, value)): (char, &(&str, &str, &str))| {
        format!(r#"<c r="{column}1" t="{kind}"><f>{formula}</f><v>{value}</v></c>"#)
    };
    let cells: String = ('B'..).zip(row).map(formula).collect();
    let cells = format!(r#"<sheetData><row r="1"><c r="A1"><v>7</v></c>{cells}</row>"#);
    with_part(&blank, sheet, &format!("{}{cells}{}", &xml[..begin], &xml[end..]))
}

fn tie_out(workbook: &Workbook, libre_office: bool) -> TieOutContent {
    let asked = operation(json!({"op": "workbook.tieOut", "libreOffice": libre_office}));
    match workbook.answer(&asked).expect("an answer") {
        WorkbookAnswer::TieOut(content) => content,
        other => panic!("{other:?}"),
    }
}

fn with_third(held: &Workbook, computed: &Workbook) -> Workbook {
    let third = Third::of(held, "LibreOffice 7.4", computed).expect("values");
    held.clone().with_third(third)
}

fn cells(content: &TieOutContent) -> Vec<(&str, Option<CellValue>)> {
    let found = content.disagreements.iter();
    found
        .map(|found| (found.cell.as_str(), found.third.clone()))
        .collect()
}

#[test]
fn a_value_that_neither_engine_computes_is_checked_by_the_third() {
    let book = held(&[
        ("INDIRECT(\"A1\")*2", "n", "15"),
        ("INDIRECT(\"A1\")*3", "n", "21"),
        ("A1*4", "n", "28"),
    ]);
    let alone = tie_out(&book, false);
    assert_eq!((cells(&alone), alone.not_computed_count), (vec![], 2));
    let computed = held(&[
        ("INDIRECT(\"A1\")*2", "n", "14"),
        ("INDIRECT(\"A1\")*3", "n", "21.000000000001"),
        ("A1*4", "n", "28"),
    ]);
    let content = tie_out(&with_third(&book, &computed), true);
    assert_eq!(
        cells(&content),
        [("Data!B1", Some(CellValue::Number(14.0)))],
        "{content:#?}"
    );
    assert_eq!(
        (content.compared, content.not_computed_count, content.count),
        (3, 0, 1)
    );
    let shares: Vec<_> = content
        .engines
        .iter()
        .map(|share| (share.engine.as_str(), share.formulas))
        .collect();
    assert_eq!(
        shares,
        [
            ("formualizer 0.13", 1),
            ("IronCalc 0.9", 1),
            ("LibreOffice 7.4", 3)
        ]
    );
    assert_eq!(content.not_checked, [""; 0]);
    let unasked = tie_out(&with_third(&book, &computed), false);
    assert_eq!(cells(&unasked), [], "nobody asked for it");
}

#[test]
fn what_rests_on_the_moment_or_on_what_the_program_does_not_know_is_left_out_with_all_that_follows() {
    let row: Row<'_> = &[
        ("NOW()", "n", "45000"),
        ("B1*2", "n", "90000"),
        ("_xlfn.XLOOKUP(7,A1:A2,A1:A2)", "n", "7"),
        ("D1*2", "n", "14"),
        ("[1]Prices!A1", "n", "5"),
        ("F1+1", "n", "6"),
        ("Clock+1", "n", "45001"),
        ("IFERROR(_xlfn.XLOOKUP(7,A1:A2,A1:A2),0)", "n", "7"),
        ("INDIRECT(\"A1\")+[1]Prices!A1", "n", "12"),
        ("A1+1", "n", "8"),
    ];
    let elsewhere: Row<'_> = &[
        ("NOW()", "n", "46000"),
        ("B1*2", "n", "92000"),
        ("_xlfn.XLOOKUP(7,A1:A2,A1:A2)", "e", "#NAME?"),
        ("D1*2", "e", "#NAME?"),
        ("[1]Prices!A1", "e", "#REF!"),
        ("F1+1", "e", "#REF!"),
        ("Clock+1", "n", "46001"),
        ("IFERROR(_xlfn.XLOOKUP(7,A1:A2,A1:A2),0)", "n", "0"),
        ("INDIRECT(\"A1\")+[1]Prices!A1", "n", "13"),
        ("A1+1", "n", "8"),
    ];
    let named = |book: Workbook| {
        let xml = part(&book, "xl/workbook.xml");
        let name = r#"<definedNames><definedName name="Clock" localSheetId="1">7</definedName><definedName name="Clock">NOW()</definedName></definedNames>"#;
        with_part(
            &book,
            "xl/workbook.xml",
            &xml.replace("</sheets>", &format!("</sheets>{name}")),
        )
    };
    let content = tie_out(&with_third(&named(held(row)), &named(held(elsewhere))), true);
    assert_eq!(cells(&content), [], "{content:#?}");
    assert_eq!(content.engines.last().expect("the third").formulas, 1);
    assert!(
        content.not_checked[0].starts_with("9 formulas against LibreOffice 7.4: they rest on time"),
        "{:?}",
        content.not_checked
    );
}

#[test]
fn a_value_that_both_engines_confirm_is_no_finding_and_is_told() {
    let book = held(&[
        ("A1*2", "n", "14"),
        ("A1&gt;1", "b", "1"),
        ("1/0", "e", "#DIV/0!"),
    ]);
    let computed = held(&[
        ("A1*2", "n", "15"),
        ("A1&gt;1", "n", "1"),
        ("1/0", "e", "#DIV/0!"),
    ]);
    let content = tie_out(&with_third(&book, &computed), true);
    assert_eq!(cells(&content), [], "{content:#?}");
    assert_eq!(
        content.not_checked,
        ["1 values that LibreOffice computes otherwise and both engines confirm, such as Data!B1"]
    );
}

#[test]
fn where_there_is_no_third_the_reason_stands_in_the_answer_and_in_the_report() {
    let book = held(&[("A1*2", "n", "14")]);
    let told = |workbook: &Workbook| tie_out(workbook, true).not_checked;
    assert_eq!(told(&book), ["values against LibreOffice: there is none here"]);
    let missing = book.clone().with_third(Third::missing("workspace unavailable"));
    assert_eq!(
        told(&missing),
        ["values against LibreOffice: workspace unavailable"]
    );
    let manual =
        part(&book, "xl/workbook.xml").replace("</sheets>", r#"</sheets><calcPr fullPrecision="0"/>"#);
    let shown = with_part(&book, "xl/workbook.xml", &manual);
    let content = told(&with_third(&shown, &book));
    assert!(
        content[0].starts_with("values against LibreOffice: "),
        "{content:?}"
    );

    let report = |op: Value| {
        let planned = plan(&missing, op).expect("a plan");
        let mut package = missing.package().clone();
        package.apply(&planned.patches).expect("a report");
        let parts: Vec<String> = package.parts().map(str::to_owned).collect();
        let text = |name: &String| String::from_utf8_lossy(&package.part(name).expect("a part")).into_owned();
        parts
            .iter()
            .map(text)
            .any(|xml| xml.contains("workspace unavailable"))
    };
    let asked = json!({"op": "workbook.tieOutReport", "sheet": "Tie-out"});
    assert!(!report(asked.clone()));
    let mut third = asked;
    third["libreOffice"] = json!(true);
    assert!(report(third));
}

#[test]
fn an_error_and_a_truth_value_agree_whatever_a_program_calls_them() {
    let book = held(&[
        ("SQRT(-1)", "e", "#NUM!"),
        ("--(A1&gt;1)", "n", "1"),
        ("INDIRECT(\"A1\")", "n", "7"),
    ]);
    let computed = held(&[
        ("SQRT(-1)", "e", "#VALUE!"),
        ("--(A1&gt;1)", "b", "1"),
        ("INDIRECT(\"A1\")", "e", "#VALUE!"),
    ]);
    let content = tie_out(&with_third(&book, &computed), true);
    assert_eq!(cells(&content), [], "{content:#?}");
    assert_eq!(
        content.not_computed_count, 1,
        "an error of the third alone says nothing"
    );
}

#[test]
fn the_list_of_what_libreoffice_lacks_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let (file, sheet) = (folder.path().join("lacking.xlsx"), "xl/worksheets/sheet1.xml");
    let blank = workbook(&[&[json!(7)]]);
    let xml = part(&blank, sheet);
    let row = |(row, name): (usize, &&str)| {
        let name = match *name {
            "FILTER" | "SORT" => format!("_xlfn._xlws.{name}"),
            name => to_file(&format!("{name}(1)")).map_or_else(
                |_| format!("_xlfn.{name}"),
                |formula| formula.trim_end_matches("(1)").to_owned(),
            ),
        };
        format!(
            r#"<row r="{0}"><c r="A{0}"><f>IF(ISERROR({name}(1)),ERROR.TYPE({name}(1)),0)</f></c></row>"#,
            row + 1
        )
    };
    let rows: String = LACKING
        .iter()
        .chain(&["SUM", "TEXTJOIN"])
        .enumerate()
        .map(row)
        .collect();
    let (begin, end) = (
        xml.find("<sheetData>").unwrap(),
        xml.find("</sheetData>").unwrap(),
    );
    let asked = with_part(
        &blank,
        sheet,
        &format!("{}<sheetData>{rows}{}", &xml[..begin], &xml[end..]),
    );
    std::fs::write(&file, asked.package().write().unwrap()).unwrap();
    let converted = std::process::Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}/profile",
            folder.path().display()
        ))
        .args(["--headless", "--convert-to", "csv", "--outdir"])
        .arg(folder.path())
        .arg(&file)
        .output()
        .expect("LibreOffice runs");
    assert!(converted.status.success());
    let told = std::fs::read_to_string(folder.path().join("lacking.csv")).unwrap();
    let kinds: Vec<&str> = told.lines().map(|line| line.trim_matches('"')).collect();
    // 5 is the number of #NAME?.
    let lacks = |kind: &&str| **kind == *"5" || **kind == *"#NAME?";
    let known: Vec<_> = LACKING
        .iter()
        .zip(&kinds)
        .filter(|(_, kind)| !lacks(kind))
        .collect();
    assert!(known.is_empty(), "{known:?}");
    assert!(!kinds[LACKING.len()..].iter().any(lacks), "{kinds:?}");
}
