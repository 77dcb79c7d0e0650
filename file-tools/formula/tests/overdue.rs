//! Formulas that take too long: they are given up, and while they still run no others are begun. A process of its own,
//! since what still runs is a matter of the whole process.

use std::time::Duration;

use deskhand_formula::{
    Calculated, CalculationLimits, CellAt, EngineName, Formula, Method, Outcome, Problem, calculate,
};

/// The engine that cannot be stopped.
const SECOND: Method = Method {
    engines: &[EngineName::IronCalc],
    try_all: false,
};

/// A chain of formulas, each of which reads the one above.
fn chain(length: u32) -> Problem {
    let cell = |row| CellAt {
        sheet: 0,
        row,
        column: 0,
    };
    let formulas = (1..length).map(|row| Formula {
        cell: cell(row),
        text: format!("A{row}+1"),
        array: false,
    });
    Problem {
        sheets: vec!["Data".to_owned()],
        formulas: formulas.collect(),
        ..Problem::default()
    }
}

fn reason(outcomes: &[Calculated]) -> &str {
    match outcomes.first().map(|formula| &formula.outcome) {
        Some(Outcome::NotComputed(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_calculation_begins_while_one_that_was_given_up_still_runs() {
    let at_once = CalculationLimits {
        time: Duration::from_millis(1),
        ..CalculationLimits::default()
    };
    assert_eq!(
        reason(&calculate(chain(20_000), SECOND, &at_once)),
        "it took too long"
    );
    let second = calculate(chain(3), SECOND, &CalculationLimits::default());
    assert_eq!(
        reason(&second),
        "an earlier calculation that took too long still runs"
    );
    loop {
        let again = calculate(chain(3), SECOND, &CalculationLimits::default());
        if !matches!(
            again.first().map(|formula| &formula.outcome),
            Some(Outcome::NotComputed(_))
        ) {
            break;
        }
        std::thread::yield_now();
    }
}
