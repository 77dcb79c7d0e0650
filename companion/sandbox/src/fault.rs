//! Why there is no sandbox, as the model, the card and the status say it.

use deskhand_core::tool::ToolFailure;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_vm_host::SandboxError;

/// Why no code runs, for a person: which step, why, and what helps.
pub fn of_status(error: &SandboxError) -> UserError {
    let mut told =
        UserError::new(ErrorCode::SandboxUnavailable).happened(format!("{}.", sentence(&error.to_string())));
    told.action = format!("{}.", sentence(&error.remedy));
    match &error.detail {
        Some(detail) => told.detail(detail),
        None => told,
    }
}

/// For a call.
pub(crate) fn of_call(error: &SandboxError) -> ToolFailure {
    ToolFailure {
        title: "Workspace unavailable".to_owned(),
        output: format!(
            "Workspace unavailable: {error}. What helps: {}. Nothing was run. Tools for files, documents and the web go on; \
             tell the user which step failed and what helps.",
            error.remedy
        ),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use deskhand_vm_host::Step;

    use super::*;

    #[test]
    fn the_step_the_reason_and_what_helps_are_said() {
        let error = SandboxError::new(
            Step::Engine,
            "QEMU is not installed",
            "install the package qemu-system-x86",
        );
        let status = of_status(&error);
        assert_eq!(status.happened, "The engine failed: QEMU is not installed.");
        assert_eq!(status.action, "Install the package qemu-system-x86.");
        let call = of_call(&error);
        assert!(
            call.output
                .contains("the engine failed: QEMU is not installed. What helps: install the package")
        );
    }
}
