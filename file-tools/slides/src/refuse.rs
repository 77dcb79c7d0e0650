//! Refusals in one place: each says what is not possible and names what there is.

use deskhand_opc::{PackageError, PatchError};
use deskhand_operations::{Refusal, RefusalCode};

/// Names that a refusal lists at most.
const LISTED: usize = 20;

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

/// The deck holds something that this operation cannot keep whole.
pub(crate) fn unsupported(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::Unsupported, message)
}

/// The deck is damaged.
pub(crate) fn corrupt(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::Corrupt, message)
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

/// `'a', 'b' and 3 more`; `none` where there is nothing.
pub(crate) fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names
        .into_iter()
        .map(|name| format!("'{}'", name.as_ref()))
        .collect();
    match names.len() {
        0 => "none".to_owned(),
        count if count <= LISTED => names.join(", "),
        count => format!("{} and {} more", names[..LISTED].join(", "), count - LISTED),
    }
}
