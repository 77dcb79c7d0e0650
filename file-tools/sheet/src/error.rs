//! Why an operation stops, on its way to becoming a refusal.

use deskhand_opc::{PackageError, PatchError};
use deskhand_operations::{AddressError, Refusal, RefusalCode};

/// Inside the crate: a refusal, or a failure of the package that becomes one at the border.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error(transparent)]
    Refusal(#[from] Refusal),
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Patch(#[from] PatchError),
    #[error(transparent)]
    Address(#[from] AddressError),
}

pub(crate) type Outcome<T> = Result<T, Stop>;

/// A refusal as an error of this crate.
pub(crate) fn refuse<T>(code: RefusalCode, message: impl Into<String>) -> Outcome<T> {
    Err(Refusal::new(code, message).into())
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refusal(refusal) => refusal,
            Stop::Address(error) => {
                Self::new(RefusalCode::BadInput, format!("{error}; nothing was changed."))
            }
            Stop::Package(error) | Stop::Patch(PatchError::Package(error)) => {
                let refusal = Self::from(&error);
                Self::new(
                    refusal.code,
                    format!("{}; nothing was changed.", refusal.clause()),
                )
            }
            Stop::Patch(error) => Self::new(
                RefusalCode::Changed,
                format!("The workbook changed meanwhile: {error}; nothing was changed."),
            ),
        }
    }
}
