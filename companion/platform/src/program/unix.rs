//! Process groups, owners and modes.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use process_wrap::tokio::{CommandWrap, ProcessGroup};

use super::{ProgramError, not_started};

/// Has everything that the program starts end with it.
pub(super) fn together(command: &mut CommandWrap) {
    command.wrap(ProcessGroup::leader());
}

pub(super) fn check(program: &Path) -> Result<(), ProgramError> {
    let user = rustix::process::geteuid().as_raw();
    let folder = program.parent().unwrap_or(program);
    let rules = [
        (
            program,
            "it belongs to another user",
            "it can be changed by other users",
        ),
        (
            folder,
            "its folder belongs to another user",
            "its folder can be changed by other users",
        ),
    ];
    for (place, foreign, open) in rules {
        let found = fs::metadata(place).map_err(not_started)?;
        if ![0, user].contains(&found.uid()) {
            return Err(ProgramError::Open(foreign));
        }
        if found.mode() & 0o022 != 0 {
            return Err(ProgramError::Open(open));
        }
    }
    Ok(())
}
