//! When a process sandbox stands in for a machine: where an administrator allows it, and no machine can be had whatever is waited for.

use std::path::PathBuf;

use crate::contained::Contained;
use crate::error::{DISK_LOW, IMAGE_BUSY, IMAGE_FETCHING, SandboxError, Step};
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

/// True where no machine can be had. One whose image is on its way, or for which the disk has no room, can be had later; and a
/// session that failed while it ran is told.
fn stands_in(error: &SandboxError) -> bool {
    error.step != Step::Run && ![DISK_LOW, IMAGE_BUSY, IMAGE_FETCHING].contains(&error.code)
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
    fn what_passes_by_itself_is_waited_for() {
        let allowed = settings(Some(ProcessSandbox::new("/usr/bin/true".into())));
        for code in [DISK_LOW, IMAGE_BUSY, IMAGE_FETCHING] {
            let error = SandboxError::new(Step::Image, "soon", "wait").with_code(code);
            assert_eq!(stand_in(&allowed, 1, error.clone()).unwrap_err(), error);
        }
        let running = SandboxError::new(Step::Run, "it broke", "again");
        assert_eq!(stand_in(&allowed, 1, running.clone()).unwrap_err(), running);
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
