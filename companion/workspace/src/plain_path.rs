//! Paths of Windows as people write them. The system answers `\\?\C:\a` and `\\?\UNC\server\share\a` where it is asked for the
//! real path; a path that a person gives would never be found below such a one.

use crate::relative::is_read_otherwise;

const VERBATIM: &str = r"\\?\";
const NETWORK: &str = r"\\?\UNC\";
/// Characters from which on Windows takes a path only in its long form.
const LONG: usize = 248;

/// The path without its long form, where both mean the same.
pub(crate) fn plain(path: &str) -> Option<String> {
    let (plain, names) = if let Some(share) = path.strip_prefix(NETWORK) {
        (format!(r"\\{share}"), share)
    } else {
        let local = path.strip_prefix(VERBATIM)?;
        let mut start = local.chars();
        let is_drive = start.next().is_some_and(|letter| letter.is_ascii_alphabetic())
            && start.next() == Some(':')
            && start.next() == Some('\\');
        if !is_drive {
            return None;
        }
        (local.to_owned(), &local[3..])
    };
    let means_the_same = plain.encode_utf16().count() < LONG
        && names
            .split('\\')
            .all(|name| name != "." && name != ".." && !name.contains('/') && !is_read_otherwise(name));
    means_the_same.then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_form_is_left_where_it_means_the_same() {
        let long = format!(r"\\?\C:\{}", "x".repeat(LONG));
        let cases = [
            (r"\\?\C:\Reports\2026", Some(r"C:\Reports\2026")),
            (r"\\?\C:\", Some(r"C:\")),
            (r"\\?\UNC\server\share\x", Some(r"\\server\share\x")),
            (r"\\?\C:\con\a", None),
            (r"\\?\C:\ends.\a", None),
            (r"\\?\UNC\server\share\..\x", None),
            (r"\\?\Volume{1}\a", None),
            (r"C:\Reports", None),
            (r"\\server\share", None),
            (&long, None),
        ];
        for (path, expected) in cases {
            assert_eq!(plain(path).as_deref(), expected, "{path}");
        }
    }
}
