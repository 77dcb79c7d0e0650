//! Values that Excel gives for formulas over given cells.

use deskhand_formula::{
    Calculated, CalculationLimits, CellAt, Constant, EngineName, Formula, Method, Outcome, Problem, Table,
    calculate, opinions,
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
    // Day 2 of the workbook is 1904-01-03. The second engine, which alone is trusted with EDATE, knows 1900 only.
    let mut problem = problem(&["YEAR(B2)", "DAY(B2)", "EDATE(B2,12)"]);
    problem.date_1904 = true;
    let outcomes = calculated(problem);
    assert_eq!(outcomes[0].outcome, Outcome::Value(number(1904.0)));
    assert_eq!(outcomes[1].outcome, Outcome::Value(number(3.0)));
    assert!(matches!(outcomes[2].outcome, Outcome::NotComputed(_)));
}

#[test]
fn where_one_value_is_wanted_a_range_gives_the_cell_in_line() {
    // The formulas stand in E1, E2, E3 and so on; row 1 holds texts.
    let cases: [(&[&str], Outcome); 5] = [
        (&["1", "B1:B4*2"], Outcome::Value(number(4.0))),
        (&["1", "1", "ABS(C1:C4)"], Outcome::Value(number(20.0))),
        (&["1", "SUM(B1:B4*2)"], Outcome::Value(number(4.0))),
        (&["1", "SUMPRODUCT(B2:B4*2)"], Outcome::Value(number(18.0))),
        (&["A2:C2"], Outcome::Error("#VALUE!".to_owned())),
    ];
    for (formulas, expected) in cases {
        let outcomes = calculated(problem(formulas));
        assert_eq!(outcomes.last().unwrap().outcome, expected, "{formulas:?}");
    }
}

#[test]
fn table_columns_and_names_mean_the_cells_that_excel_takes() {
    // Row 2 of the sheet is the first of the table's data.
    let outcomes = calculated(problem(&[
        "SUM(Sales[[#Headers],[Units]])",
        "Sales[[#This Row],[Units]]*Sales[[#This Row],[Price]]",
        "SUM(Sales)",
        "Sales[@Units]",
        "Sales[@Units]",
    ]));
    let values: Vec<_> = outcomes.iter().map(|formula| &formula.outcome).collect();
    let expected = [0.0, 20.0, 69.0, 4.0].map(|value| Outcome::Value(number(value)));
    assert_eq!(values[..4], expected.iter().collect::<Vec<_>>());
    assert_eq!(
        *values[4],
        Outcome::Error("#VALUE!".to_owned()),
        "no row of the table"
    );
    let mut relative = problem(&["Above"]);
    relative
        .names
        .push(("Above".to_owned(), None, "Data!A1".to_owned()));
    assert!(matches!(calculated(relative)[0].outcome, Outcome::NotComputed(_)));
}

#[test]
fn engines_hand_each_other_what_they_computed() {
    // SUMIF is the first engine's alone, TEXT the second's.
    let outcomes = calculated(problem(&[
        "SUMIF(A2:A4,\"North\",B2:B4)",
        "TEXT(E1,\"0.00\")",
        "LEN(E2)+SUMIF(A2:A4,\"South\",B2:B4)",
        "TEXT(E3,\"0\")&\"!\"",
    ]));
    assert_eq!(outcomes[2].outcome, Outcome::Value(number(7.0)));
    assert_eq!(
        outcomes[3].outcome,
        Outcome::Value(CellValue::Text("7!".to_owned()))
    );
    let engines: Vec<_> = outcomes.iter().map(|formula| formula.engine.unwrap()).collect();
    let (first, second) = (EngineName::Formualizer, EngineName::IronCalc);
    assert_eq!(engines, [first, second, first, second]);
}

#[test]
fn an_engine_that_errors_confuse_is_not_believed_where_one_stands() {
    let sum = |error: bool| {
        let mut problem = problem(&["SUMIF(A2:A4,\"North\",C2:C4)", "AVERAGE(B2:B4)"]);
        if error {
            let last = problem
                .constants
                .iter_mut()
                .find(|(at, _)| *at == cell(3, 2))
                .unwrap();
            last.1 = Constant::Error("#N/A".to_owned());
        }
        calculated(problem)
    };
    assert_eq!(sum(false)[0].outcome, Outcome::Value(number(40.0)));
    assert!(
        matches!(sum(true)[0].outcome, Outcome::NotComputed(_)),
        "only the first engine has it"
    );
    assert_eq!(sum(true)[1].outcome, Outcome::Value(number(3.0)));
}

#[test]
fn what_reads_an_area_that_is_not_known_is_not_computed() {
    let mut problem = problem(&["SUM(C2:C4)", "SUM(B2:B4)", "E1*2"]);
    problem.unknown.push((0, Area::parse("C3:C9").unwrap()));
    let computed: Vec<bool> = calculated(problem)
        .iter()
        .map(|formula| formula.engine.is_some())
        .collect();
    assert_eq!(computed, [false, true, false]);
}

#[test]
fn subtotals_of_sheets_that_hide_rows_are_left_to_excel() {
    let mut problem = problem(&["SUBTOTAL(9,B2:B4)", "SUM(B2:B4)"]);
    assert_eq!(
        calculated(problem.clone())[0].outcome,
        Outcome::Value(number(9.0))
    );
    problem.hidden_rows.insert(0);
    let outcomes = calculated(problem);
    assert!(matches!(outcomes[0].outcome, Outcome::NotComputed(_)));
    assert_eq!(outcomes[1].outcome, Outcome::Value(number(9.0)));
}

#[test]
fn each_engine_answers_by_itself_and_goes_on_where_the_other_had_to() {
    // SUMIF is the first engine's alone, TEXT the second's; the sum is everybody's.
    let problem = problem(&["SUMIF(A2:A4,\"North\",B2:B4)", "E1+1", "TEXT(E2,\"0\")", "BDP(1)"]);
    let found = opinions(&problem, &CalculationLimits::default());
    let value = |outcome: &Outcome| match outcome {
        Outcome::Value(value) => Some(value.clone()),
        _ => None,
    };
    let values: Vec<_> = found
        .iter()
        .map(|formula| (value(&formula.first), value(&formula.second)))
        .collect();
    let seven = Some(number(7.0));
    let expected = [
        (Some(number(6.0)), None),
        (seven.clone(), seven),
        (None, Some(CellValue::Text("7".to_owned()))),
        (None, None),
    ];
    assert_eq!(values, expected);
}
