//! Formulas that are made to cost: deep, long, wide and growing ones. Each ends soon, in little memory, with values or with
//! a reason, and takes nothing else with it.

use deskhand_formula::{
    CalculationLimits, CellAt, Constant, EngineName, Formula, Method, Outcome, Problem, calculate,
};
use deskhand_operations::CellValue;

/// By which engine each is tried, so that none is spared by the other.
const WAYS: [&[EngineName]; 2] = [
    &[EngineName::Formualizer, EngineName::IronCalc],
    &[EngineName::IronCalc],
];

fn cell(row: u32, column: u32) -> CellAt {
    CellAt {
        sheet: 0,
        row,
        column,
    }
}

/// What the last formula comes to by every way; the formulas stand in column A from row 1.
fn last(formulas: &[String], constants: &[(CellAt, Constant)]) -> Vec<Outcome> {
    let formula = |(row, text): (u32, &String)| Formula {
        cell: cell(row, 0),
        text: text.clone(),
        array: false,
    };
    let problem = Problem {
        sheets: vec!["Data".to_owned()],
        constants: constants.to_vec(),
        formulas: (0..).zip(formulas).map(formula).collect(),
        ..Problem::default()
    };
    let by = |engines| {
        let method = Method {
            engines,
            try_all: false,
        };
        let mut found = calculate(problem.clone(), method, &CalculationLimits::default());
        found.pop().expect("a formula").outcome
    };
    WAYS.map(by).to_vec()
}

fn number(value: f64) -> Outcome {
    Outcome::Value(CellValue::Number(value))
}

fn is_gap(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::NotComputed(_))
}

/// The most memory that this process ever had, in KiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or_default()
}

#[test]
fn deep_and_long_formulas_end_with_a_value_or_a_reason() {
    let nested = |depth: usize| format!("{}1{}", "ABS(".repeat(depth), ")".repeat(depth));
    let parentheses = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    let signs = |count: usize| format!("{}1", "-".repeat(count));
    let terms = |count: usize| vec!["1"; count].join("+");
    for text in [nested(2_000), parentheses(4_000), signs(8_000), terms(4_000)] {
        // Alone and among so many that they are computed on several threads.
        let mut many = vec!["1+1".to_owned(); 3_000];
        many.push(text.clone());
        assert!(last(&[text], &[]).iter().all(is_gap));
        assert!(last(&many, &[]).iter().all(is_gap));
    }
    let mut many = vec!["1+1".to_owned(); 3_000];
    for (text, value) in [(nested(64), 1.0), (terms(1_000), 1_000.0)] {
        many.push(text);
        assert_eq!(last(&many, &[]), [number(value), number(value)]);
    }
}

#[test]
fn long_chains_are_followed_or_named() {
    let mut chain = vec!["1".to_owned()];
    chain.extend((1..50_000).map(|row| format!("A{row}+1")));
    let found = last(&chain, &[]);
    assert_eq!(found[0], number(50_000.0));
    assert!(is_gap(&found[1]) || found[1] == found[0], "{found:?}");
}

#[test]
fn texts_that_double_are_not_built() {
    let double = |join: &dyn Fn(u32) -> String| {
        let mut formulas = vec!["\"0123456789\"".to_owned()];
        formulas.extend((1..60).map(join));
        formulas
    };
    for formulas in [
        double(&|row| format!("A{row}&A{row}")),
        double(&|row| format!("CONCATENATE(A{row},A{row})")),
        double(&|row| format!("SUBSTITUTE(A{row},\"0\",A{row})")),
        double(&|row| format!("REPT(A{row},9)&A{row}")),
        double(&|row| format!("IF(TRUE,A{row}&A{row},\"\")")),
        vec!["REPT(\"x\",1E+9)".to_owned(), "LEN(A1&A1)".to_owned()],
    ] {
        for outcome in last(&formulas, &[]) {
            let refused = is_gap(&outcome) || outcome == Outcome::Error("#VALUE!".to_owned());
            assert!(refused, "{}", formulas[1]);
        }
    }
    assert!(peak_memory() < 2_000_000, "{} KiB", peak_memory());
}

#[test]
fn texts_that_are_joined_row_by_row_are_built() {
    let mut formulas = vec!["\"a\"".to_owned()];
    formulas.extend((1..500).map(|row| format!("A{row}&\",\"&\"b\"")));
    formulas.push("LEN(A500)".to_owned());
    assert_eq!(last(&formulas, &[]), [number(999.0), number(999.0)]);
}

#[test]
fn arrays_that_would_be_vast_are_not_made() {
    let constants = [
        (cell(1_048_575, 1), Constant::Value(CellValue::Number(1.0))),
        (cell(0, 16_383), Constant::Value(CellValue::Number(1.0))),
    ];
    for text in [
        "SUM(SEQUENCE(1048576,16384))",
        "SUM(SEQUENCE(B1048576*1000000,10000))",
        "SUM(MUNIT(100000))",
        "SUMPRODUCT(B1:B1048576*C1:XFD1)",
        "SUMPRODUCT((B:B=1)*(1:1=1))",
        "SUMPRODUCT(B1:XFD1048576*2)",
        "SUM(HSTACK(B:XFD,B:XFD,B:XFD))",
    ] {
        let found = last(&["0".to_owned(), text.to_owned()], &constants);
        assert!(found.iter().all(is_gap), "{text}: {found:?}");
    }
    assert!(peak_memory() < 2_000_000, "{} KiB", peak_memory());
}
