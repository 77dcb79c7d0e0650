//! The image and the engine: what is missing or changed is told with its remedy.

use std::fs;
use std::path::Path;

use deskhand_test_support::sandbox_images;
use deskhand_vm_host::{Image, Qemu, Step, Store, sha256_of};
use pretty_assertions::assert_eq;

fn sha256(text: &str, folder: &Path) -> String {
    let file = folder.join("text");
    fs::write(&file, text).expect("a file of the test");
    let digest = sha256_of(&file).expect("a file of the test");
    fs::remove_file(file).expect("a file of the test");
    digest
}

/// A store with an image of one small file.
fn store(list: impl Fn(&str) -> String) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a file of the test");
    let digest = sha256("kernel", folder.path());
    let text = list(&digest);
    let id = sha256(&text, folder.path());
    let image = folder.path().join(&id);
    fs::create_dir(&image).expect("a file of the test");
    fs::write(image.join("kernel"), "kernel").expect("a file of the test");
    fs::write(image.join("image.json"), text).expect("a file of the test");
    fs::write(folder.path().join("current"), format!("{id}\n")).expect("a file of the test");
    let store = Store::new(folder.path().to_owned());
    (folder, store)
}

fn list(name: &str, digest: &str, size: u64, format: u32) -> String {
    let processor = std::env::consts::ARCH;
    format!(
        "{{\"format\":{format},\"architecture\":\"{processor}\",\"parts\":[{{\"name\":\"{name}\",\"sha256\":\"{digest}\",\"size\":{size}}}]}}"
    )
}

#[test]
fn the_image_that_was_built_is_whole() {
    let image = Store::new(sandbox_images()).current().unwrap();
    image.verify().unwrap();
    for part in ["kernel", "initrd", "system.squashfs", "session.qcow2"] {
        assert!(image.has(part), "{part}");
    }
}

#[test]
fn an_image_opens_and_one_whose_content_was_changed_does_not_verify() {
    let (folder, store) = store(|digest| list("kernel", digest, 6, 1));
    let image = store.current().unwrap();
    image.verify().unwrap();
    fs::write(folder.path().join(&image.id).join("kernel"), "KERNEL").unwrap();
    let refused = Image::open(&image.folder).unwrap().verify().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the image failed: the image is damaged: `kernel` is not what was built"
    );
}

#[test]
fn an_image_is_read_once_and_again_when_a_file_of_it_was_written() {
    let (folder, store) = store(|digest| list("kernel", digest, 6, 1));
    let image = store.current().unwrap();
    let kept = folder.path().join("verified");
    image.verify_once(&kept).unwrap();
    let before = fs::metadata(&kept).unwrap().modified().unwrap();
    image.verify_once(&kept).unwrap();
    assert_eq!(
        fs::metadata(&kept).unwrap().modified().unwrap(),
        before,
        "it was not read again"
    );
    // The same length, and the time of writing set back: the system's own time of the change is another.
    let file = image.folder.join("kernel");
    let written = fs::metadata(&file).unwrap().modified().unwrap();
    fs::write(&file, "KERNEL").unwrap();
    fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(written)
        .unwrap();
    assert!(
        image
            .verify_once(&kept)
            .unwrap_err()
            .reason
            .contains("not what was built")
    );
}

#[test]
fn what_is_wrong_with_an_image_is_told_by_name() {
    let empty = tempfile::tempdir().unwrap();
    let missing = Store::new(empty.path().to_owned()).current().unwrap_err();
    assert_eq!(
        (missing.step, missing.reason.as_str()),
        (Step::Image, "there is no image on this computer")
    );
    assert!(missing.remedy.contains("cargo xtask image"));

    let refusals = [
        (store(|digest| list("kernel", digest, 7, 1)), "another size"),
        (store(|digest| list("../kernel", digest, 6, 1)), "no file name"),
        (store(|digest| list("kernel", digest, 6, 2)), "in format 2"),
        (
            store(|digest| list("kernel", digest, 6, 1).replace(std::env::consts::ARCH, "vax")),
            "is for vax",
        ),
        (store(|_| "{".to_owned()), "damaged"),
    ];
    for ((_folder, store), why) in refusals {
        let refused = store.current().unwrap_err();
        assert!(refused.reason.contains(why), "{refused}");
    }

    let (folder, changed) = store(|digest| list("kernel", digest, 6, 1));
    let image = changed.current().unwrap();
    fs::write(image.folder.join("image.json"), list("kernel", "0", 6, 1)).unwrap();
    assert!(changed.current().unwrap_err().reason.contains("named after"));
    fs::write(folder.path().join("current"), "../elsewhere\n").unwrap();
    assert!(
        changed
            .current()
            .unwrap_err()
            .reason
            .contains("does not say which image")
    );
}

#[test]
fn an_engine_that_is_not_there_or_is_none_is_told_with_what_helps() {
    let home = tempfile::tempdir().unwrap();
    let missing = Qemu::find(Some(Path::new("/nowhere/qemu")), home.path()).unwrap_err();
    assert_eq!(missing.step, Step::Engine);
    assert!(missing.reason.contains("/nowhere/qemu"), "{missing}");
    assert!(missing.remedy.contains("install"), "{missing}");
    let other = Qemu::find(Some(Path::new("/bin/false")), home.path()).unwrap_err();
    assert!(other.reason.contains("/bin/false"), "{other}");
}
