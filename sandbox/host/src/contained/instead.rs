//! When a process sandbox stands in for a machine: where an administrator allows it, and no machine can be had whatever is waited for.

use std::path::PathBuf;

use crate::contained::Contained;
use crate::error::{IMAGE_ABSENT, SandboxError, Step};
use crate::workshop::Settings;

/// What a process sandbox is made with. Whoever puts it into [`Settings`] has looked whether an administrator allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessSandbox {
    /// The program of the agent.
    pub agent: PathBuf,
    /// The device of shared folders.
    pub device: PathBuf,
}

impl ProcessSandbox {
    /// With this agent, and the device that Linux has.
    pub fn new(agent: PathBuf) -> Self {
        Self {
            agent,
            device: PathBuf::from("/dev/fuse"),
        }
    }
}

/// What stands in for a machine that could not be had for this reason; commands run as `user` in it.
///
/// # Errors
///
/// The reason itself, where process sandboxes are not allowed or a machine may be had soon; else with why there is no process
/// sandbox either.
pub fn stand_in(settings: &Settings, user: u32, error: SandboxError) -> Result<Contained, SandboxError> {
    match &settings.process_sandbox {
        Some(allowed) if stands_in(&error) => {
            Contained::find(allowed, user, settings.memory).map_err(|second| neither(&error, &second))
        }
        _ => Err(error),
    }
}

/// True where there is no machine on this computer: no engine, nothing to run it with, no image. Whatever else fails is told
/// and leads to nothing weaker, for it may be waited for, or be somebody's doing: an image or a state that was damaged, a store
/// that is not reached, a keyring that is locked, a computer that was made slow.
fn stands_in(error: &SandboxError) -> bool {
    match error.step {
        Step::Engine | Step::Accelerator => true,
        Step::Image => error.code == IMAGE_ABSENT,
        _ => false,
    }
}

/// There is no machine for the first reason and no process sandbox for the second: both, with what helps.
#[must_use]
pub fn neither(machine: &SandboxError, processes: &SandboxError) -> SandboxError {
    let reason = format!(
        "{}; and the process sandbox that your organisation allows in its place: {}",
        machine.reason, processes.reason
    );
    let remedy = format!("{}; or {}", machine.remedy, processes.remedy);
    let details = [&machine.detail, &processes.detail];
    let details: Vec<&str> = details.into_iter().flatten().map(String::as_str).collect();
    SandboxError::new(machine.step, reason, remedy)
        .with_code(machine.code)
        .with_detail(details.join("\n"))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::error::{
        DISK_LOW, IMAGE_BUSY, IMAGE_FETCHING, IMAGE_MISSING, IMAGE_REFUSED, IMAGE_SLOW, IMAGE_UNREACHABLE,
        IMAGE_WRONG,
    };

    fn settings(process_sandbox: Option<ProcessSandbox>) -> Settings {
        Settings {
            images: PathBuf::new(),
            workplace: PathBuf::new(),
            engine: None,
            memory: 64,
            processors: 1,
            accelerator: None,
            process_sandbox,
        }
    }

    fn missing() -> SandboxError {
        SandboxError::new(Step::Engine, "no QEMU", "install it")
    }

    #[test]
    fn where_nobody_allowed_it_the_reason_stays_as_it_was() {
        assert_eq!(stand_in(&settings(None), 1, missing()).unwrap_err(), missing());
    }

    #[test]
    fn what_passes_by_itself_or_may_be_somebodys_doing_leads_to_nothing_weaker() {
        let allowed = settings(Some(ProcessSandbox::new("/usr/bin/true".into())));
        let of_images = [
            IMAGE_BUSY,
            IMAGE_FETCHING,
            IMAGE_MISSING,
            IMAGE_UNREACHABLE,
            IMAGE_REFUSED,
            IMAGE_SLOW,
            IMAGE_WRONG,
            DISK_LOW,
            Step::Image.code(),
        ];
        let of_images = of_images.map(|code| (Step::Image, code));
        let others = [Step::Start, Step::Session, Step::Run].map(|step| (step, step.code()));
        for (step, code) in of_images.into_iter().chain(others) {
            let error = SandboxError::new(step, "it failed", "look").with_code(code);
            assert_eq!(stand_in(&allowed, 1, error.clone()).unwrap_err(), error);
        }
    }

    #[test]
    fn where_this_computer_has_no_machine_it_stands_in() {
        let none = settings(Some(ProcessSandbox::new("/nowhere/agent".into())));
        let image = SandboxError::new(Step::Image, "none", "get one").with_code(IMAGE_ABSENT);
        for error in [
            missing(),
            SandboxError::new(Step::Accelerator, "none", "x"),
            image,
        ] {
            let told = stand_in(&none, 1, error).unwrap_err();
            assert!(
                told.reason
                    .contains("the process sandbox that your organisation allows"),
                "{told}"
            );
        }
    }

    #[test]
    fn where_there_is_neither_both_reasons_and_both_remedies_are_told() {
        let allowed = settings(Some(ProcessSandbox::new("/nowhere/agent".into())));
        let told = stand_in(&allowed, 1, missing()).unwrap_err();
        assert_eq!((told.step, told.code), (Step::Engine, "engine"));
        assert!(
            told.reason.starts_with("no QEMU; and the process sandbox"),
            "{told}"
        );
        assert!(told.remedy.starts_with("install it; or "), "{}", told.remedy);
    }
}
