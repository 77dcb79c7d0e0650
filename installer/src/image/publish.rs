//! The image as an image store serves it: `current`, `<id>/manifest.json`, `<id>/<part>`, for any web server that gives out files.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::assemble::{FILES, LIST, store};

/// The name of the list of an image in a store.
const MANIFEST: &str = "manifest.json";

/// Writes the image that was built last to an image store in this folder. Images that are there stay: somebody may be in the
/// middle of one.
pub(super) fn publish(to: &Path) -> Result<()> {
    let id = write(&store()?, to)?;
    println!("\nImage {id} lies in {} as an image store.", to.display());
    Ok(())
}

fn write(from: &Path, to: &Path) -> Result<String> {
    let id = fs::read_to_string(from.join("current")).context("the image that was built")?;
    let id = id.trim().to_owned();
    let image = from.join(&id);
    fs::create_dir_all(to)?;
    let place = to.join(&id);
    if !place.is_dir() {
        // Whoever asks meanwhile finds all of it or nothing.
        let made = tempfile::Builder::new().prefix(".building-").tempdir_in(to)?;
        fs::copy(image.join(LIST), made.path().join(MANIFEST))?;
        for name in FILES {
            let part = image.join(name);
            if part.is_file() {
                fs::copy(&part, made.path().join(name))?;
            }
        }
        readable(made.path())?;
        fs::rename(made.keep(), &place)?;
    } else if fs::read(place.join(MANIFEST))? != fs::read(image.join(LIST))? {
        bail!(
            "{} holds another list than this image's; remove that folder",
            place.display()
        );
    }
    let beside = to.join(".current");
    fs::write(&beside, format!("{id}\n"))?;
    fs::rename(&beside, to.join("current"))?;
    Ok(id)
}

/// A folder for a time is its maker's alone; a web server runs as somebody else.
fn readable(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbd6162c2a1a5a1c2b2aa";

    /// A folder with an image of two parts, as it is built.
    fn built() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join(ID);
        fs::create_dir(&image).unwrap();
        for (name, text) in [
            (LIST, "the list"),
            ("kernel", "the kernel"),
            ("initrd", "the agent"),
        ] {
            fs::write(image.join(name), text).unwrap();
        }
        fs::write(folder.path().join("current"), format!("{ID}\n")).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let found = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = found
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_store_holds_the_list_the_parts_and_which_image_is_current() {
        let (from, to) = (built(), tempfile::tempdir().unwrap());
        let store = to.path().join("store");
        for _ in 0..2 {
            assert_eq!(write(from.path(), &store).unwrap(), ID);
            assert_eq!(names(&store), [ID, "current"]);
            assert_eq!(names(&store.join(ID)), ["initrd", "kernel", MANIFEST]);
            let read = |name: &str| fs::read_to_string(store.join(name)).unwrap();
            assert_eq!(read("current"), format!("{ID}\n"));
            assert_eq!(read(&format!("{ID}/{MANIFEST}")), "the list");
            assert_eq!(read(&format!("{ID}/initrd")), "the agent");
        }
    }

    #[test]
    fn images_that_a_store_holds_already_stay_and_one_that_is_another_is_not_called_current() {
        let (from, to) = (built(), tempfile::tempdir().unwrap());
        let older = to.path().join("a".repeat(64));
        fs::create_dir(&older).unwrap();
        fs::write(to.path().join("current"), "older").unwrap();
        fs::create_dir(to.path().join(ID)).unwrap();
        fs::write(to.path().join(ID).join(MANIFEST), "another list").unwrap();
        assert!(
            write(from.path(), to.path())
                .unwrap_err()
                .to_string()
                .contains("another list")
        );
        assert_eq!(fs::read_to_string(to.path().join("current")).unwrap(), "older");
        fs::remove_dir_all(to.path().join(ID)).unwrap();
        write(from.path(), to.path()).unwrap();
        assert!(older.is_dir());
    }
}
