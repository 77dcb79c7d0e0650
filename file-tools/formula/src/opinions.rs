//! What each engine answers by itself, for checking a workbook with a second engine.
//!
//! An engine that cannot compute something takes the other's value for it and goes on: one function that it is not trusted
//! with does not silence it about all that follows.

use crate::calculate::{Calculated, CalculationLimits, CellAt, Method, Outcome, Problem, begin};
use crate::engine::EngineName;

/// One formula as each engine computes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinions {
    /// Where the formula stands.
    pub cell: CellAt,
    /// By [`EngineName::Formualizer`].
    pub first: Outcome,
    /// By [`EngineName::IronCalc`].
    pub second: Outcome,
}

/// Computes the formulas with each engine alone; one a formula, in order. The limits hold for each engine.
pub fn opinions(problem: &Problem, limits: &CalculationLimits) -> Vec<Opinions> {
    let of = |engine: EngineName, engines: &'static [EngineName]| {
        let method = Method {
            engines,
            try_all: false,
        };
        let computed = begin(problem.clone(), method, true, limits).into_iter();
        computed.map(move |formula| own(formula, engine))
    };
    let (first, second) = (EngineName::Formualizer, EngineName::IronCalc);
    let computed = of(first, &[EngineName::Formualizer, EngineName::IronCalc])
        .zip(of(second, &[EngineName::IronCalc, EngineName::Formualizer]));
    computed
        .map(|((cell, first), (_, second))| Opinions { cell, first, second })
        .collect()
}

/// What an engine computed itself.
fn own(formula: Calculated, engine: EngineName) -> (CellAt, Outcome) {
    let outcome = if formula.engine.is_some_and(|by| by != engine) {
        Outcome::NotComputed(format!("{} is not trusted with it", engine.version()))
    } else {
        formula.outcome
    };
    (formula.cell, outcome)
}
