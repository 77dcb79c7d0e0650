//! Fetching over a source that does what a test says. Over TLS and the gate: `companion/sandbox/tests/image_store`.

mod fake;

use std::sync::{Arc, Mutex};

use fake::{Does, SIZE, content, image, setup};
use pretty_assertions::assert_eq;

use super::*;

#[tokio::test]
async fn a_whole_image_comes_is_verified_and_is_used() {
    let setup = setup(&[]);
    let seen = Mutex::new(Vec::new());
    let told = |progress: Progress<'_>| {
        seen.lock()
            .unwrap()
            .push((progress.part.to_owned(), progress.done));
    };
    let taken = setup.store.take(&setup.source, None, &told).await.unwrap();
    assert_eq!(
        (taken.image.id.as_str(), taken.is_new, taken.fetched),
        (setup.id.as_str(), true, 4 * SIZE as u64)
    );
    setup.store.current().unwrap().verify().unwrap();
    assert_eq!(
        setup.names(),
        [".fetch.lock".to_owned(), setup.id.clone(), "current".to_owned()]
    );
    let seen = seen.into_inner().unwrap();
    assert!(seen.is_sorted_by_key(|(_, done)| *done), "{seen:?}");
    assert_eq!(seen.last(), Some(&("session.qcow2".to_owned(), 4 * SIZE as u64)));
    assert_eq!(setup.store.fetching(), None);

    let again = setup.take().await.unwrap();
    assert_eq!((again.is_new, again.fetched), (false, 0));
    assert_eq!(setup.asked("kernel"), [0]);
}

#[tokio::test]
async fn a_connection_that_breaks_is_taken_up_where_it_broke() {
    let setup = setup(&[
        ("system.squashfs", Does::Break(1_500_000)),
        ("system.squashfs", Does::Stop(700)),
    ]);
    assert_eq!(setup.take().await.unwrap().fetched, 4 * SIZE as u64);
    assert_eq!(setup.asked("system.squashfs"), [0, 1_500_000, 1_500_700]);
}

#[tokio::test]
async fn one_that_breaks_again_and_again_is_given_up_and_the_next_fetch_goes_on_where_it_was() {
    let setup = setup(&vec![("initrd", Does::Break(1000)); 6]);
    let refused = setup.refused(IMAGE_UNREACHABLE).await;
    assert_eq!(
        refused.to_string(),
        "the image failed: fetching `initrd` at the store: the connection broke"
    );
    assert_eq!(refused.remedy, "look at the store");
    let left = setup.store.fetching().unwrap();
    assert_eq!(
        (left.done, left.total, left.running),
        (SIZE as u64 + 6000, 4 * SIZE as u64, false)
    );
    assert_eq!(left.failed.unwrap().code, IMAGE_UNREACHABLE);
    let none = setup.store.current().unwrap_err();
    assert!(
        none.reason.contains("none could be fetched: fetching `initrd`"),
        "{none}"
    );

    let taken = setup.take().await.unwrap();
    assert_eq!(taken.fetched, 3 * SIZE as u64 - 6000);
    assert_eq!(
        (setup.asked("kernel"), setup.asked("initrd").last()),
        (vec![0], Some(&6000))
    );
}

#[tokio::test]
async fn a_store_that_knows_no_ranges_sends_the_file_from_its_start_and_nothing_is_there_twice() {
    let setup = setup(&[("kernel", Does::Break(1000)), ("kernel", Does::WholeFile)]);
    setup.take().await.unwrap().image.verify().unwrap();
    assert_eq!(setup.asked("kernel"), [0, 1000]);
}

#[tokio::test]
async fn a_place_beyond_the_end_of_a_file_is_a_reason_to_begin_it_anew() {
    let setup = setup(&[("kernel", Does::Break(1000)), ("kernel", Does::PastEnd)]);
    setup.take().await.unwrap().image.verify().unwrap();
    assert_eq!(setup.asked("kernel"), [0, 1000, 0]);
}

#[tokio::test]
async fn a_file_that_begins_elsewhere_than_asked_is_refused() {
    let setup = setup(&[("kernel", Does::Break(1000)), ("kernel", Does::Elsewhere)]);
    let refused = setup.refused(IMAGE_REFUSED).await;
    assert!(refused.reason.contains("begins elsewhere"), "{refused}");
}

#[tokio::test]
async fn what_lies_there_and_is_another_is_fetched_anew_from_its_start() {
    let setup = setup(&[("kernel", Does::Break(1000))]);
    drop(setup.take().await);
    let partial = setup.partial("initrd");
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    fs::remove_dir_all(setup.store.folder.join(&setup.id)).unwrap();
    fs::write(&partial, vec![b'x'; 5000]).unwrap();
    fs::write(setup.partial("kernel"), vec![b'x'; SIZE + 1]).unwrap();
    // Whole by its name, and not by its content.
    fs::write(
        setup.partial("kernel").with_file_name("session.qcow2"),
        vec![b'x'; SIZE],
    )
    .unwrap();
    setup.source.asked.lock().unwrap().clear();
    setup.take().await.unwrap().image.verify().unwrap();
    assert_eq!(setup.asked("initrd"), [5000, 0]);
    assert_eq!(
        (setup.asked("kernel"), setup.asked("session.qcow2")),
        (vec![0], vec![0])
    );
}

#[tokio::test]
async fn a_part_of_another_content_is_refused_and_nothing_of_it_is_kept() {
    let mut setup = setup(&[]);
    let path = format!("{}/system.squashfs", setup.id);
    setup.source.files.get_mut(&path).unwrap()[SIZE - 1] ^= 1;
    let refused = setup.refused(IMAGE_WRONG).await;
    assert!(
        refused
            .reason
            .contains("`system.squashfs` is another file than its list says"),
        "{refused}"
    );
    assert!(
        !setup.partial("system.squashfs").exists()
            && !setup.partial("x").with_file_name("system.squashfs").exists()
    );
    assert_eq!(setup.names(), [".fetch-failed.json", ".fetch.lock", ".fetching"]);
}

#[tokio::test]
async fn a_part_that_is_longer_or_shorter_than_its_list_says_is_refused() {
    let mut setup = setup(&[("kernel", Does::Says(SIZE as u64))]);
    let path = format!("{}/kernel", setup.id);
    setup.source.files.get_mut(&path).unwrap().push(0);
    let told = setup.refused(IMAGE_WRONG).await;
    assert!(
        told.reason.contains("`kernel` is longer than its list says"),
        "{told}"
    );
    assert!(!setup.partial("kernel").exists());
    let told = setup.refused(IMAGE_WRONG).await;
    assert!(
        told.reason.contains(&format!("has {} bytes there", SIZE + 1)),
        "{told}"
    );
    setup.source.files.get_mut(&path).unwrap().truncate(10);
    let told = setup.refused(IMAGE_WRONG).await;
    assert!(told.reason.contains("has 10 bytes there"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_sends_nothing_or_next_to_nothing_is_given_up_and_a_slow_line_is_not() {
    for does in [Does::Hang(0), Does::Hang(2_000_000), Does::Drip] {
        let setup = setup(&[("kernel", does.clone())]);
        let refused = setup.refused(IMAGE_SLOW).await;
        assert!(refused.reason.contains("fetching `kernel`"), "{refused}");
        let kept = fs::metadata(setup.partial("kernel")).unwrap().len();
        assert_eq!(kept > 0, !matches!(does, Does::Hang(0)), "what came is kept");
    }
    let setup = setup(&[("kernel", Does::Steady)]);
    setup.take().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_say_which_image_is_current_is_given_up() {
    let setup = setup(&[("current", Does::Hang(3))]);
    let refused = setup.refused(IMAGE_SLOW).await;
    assert!(
        refused
            .reason
            .starts_with("asking which image is current at the store"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_manifest_that_is_not_the_ids_or_names_what_it_may_not_is_refused_before_any_part() {
    for (text, code) in [
        (r#"{"format":1}"#.to_owned(), IMAGE_WRONG),
        (" ".repeat(1024 * 1024 + 1), IMAGE_REFUSED),
    ] {
        let mut setup = setup(&[]);
        setup
            .source
            .files
            .insert(format!("{}/manifest.json", setup.id), text.into_bytes());
        setup.refused(code).await;
        assert_eq!(setup.asked("kernel"), [0; 0]);
    }
    // One that is what its id says, and names a file outside.
    let mut setup = setup(&[]);
    let list = setup.source.files[&format!("{}/manifest.json", setup.id)].clone();
    let list = String::from_utf8(list).unwrap().replace("initrd", "../x");
    let id = sha256(list.as_bytes());
    setup
        .source
        .files
        .insert("current".to_owned(), id.clone().into_bytes());
    setup
        .source
        .files
        .insert(format!("{id}/manifest.json"), list.into_bytes());
    setup
        .source
        .files
        .insert(format!("{id}/../x"), content("initrd", 1, SIZE));
    let refused = setup.take().await.unwrap_err();
    assert!(refused.reason.contains("does not know"), "{refused}");
    assert!(
        setup
            .source
            .asked
            .lock()
            .unwrap()
            .iter()
            .all(|(path, _)| !path.contains(".."))
    );
    assert!(!setup.folder.path().join("x").exists() && !setup.store.folder.join("x").exists());
}

#[tokio::test]
async fn a_current_that_is_no_id_is_refused() {
    for text in ["", "../../x", &"A".repeat(64), &"a".repeat(129)] {
        let mut setup = setup(&[]);
        setup
            .source
            .files
            .insert("current".to_owned(), text.as_bytes().to_vec());
        setup.refused(IMAGE_REFUSED).await;
        assert_eq!(setup.source.asked.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn where_an_id_is_pinned_that_one_is_taken_whatever_the_store_calls_current() {
    let mut setup = setup(&[]);
    let other = image(&mut setup.source.files, 7, SIZE);
    let taken = setup
        .store
        .take(&setup.source, Some(&other), &|_| {})
        .await
        .unwrap();
    assert_eq!(taken.image.id, other);
    assert!(
        setup
            .source
            .asked
            .lock()
            .unwrap()
            .iter()
            .all(|(path, _)| path != "current")
    );
    let nowhere = "b".repeat(64);
    let refused = setup
        .store
        .take(&setup.source, Some(&nowhere), &|_| {})
        .await
        .unwrap_err();
    assert_eq!(refused.code, IMAGE_MISSING);
    assert_eq!(
        setup.store.current().unwrap().id,
        other,
        "what was used is used still"
    );
}

#[tokio::test]
async fn a_new_image_takes_what_is_the_same_from_the_old_one_which_goes_once_nobody_holds_it() {
    let mut setup = setup(&[]);
    setup.take().await.unwrap();
    let (held, lock) = setup.store.hold().unwrap();
    assert!(lock.is_some());
    let newer = image(&mut setup.source.files, 9, SIZE);
    setup
        .source
        .files
        .insert("current".to_owned(), newer.clone().into_bytes());
    let taken = setup.take().await.unwrap();
    assert_eq!((taken.is_new, taken.fetched), (true, 3 * SIZE as u64));
    assert_eq!(setup.store.current().unwrap().id, newer);
    held.verify().unwrap();
    let kept = setup.store.kept();
    let kept: Vec<_> = kept.iter().map(|one| (one.id.as_str(), one.current)).collect();
    assert_eq!(kept, [(newer.as_str(), true), (setup.id.as_str(), false)]);

    assert_eq!(setup.store.tidy().await.unwrap(), 0);
    drop(lock);
    assert_eq!(setup.store.tidy().await.unwrap(), 1);
    assert!(!held.folder.exists());
    setup.store.current().unwrap().verify().unwrap();

    // One that nobody holds goes with the next.
    let third = image(&mut setup.source.files, 20, SIZE);
    setup
        .source
        .files
        .insert("current".to_owned(), third.clone().into_bytes());
    setup.take().await.unwrap();
    assert_eq!(setup.store.ids(), [third]);
}

#[tokio::test]
async fn a_damaged_image_is_mended_with_what_is_missing_alone() {
    let setup = setup(&[]);
    let taken = setup.take().await.unwrap();
    fs::write(taken.image.folder.join("initrd"), vec![b'x'; SIZE]).unwrap();
    let mended = setup.take().await.unwrap();
    assert_eq!((mended.is_new, mended.fetched), (false, SIZE as u64));
    setup.store.current().unwrap().verify().unwrap();
}

#[tokio::test]
async fn of_two_that_fetch_at_once_one_does_and_the_other_says_so() {
    let setup = Arc::new(setup(&[("kernel", Does::Hang(10))]));
    let first = tokio::spawn({
        let setup = Arc::clone(&setup);
        async move { setup.take().await }
    });
    while setup.asked("kernel").is_empty() {
        tokio::task::yield_now().await;
    }
    let refused = setup.take().await.unwrap_err();
    assert_eq!(refused.code, IMAGE_BUSY);
    let waits = setup.store.current().unwrap_err();
    assert_eq!(
        (waits.code, waits.reason.as_str()),
        (crate::error::IMAGE_FETCHING, "the image is being fetched: 0 %")
    );
    assert_eq!(setup.store.tidy().await.unwrap(), 0);
    // One that is killed leaves no lock.
    first.abort();
    first.await.unwrap_err();
    setup.take().await.unwrap();
}

#[tokio::test]
async fn whoever_asks_meanwhile_is_told_how_far_it_is_in_percent() {
    let setup = setup(&[]);
    let heard = Mutex::new(Vec::new());
    let told = |_: Progress<'_>| {
        heard
            .lock()
            .unwrap()
            .push(setup.store.current().unwrap_err().reason);
    };
    setup.store.take(&setup.source, None, &told).await.unwrap();
    let heard = heard.into_inner().unwrap();
    assert!(
        heard.contains(&"the image is being fetched: 50 %".to_owned()),
        "{heard:?}"
    );
}
