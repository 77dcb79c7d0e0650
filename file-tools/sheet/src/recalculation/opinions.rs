//! The whole workbook computed by each engine alone, every formula beside the value that the file holds: what a tie-out
//! compares.
//!
//! ```no_run
//! # fn look(workbook: &deskhand_sheet::Workbook) -> Result<(), deskhand_operations::Refusal> {
//! for formula in workbook.opinions()? {
//!     for (engine, outcome) in [("first", &formula.first), ("second", &formula.second)] {
//!         if formula.differs(outcome, 1e-9) {
//!             println!("{:?}: {:?} is held, {engine} answers {outcome:?}", formula.cell, formula.cached);
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

use deskhand_formula::{CellAt, Constant, Opinions, Outcome as Computed, opinions};
use deskhand_operations::Refusal;

use super::recompute::{WHOLE, agrees, whole};
use crate::workbook::Workbook;

/// A formula, the value that the file holds, and what each engine computes.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// Where it stands; sheets in the order of their tabs.
    pub cell: CellAt,
    /// As the file holds it, without `=`.
    pub text: String,
    /// None where the file holds no value.
    pub cached: Option<Constant>,
    /// By the first engine, formualizer; [`Computed::NotComputed`] says why not.
    pub first: Computed,
    /// By the second engine, IronCalc.
    pub second: Computed,
}

impl Opinion {
    /// True when an engine computed a value and the file holds another one: numbers beyond a relative tolerance.
    pub fn differs(&self, outcome: &Computed, tolerance: f64) -> bool {
        let computed = !matches!(outcome, Computed::NotComputed(_));
        computed && self.cached.is_some() && !agrees(self.cached.as_ref(), outcome, tolerance)
    }
}

impl Workbook {
    /// Computes every formula of the workbook from its constants with each engine alone; nothing is changed. In the order
    /// of sheets and cells. Refused with `TooLarge` where it has more than a million formulas.
    pub fn opinions(&self) -> Result<Vec<Opinion>, Refusal> {
        let found = whole(
            self,
            |problem| opinions(&problem, &WHOLE),
            |found: &Opinions| found.cell,
        )?;
        let formulas = found.into_iter().map(|(formula, found)| {
            let (first, second) = match found {
                Ok(found) => (found.first, found.second),
                Err(reason) => (
                    Computed::NotComputed(reason.clone()),
                    Computed::NotComputed(reason),
                ),
            };
            Opinion {
                cell: formula.cell,
                text: formula.text,
                cached: formula.cached,
                first,
                second,
            }
        });
        Ok(formulas.collect())
    }
}
