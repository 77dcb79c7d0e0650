//! An image from a store, next to machines and disks that are real. What a store may do wrong is in `src/fetch/tests.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use deskhand_test_support::sandbox_images;
use deskhand_vm_host::{
    Body, BoxFuture, DISK_LOW, Image, Opened, Source, SourceError, SourceErrorKind, Store, Workshop,
    sha256_of,
};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::engine::settings;

/// A store in memory.
#[derive(Debug, Default)]
struct Files(BTreeMap<String, Bytes>);

#[derive(Debug)]
struct Whole(Option<Bytes>);

impl Body for Whole {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, SourceError>> {
        Box::pin(async move { Ok(self.0.take()) })
    }
}

impl Source for Files {
    fn place(&self) -> &'static str {
        "the store"
    }

    fn open<'a>(&'a self, path: &'a str, _: u64) -> BoxFuture<'a, Result<Opened, SourceError>> {
        Box::pin(async move {
            let file = self.0.get(path).cloned().ok_or_else(|| SourceError {
                kind: SourceErrorKind::Missing,
                reason: format!("it has no `{path}`"),
                remedy: String::new(),
            })?;
            Ok(Opened {
                from: 0,
                size: None,
                body: Box::new(Whole(Some(file))),
            })
        })
    }
}

/// A store with one image of parts of so many bytes each.
fn files(folder: &Path, size: usize) -> Files {
    let digest = |content: &[u8]| {
        let file = folder.join("digest");
        fs::write(&file, content).expect("a file of the test");
        sha256_of(&file).expect("a file of the test")
    };
    let mut files = Files::default();
    let names = ["kernel", "initrd", "system.squashfs", "session.qcow2"];
    let parts = names.map(|name| json!({ "name": name, "sha256": digest(&vec![7; size]), "size": size }));
    let list = json!({ "format": 1, "architecture": std::env::consts::ARCH, "parts": parts }).to_string();
    let id = digest(list.as_bytes());
    for name in names {
        files.0.insert(format!("{id}/{name}"), vec![7; size].into());
    }
    files.0.insert(format!("{id}/manifest.json"), list.into());
    files.0.insert("current".to_owned(), id.into());
    files
}

/// The image of the tests in a folder of its own, by the same files.
fn linked(folder: &Path) -> Image {
    let image = Store::new(sandbox_images())
        .current()
        .expect("the image of the tests");
    let place = folder.join(&image.id);
    fs::create_dir_all(&place).expect("a file of the test");
    for file in fs::read_dir(&image.folder)
        .expect("the image of the tests")
        .flatten()
    {
        let to = place.join(file.file_name());
        fs::hard_link(file.path(), &to)
            .or_else(|_| fs::copy(file.path(), &to).map(drop))
            .expect("a file of the test");
    }
    fs::write(folder.join("current"), &image.id).expect("a file of the test");
    Image::open(&place).expect("the image of the tests")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_stays_while_machines_may_start_from_it_though_another_came() {
    let home = tempfile::tempdir().unwrap();
    let images = home.path().join("images");
    let image = linked(&images);
    let mut settings = settings(home.path());
    settings.images.clone_from(&images);
    let workshop = Workshop::open(settings).await.unwrap();
    let store = Store::new(images);
    let taken = store
        .take(&files(home.path(), 1000), None, &|_| {})
        .await
        .unwrap();
    assert_ne!(taken.image.id, image.id);
    assert!(taken.is_new && image.folder.is_dir());
    assert_eq!(workshop.image().id, image.id);
    drop(workshop);
    assert_eq!(store.tidy().await.unwrap(), 1);
    assert!(!image.folder.exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn where_the_disk_has_no_room_for_an_image_no_part_of_it_is_asked_for() {
    use crate::room::Disk;

    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("disk");
    fs::create_dir(&place).unwrap();
    let Some(_disk) = Disk::new(&place, 1024 + 10) else {
        return;
    };
    let store = Store::new(place.join("images"));
    let mut large = files(home.path(), 4 << 20);
    // That none is asked for is seen by the error.
    large
        .0
        .retain(|path, _| path.ends_with("manifest.json") || path == "current");
    let refused = store.take(&large, None, &|_| {}).await.unwrap_err();
    assert_eq!(refused.code, DISK_LOW);
    assert!(refused.reason.contains("has no room for the image"), "{refused}");
    let small = files(home.path(), 1 << 20);
    store
        .take(&small, None, &|_| {})
        .await
        .unwrap()
        .image
        .verify()
        .unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_fills_up_meanwhile_is_told_and_what_came_stays() {
    use crate::room::Disk;

    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("disk");
    fs::create_dir(&place).unwrap();
    let Some(disk) = Disk::new(&place, 1024 + 40) else {
        return;
    };
    let store = Store::new(place.join("images"));
    let files = files(home.path(), 4 << 20);
    // Somebody else takes all but a part and a half, once it was looked whether there is room.
    let filled = std::sync::Once::new();
    let told = |_: deskhand_vm_host::Progress<'_>| {
        filled.call_once(|| {
            let rest = fs::File::create(place.join("others")).expect("a file of the test");
            rustix::fs::fallocate(
                &rest,
                rustix::fs::FallocateFlags::empty(),
                0,
                disk.free() - (6 << 20),
            )
            .expect("room");
        });
    };
    let refused = store.take(&files, None, &told).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.remedy.as_str()),
        (DISK_LOW, "make room on that disk"),
        "{refused}"
    );
    assert!(store.fetching().unwrap().done >= 4 << 20);
    fs::remove_file(place.join("others")).unwrap();
    let taken = store.take(&files, None, &|_| {}).await.unwrap();
    assert!(taken.fetched < 16 << 20, "{}", taken.fetched);
    taken.image.verify().unwrap();
}
