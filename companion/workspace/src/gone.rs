//! Folders that are not there any more: deleted, or on a drive or network that is not connected.

use std::io;

use cap_std::fs::Dir;

use crate::system::System;

/// ESTALE, ENOTCONN, ENETDOWN, ENETUNREACH, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH, ENOMEDIUM.
const LINUX: &[i32] = &[116, 107, 100, 101, 110, 112, 113, 123];
/// ENETDOWN, ENETUNREACH, ENOTCONN, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH, ESTALE.
const MAC_OS: &[i32] = &[50, 51, 57, 60, 64, 65, 70];
/// `ERROR_NOT_READY`, `ERROR_REM_NOT_LIST`, `ERROR_BAD_NETPATH`, `ERROR_DEV_NOT_EXIST`, `ERROR_UNEXP_NET_ERR`,
/// `ERROR_NETNAME_DELETED`, `ERROR_BAD_NET_NAME`, `ERROR_SEM_TIMEOUT`, `ERROR_DEVICE_NOT_CONNECTED`,
/// `ERROR_NETWORK_UNREACHABLE`, `ERROR_HOST_UNREACHABLE`.
const WINDOWS: &[i32] = &[21, 51, 53, 55, 59, 64, 67, 121, 1167, 1231, 1232];
/// EIO on Linux and macOS.
const IO: i32 = 5;

/// True where an error at something below a folder means that the folder itself is gone.
pub(crate) fn is_gone(folder: &Dir, error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(code) if means_gone(System::HERE, code, || is_on_network(folder)) => true,
        _ => error.kind() == io::ErrorKind::NotFound && !is_there(folder),
    }
}

/// False once the folder was deleted or cannot be reached.
pub(crate) fn is_there(folder: &Dir) -> bool {
    let first = folder
        .entries()
        .and_then(|mut entries| entries.next().transpose());
    let is_lost = first.is_err_and(|error| {
        let code = error.raw_os_error().unwrap_or_default();
        error.kind() == io::ErrorKind::NotFound || means_gone(System::HERE, code, || is_on_network(folder))
    });
    !is_lost && !has_no_name(folder)
}

/// What a number of a system means; a failed read or write may also be one of a disk that is there.
fn means_gone(system: System, code: i32, is_on_network: impl FnOnce() -> bool) -> bool {
    match system {
        System::Linux => LINUX.contains(&code) || code == IO && is_on_network(),
        System::MacOs => MAC_OS.contains(&code) || code == IO && is_on_network(),
        System::Windows => WINDOWS.contains(&code),
    }
}

#[cfg(unix)]
fn has_no_name(folder: &Dir) -> bool {
    use cap_std::fs::MetadataExt as _;

    folder.dir_metadata().is_ok_and(|found| found.nlink() == 0)
}

/// An open folder cannot be deleted here.
#[cfg(not(unix))]
fn has_no_name(_: &Dir) -> bool {
    false
}

/// NFS, SMB in its three generations, FUSE, 9P, Coda, AFS and Ceph, by the numbers of statfs(2).
#[cfg(target_os = "linux")]
fn is_on_network(folder: &Dir) -> bool {
    const KINDS: [u32; 9] = [
        0x6969,
        0x517B,
        0xFF53_4D42,
        0xFE53_4D42,
        0x6573_5546,
        0x0102_1997,
        0x7375_7245,
        0x5346_414F,
        0x00C3_6400,
    ];
    rustix::fs::fstatfs(folder).is_ok_and(|found| KINDS.contains(&(found.f_type as u32)))
}

/// What is not marked as local (`MNT_LOCAL`).
#[cfg(target_os = "macos")]
fn is_on_network(folder: &Dir) -> bool {
    const LOCAL: u32 = 0x1000;
    rustix::fs::fstatfs(folder).is_ok_and(|found| found.f_flags & LOCAL == 0)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn is_on_network(_: &Dir) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_mean_a_lost_folder_are_told_from_others_on_each_system() {
        let cases = [
            (System::Linux, 116, true),
            (System::Linux, 107, true),
            (System::Linux, 112, true),
            (System::Linux, 110, true),
            (System::Linux, 2, false),
            (System::Linux, 13, false),
            (System::Linux, 28, false),
            (System::Linux, 53, false),
            (System::MacOs, 70, true),
            (System::MacOs, 57, true),
            (System::MacOs, 64, true),
            (System::MacOs, 60, true),
            (System::MacOs, 28, false),
            (System::Windows, 53, true),
            (System::Windows, 64, true),
            (System::Windows, 21, true),
            (System::Windows, 55, true),
            (System::Windows, 5, false),
            (System::Windows, 32, false),
            (System::Windows, 112, false),
        ];
        for (system, code, expected) in cases {
            assert_eq!(means_gone(system, code, || false), expected, "{system:?} {code}");
        }
    }

    #[test]
    fn a_failed_read_means_a_lost_folder_on_a_network_alone() {
        for system in [System::Linux, System::MacOs] {
            assert!(means_gone(system, IO, || true));
            assert!(!means_gone(system, IO, || false));
        }
        assert!(!means_gone(System::Windows, IO, || true));
    }

    #[test]
    fn a_folder_of_this_machine_is_there_and_on_no_network() {
        let home = tempfile::tempdir().unwrap();
        let folder = Dir::open_ambient_dir(home.path(), cap_std::ambient_authority()).unwrap();
        assert!(is_there(&folder));
        assert!(!is_on_network(&folder));
    }
}
