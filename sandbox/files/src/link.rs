//! Which symbolic links the guest may make. What a link means is decided by whoever follows it: the guest's kernel looks among
//! the guest's own files, but a program of the host would look among the host's. So a link of the guest may only lead to
//! what is below the shared folder, whatever other links there are.
//!
//! A target is taken that goes up first and down then: `../lib/a`. Its way up is counted from the real folder of the link,
//! so it ends inside. `a/../../b` is refused, for `a` may be a link to a folder less deep. An absolute target is refused.

use std::ffi::{OsStr, OsString};

use cap_std::fs::Dir;

use crate::errno::Errno;
use crate::host::{self, Kind};
use crate::name;

/// Bytes that a target may have (`PATH_MAX` of Linux with its NUL).
const LONGEST: usize = 4095;
/// Names that are looked at before a folder with links in it is moved up.
const LOOKS: usize = 20_000;

/// Checks a target for a link that lies in a folder so many names deep. `EPERM` where it could lead out.
pub(crate) fn parse(target: &[u8], depth: usize) -> Result<OsString, Errno> {
    if target.is_empty() {
        return Err(Errno::ENOENT);
    }
    if target.len() > LONGEST {
        return Err(Errno::ENAMETOOLONG);
    }
    if ups(target).is_none_or(|ups| ups > depth) {
        return Err(Errno::EPERM);
    }
    let mut path = Vec::new();
    for part in target.split(|byte| *byte == b'/') {
        path.push(match part {
            b"" => OsString::new(),
            b"." => ".".into(),
            b".." => "..".into(),
            // Also what Windows would read otherwise.
            part => name::parse(part).map_err(|_| Errno::EPERM)?,
        });
    }
    Ok(path.join(OsStr::new("/")))
}

/// How many folders a target goes up before it goes down; none where it is absolute or goes up later.
fn ups(target: &[u8]) -> Option<usize> {
    if target.first() == Some(&b'/') {
        return None;
    }
    let parts = target
        .split(|byte| *byte == b'/')
        .filter(|part| !(part.is_empty() || *part == b"."));
    let mut ups = 0;
    let mut is_down = false;
    for part in parts {
        match (part == b"..", is_down) {
            (true, true) => return None,
            (true, false) => ups += 1,
            (false, _) => is_down = true,
        }
    }
    Some(ups)
}

/// True where what is at a name may be moved from one depth to another: no link in it would lead out that did not before.
/// Links of a person are a person's: only those count that stay inside where they are.
pub(crate) fn may_move(folder: &Dir, name: &OsStr, kind: Kind, from: usize, to: usize) -> bool {
    if to >= from {
        return true;
    }
    let mut looks = LOOKS;
    match kind {
        Kind::Link => stays(folder, name, from, to),
        Kind::Folder => host::folder_beneath(folder, &[name.to_owned()])
            .is_ok_and(|folder| all_stay(&folder, from + 1, to + 1, &mut looks)),
        Kind::File | Kind::Special => true,
    }
}

fn all_stay(folder: &Dir, from: usize, to: usize, looks: &mut usize) -> bool {
    let Ok(entries) = folder.entries() else {
        return false;
    };
    for entry in entries {
        let Some(left) = looks.checked_sub(1) else {
            return false;
        };
        *looks = left;
        let Ok((name, kind)) = entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))) else {
            return false;
        };
        let is_well = if kind.is_symlink() {
            stays(folder, &name, from, to)
        } else if kind.is_dir() {
            // The depth of the guest's folders is capped, so this ends.
            host::folder_beneath(folder, &[name]).is_ok_and(|below| all_stay(&below, from + 1, to + 1, looks))
        } else {
            true
        };
        if !is_well {
            return false;
        }
    }
    true
}

fn stays(folder: &Dir, name: &OsStr, from: usize, to: usize) -> bool {
    let Ok(target) = host::read_link(folder, name) else {
        return false;
    };
    let ups = ups(target.as_encoded_bytes());
    ups.is_none_or(|ups| ups > from || ups <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_goes_up_first_and_no_further_than_the_shared_folder() {
        for (target, depth) in [
            ("a", 0),
            ("a/b", 0),
            ("../a", 1),
            ("../../a", 2),
            ("./../a", 1),
            (".", 0),
            ("a/./b", 0),
            ("..", 1),
        ] {
            assert_eq!(parse(target.as_bytes(), depth).unwrap(), target, "{target}");
        }
        for (target, depth) in [
            ("/etc/passwd", 9),
            ("//a", 9),
            ("..", 0),
            ("../a", 0),
            ("../../a", 1),
            ("a/../b", 9),
            ("a/..", 9),
            ("./../..", 1),
        ] {
            assert_eq!(parse(target.as_bytes(), depth), Err(Errno::EPERM), "{target}");
        }
        assert_eq!(parse(b"", 9), Err(Errno::ENOENT));
        assert_eq!(parse(&[b'x'; 4096], 9), Err(Errno::ENAMETOOLONG));
    }
}
