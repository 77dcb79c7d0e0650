//! Refusals in one place: each says what is not possible and names what there is.

use deskhand_opc::{PackageError, PatchError};
use deskhand_operations::{Refusal, RefusalCode};

/// The input is not what the operation takes.
pub(crate) fn bad_input(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::BadInput, message)
}

/// What was named is not there.
pub(crate) fn not_found(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::NotFound, message)
}

/// Above a limit.
pub(crate) fn too_large(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::TooLarge, message)
}

/// The file holds something that this operation cannot keep whole, or that cannot be read here.
pub(crate) fn unsupported(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::Unsupported, message)
}

/// The file is damaged.
pub(crate) fn corrupt(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::Corrupt, message)
}

/// The document does not let this be changed.
pub(crate) fn protected(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::Protected, message)
}

/// The system failed.
pub(crate) fn io(error: &std::io::Error) -> Refusal {
    Refusal::new(RefusalCode::Failed, format!("the file cannot be read: {error}"))
}

/// What went wrong with the package, as a refusal.
pub(crate) fn package(error: &PackageError) -> Refusal {
    error.into()
}

/// What went wrong with a patch, as a refusal: nothing of this crate's making should fail here.
pub(crate) fn patch(error: &PatchError) -> Refusal {
    match error {
        PatchError::Package(error) => package(error),
        other => Refusal::new(RefusalCode::Failed, other.to_string()),
    }
}
