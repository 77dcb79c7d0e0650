//! The errors of the Rich API: a code that Office.js hands to its caller, a message and an HTTP-like status.

/// A failed action. Codes and statuses are those that Office answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct Fault {
    /// The code, `ItemNotFound`.
    pub(crate) code: &'static str,
    /// The sentence.
    pub(crate) message: String,
    /// The status beside it.
    pub(crate) status: u16,
}

impl Fault {
    /// A fault by its parts.
    pub(crate) fn new(code: &'static str, message: impl Into<String>, status: u16) -> Self {
        Self {
            code,
            message: message.into(),
            status,
        }
    }

    /// The object is not there.
    pub(crate) fn not_found() -> Self {
        Self::new("ItemNotFound", "The requested resource doesn't exist.", 404)
    }

    /// An argument that the member does not take.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new("InvalidArgument", message, 400)
    }

    /// The state of the document does not allow it.
    pub(crate) fn operation(message: impl Into<String>) -> Self {
        Self::new("InvalidOperation", message, 400)
    }

    /// A name that is taken.
    pub(crate) fn exists() -> Self {
        Self::new(
            "ItemAlreadyExists",
            "A resource with the same name or identifier already exists.",
            409,
        )
    }

    /// Excel's answer while a person edits a cell.
    pub(crate) fn edit_mode() -> Self {
        Self::new(
            "InvalidOperationInCellEditMode",
            "Excel is in cell-editing mode. Please exit the edit mode by pressing ENTER or TAB or selecting another cell, and then try again.",
            400,
        )
    }

    /// A member that this host does not have. Loud on purpose: a test must never pass on an answer made up here.
    pub(crate) fn missing(member: &str) -> Self {
        Self::new(
            "ApiNotFound",
            format!("The test host does not have {member}."),
            501,
        )
    }
}
