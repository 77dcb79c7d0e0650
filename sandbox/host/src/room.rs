//! Room on this computer's disk: how much a machine may take of it, so that all machines together never take the last of it.

use std::io;
use std::path::Path;

use crate::error::{DISK_LOW, SandboxError, Step};

/// What machines leave free, in bytes, whatever is done in them: this computer has other work.
pub(crate) const FLOOR: u64 = 1 << 30;

/// The disk of a session as its guest sees it, in bytes, with what QEMU notes beside its content.
const LARGEST: u64 = (8 << 30) + (16 << 20);

/// A disk that is smaller than this is worth no machine.
const LEAST: u64 = 128 << 20;

/// Into how many parts what is free is divided: with eight gibibytes to spare, eight machines find room one after the other.
const PARTS: u64 = 4;

/// What a machine may write, in bytes: no more than a part of what is free above the floor and promised to nobody else, so
/// that others can start as well. What they wrote already counts twice, which errs to the safe side.
///
/// # Errors
///
/// [`DISK_LOW`] where that is too little.
pub(crate) fn share(place: &Path, free: u64, promised: u64) -> Result<u64, SandboxError> {
    let left = free.saturating_sub(FLOOR).saturating_sub(promised);
    let share = LARGEST.min(left / PARTS);
    if share < LEAST {
        return Err(low(Step::Start, place, free, promised));
    }
    Ok(share)
}

/// Looks whether others took what machines leave free.
pub(crate) fn check(step: Step, place: &Path) -> Result<(), SandboxError> {
    match free(place) {
        Ok(free) if free < FLOOR => Err(low(step, place, free, 0)),
        // Where nothing is known, the limit on the machine's own disk holds still.
        _ => Ok(()),
    }
}

/// Looks whether an image has room of which so many bytes are still to come, and leaves machines theirs.
///
/// # Errors
///
/// [`DISK_LOW`] where it has not.
pub(crate) fn for_image(place: &Path, free: u64, bytes: u64) -> Result<(), SandboxError> {
    if free >= bytes.saturating_add(FLOOR) {
        return Ok(());
    }
    let mebibytes = |bytes: u64| bytes >> 20;
    Err(SandboxError::new(
        Step::Image,
        format!(
            "the disk of {} has no room for the image: {} MiB are free, {} MiB are to come, and {} MiB are left to other programs",
            place.display(),
            mebibytes(free),
            mebibytes(bytes.saturating_add((1 << 20) - 1)),
            mebibytes(FLOOR),
        ),
        "make room on that disk, then run `deskhand sandbox fetch`",
    )
    .with_code(DISK_LOW))
}

/// What this user may still write on the disk of this folder, in bytes.
pub(crate) fn free(place: &Path) -> io::Result<u64> {
    let told = rustix::fs::statvfs(place)?;
    Ok(told.f_bavail.saturating_mul(told.f_frsize))
}

fn low(step: Step, place: &Path, free: u64, promised: u64) -> SandboxError {
    let mebibytes = |bytes: u64| bytes >> 20;
    let others = match promised {
        0 => String::new(),
        promised => format!(
            ", of which machines that run may take {} MiB",
            mebibytes(promised)
        ),
    };
    SandboxError::new(
        step,
        format!(
            "the disk of {} is nearly full: {} MiB are free{others}, and {} MiB are left to other programs",
            place.display(),
            mebibytes(free),
            mebibytes(FLOOR),
        ),
        "make room on that disk, or close sessions that are not needed",
    )
    .with_code(DISK_LOW)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const GIB: u64 = 1 << 30;

    fn share_of(free: u64, promised: u64) -> Option<u64> {
        share(Path::new("/place"), free, promised).ok()
    }

    #[test]
    fn a_machine_gets_a_quarter_of_what_is_free_above_the_floor_and_never_more_than_its_disk_holds() {
        assert_eq!(share_of(100 * GIB, 0), Some(LARGEST));
        assert_eq!(share_of(9 * GIB, 0), Some(2 * GIB));
        assert_eq!(share_of(9 * GIB, 4 * GIB), Some(GIB));
        assert_eq!(share_of(GIB + 4 * LEAST, 0), Some(LEAST));
        assert_eq!(share_of(GIB + 4 * LEAST - 4, 0), None);
        assert_eq!(share_of(0, u64::MAX), None);
    }

    #[test]
    fn all_machines_together_never_take_what_is_left_to_others() {
        for free in [GIB, 2 * GIB, 9 * GIB, 20 * GIB, 500 * GIB] {
            let (mut promised, mut machines) = (0, 0);
            while let Some(share) = share_of(free, promised).filter(|_| promised < 10_000 * GIB) {
                (promised, machines) = (promised + share, machines + 1);
            }
            assert!(machines >= 8 || free < 9 * GIB, "{free}: {machines}");
            assert!(promised <= free.saturating_sub(FLOOR), "{free}: {promised}");
        }
    }

    #[test]
    fn an_image_has_room_where_the_floor_is_left() {
        let told = |free, bytes| for_image(Path::new("/place"), free, bytes);
        assert_eq!(told(GIB + 100, 100), Ok(()));
        assert_eq!(told(GIB - 1, 0).unwrap_err().code, DISK_LOW);
        assert_eq!(told(u64::MAX, u64::MAX), Ok(()));
        assert_eq!(
            told(GIB + 100, 101).unwrap_err().to_string(),
            "the image failed: the disk of /place has no room for the image: 1024 MiB are free, 1 MiB are to come, and \
             1024 MiB are left to other programs"
        );
    }

    #[test]
    fn want_of_room_is_told_by_code_and_in_a_sentence() {
        let refused = share(Path::new("/place"), 2 * GIB, GIB).unwrap_err();
        assert_eq!(refused.code, DISK_LOW);
        assert_eq!(
            refused.to_string(),
            "the start of the virtual machine failed: the disk of /place is nearly full: 2048 MiB are free, of which \
             machines that run may take 1024 MiB, and 1024 MiB are left to other programs"
        );
    }
}
