//! Job objects.

use std::path::Path;

use process_wrap::tokio::{CommandWrap, CreationFlags, JobObject};
use windows::Win32::System::Threading::CREATE_NO_WINDOW;

use super::ProgramError;

/// Has everything that the program starts end with it, and no console window open.
pub(super) fn together(command: &mut CommandWrap) {
    command.wrap(CreationFlags(CREATE_NO_WINDOW));
    command.wrap(JobObject);
}

#[expect(clippy::unnecessary_wraps, reason = "the same face as on the other platforms")]
pub(super) fn check(_: &Path) -> Result<(), ProgramError> {
    Ok(())
}
