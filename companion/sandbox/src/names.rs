//! The names that folders of the host have in the guest: `/mnt/plans`.

use std::path::Path;

/// Longest name, in bytes; the rest of a folder's own name is left out.
const LONGEST: usize = 60;

/// Names for folders, in their order: the last part of the path in letters that need no quotes in a shell, each once.
pub(crate) fn names<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for folder in folders {
        let base = plain(folder);
        let free = |name: &String| !taken.contains(name);
        let numbered = (2..).map(|number: u32| format!("{base}-{number}"));
        let name = std::iter::once(base.clone()).chain(numbered).find(free);
        taken.push(name.unwrap_or(base.clone()));
    }
    taken
}

/// Where a folder is in the guest.
pub(crate) fn place(name: &str) -> String {
    format!("/mnt/{name}")
}

fn plain(folder: &Path) -> String {
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let letter = |letter: char| match letter {
        letter if letter.is_alphanumeric() => letter,
        '.' | '_' => letter,
        _ => '-',
    };
    let name: String = name.chars().map(letter).collect();
    let name = name.trim_matches(['-', '.']);
    let name = name.get(..name.floor_char_boundary(LONGEST)).unwrap_or_default();
    if name.is_empty() { "folder" } else { name }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_have_names_that_need_no_quotes_and_each_its_own() {
        for (folders, expected) in [
            (&["/home/a/plans"][..], &["plans"][..]),
            (
                &["/a/plans", "/b/plans", "/c/plans"],
                &["plans", "plans-2", "plans-3"],
            ),
            (&["/a/Q3 Zahlen (neu)"], &["Q3-Zahlen--neu"]),
            (&["/a/Übersicht"], &["Übersicht"]),
            (&["/", "/a/..."], &["folder", "folder-2"]),
            (&["/a/$(rm -rf ~)", "/a/-rf"], &["rm--rf", "rf"]),
            (
                &["/a/plans-2", "/a/plans", "/b/plans"],
                &["plans-2", "plans", "plans-3"],
            ),
        ] {
            assert_eq!(names(folders.iter().map(Path::new)), expected, "{folders:?}");
        }
        let long = format!("/a/{}", "ü".repeat(100));
        assert!(names([Path::new(&long)])[0].len() <= LONGEST);
    }
}
