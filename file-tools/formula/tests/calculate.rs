//! Values that Excel gives for formulas over given cells.

use std::time::Duration;

use deskhand_formula::{
    Calculated, CalculationLimits, CellAt, Constant, Formula, Method, Outcome, Problem, Table, calculate,
};
use deskhand_operations::{Area, CellValue};

fn text(text: &str) -> Constant {
    Constant::Value(CellValue::Text(text.to_owned()))
}

fn number(value: f64) -> CellValue {
    CellValue::Number(value)
}

fn cell(row: u32, column: u32) -> CellAt {
    CellAt {
        sheet: 0,
        row,
        column,
    }
}

/// Rows of region, units and price from A1; the formula stands in E1.
fn problem(formulas: &[&str]) -> Problem {
    let rows = [("North", 2.0, 10.0), ("South", 3.0, 20.0), ("North", 4.0, 30.0)];
    let mut constants = vec![
        (cell(0, 0), text("Region")),
        (cell(0, 1), text("Units")),
        (cell(0, 2), text("Price")),
        (
            CellAt {
                sheet: 1,
                row: 0,
                column: 0,
            },
            Constant::Value(number(7.0)),
        ),
    ];
    for (row, (region, units, price)) in (1..).zip(rows) {
        constants.push((cell(row, 0), text(region)));
        constants.push((cell(row, 1), Constant::Value(number(units))));
        constants.push((cell(row, 2), Constant::Value(number(price))));
    }
    Problem {
        sheets: vec!["Data".to_owned(), "Q1 2026".to_owned()],
        constants,
        formulas: (0..)
            .zip(formulas)
            .map(|(row, formula)| Formula {
                cell: cell(row, 4),
                text: (*formula).to_owned(),
                array: false,
            })
            .collect(),
        names: vec![("Rate".to_owned(), None, "'Q1 2026'!$A$1".to_owned())],
        tables: vec![Table {
            name: "Sales".to_owned(),
            sheet: "Data".to_owned(),
            area: Area {
                top: 0,
                left: 0,
                bottom: 3,
                right: 2,
            },
            header_rows: 1,
            totals_rows: 0,
            columns: ["Region", "Units", "Price"].map(str::to_owned).to_vec(),
        }],
        ..Problem::default()
    }
}

fn calculated(problem: Problem) -> Vec<Calculated> {
    calculate(problem, Method::default(), &CalculationLimits::default())
}

fn outcome(formula: &str) -> Outcome {
    calculated(problem(&[formula])).remove(0).outcome
}

#[test]
fn formulas_answer_what_excel_answers() {
    let cases = [
        ("SUM(B2:B4)", number(9.0)),
        ("SUMIFS(B2:B4,A2:A4,\"North\")", number(6.0)),
        ("SUMPRODUCT(B2:B4,C2:C4)", number(200.0)),
        ("_xlfn.XLOOKUP(\"South\",A2:A4,C2:C4)", number(20.0)),
        ("IFERROR(1/0,\"none\")", CellValue::Text("none".to_owned())),
        ("'Q1 2026'!A1*2", number(14.0)),
        ("Rate+1", number(8.0)),
        ("SUM(Sales[Units])", number(9.0)),
        ("AVERAGE(Sales[Price])", number(20.0)),
        ("Z99", number(0.0)),
        ("A2&\"!\"", CellValue::Text("North!".to_owned())),
        ("B2>1", CellValue::Boolean(true)),
        ("TEXT(1234.5,\"#,##0.0\")", CellValue::Text("1,234.5".to_owned())),
        ("INDEX(C2:C4,MATCH(\"South\",A2:A4,0))", number(20.0)),
    ];
    for (formula, expected) in cases {
        assert_eq!(outcome(formula), Outcome::Value(expected), "{formula}");
    }
}

#[test]
fn errors_are_errors_and_gaps_are_named() {
    for (formula, error) in [
        ("1/0", "#DIV/0!"),
        ("NA()", "#N/A"),
        ("Nowhere+1", "#NAME?"),
        ("\"a\"*1", "#VALUE!"),
    ] {
        assert_eq!(outcome(formula), Outcome::Error(error.to_owned()), "{formula}");
    }
    for formula in [
        "BDP(\"x\",1)",
        "INDIRECT(\"A1\")",
        "[1]Data!A1",
        "RAND()",
        "WEBSERVICE(A1)",
        "SUM(A1",
        "E1+1",
    ] {
        assert!(
            matches!(outcome(formula), Outcome::NotComputed(_)),
            "{formula}: {:?}",
            outcome(formula)
        );
    }
}

#[test]
fn what_rests_on_a_gap_is_not_computed_either() {
    let outcomes = calculated(problem(&["BDP(1)", "E1+1", "SUM(E2:E2)", "SUM(B2:B4)"]));
    let computed: Vec<bool> = outcomes
        .iter()
        .map(|formula| matches!(formula.outcome, Outcome::Value(_)))
        .collect();
    assert_eq!(computed, [false, false, false, true]);
}

#[test]
fn formulas_follow_each_other_in_any_order() {
    let outcomes = calculated(problem(&["E2*2", "E3+1", "B2"]));
    assert_eq!(outcomes[0].outcome, Outcome::Value(number(6.0)));
}

#[test]
fn work_above_a_cap_is_named_not_done() {
    let limits = [
        CalculationLimits {
            formulas: 0,
            ..CalculationLimits::default()
        },
        CalculationLimits {
            constants: 1,
            ..CalculationLimits::default()
        },
        CalculationLimits {
            visits: 1,
            ..CalculationLimits::default()
        },
        CalculationLimits {
            time: Duration::ZERO,
            ..CalculationLimits::default()
        },
    ];
    for limits in limits {
        let outcomes = calculate(problem(&["SUM(B2:B4)"]), Method::default(), &limits);
        assert!(
            matches!(outcomes[0].outcome, Outcome::NotComputed(_)),
            "{limits:?}"
        );
    }
}

#[test]
fn days_are_counted_from_1904_where_the_workbook_does() {
    // Day 2 of the workbook is 1904-01-03, and 1904 was a leap year: 366 days to 1905-01-03.
    let mut problem = problem(&["YEAR(B2)", "EDATE(B2,12)"]);
    problem.date_1904 = true;
    let outcomes = calculated(problem);
    assert_eq!(outcomes[0].outcome, Outcome::Value(number(1904.0)));
    assert_eq!(outcomes[1].outcome, Outcome::Value(number(368.0)));
}
