//! The office layer: what it adds, what it leaves as it was, and a machine of an image without it.

use std::path::{Path, PathBuf};

use deskhand_test_support::sandbox_images;
use deskhand_vm_host::{Settings, Store, Workshop, sha256_of};
use pretty_assertions::assert_eq;

use crate::engine::{engine, settings};
use crate::support::{session, shell, workshop};

#[tokio::test(flavor = "multi_thread")]
async fn the_layer_has_libreoffice_and_node_over_all_that_the_base_has() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    assert!(workshop.image().has_office());
    let session = session(&workshop).await;
    let told = shell(
        &session,
        "cd && printf 'a,b\\n1,2\\n' > x.csv && soffice --headless --convert-to pdf x.csv && test -s x.pdf && \
         soffice --version && node -e 'console.log(6 * 7)' && python3 -c 'import pandas, docx; print(pandas.__name__)' && \
         pdftoppm -v 2>&1 | head -n 1 && fc-match Calibri family && git --version && cat /etc/hosts && touch /usr/lib/x; ls /usr/lib/x",
    )
    .await;
    for part in [
        "LibreOffice",
        "\n42\n",
        "\npandas\n",
        "pdftoppm",
        "Carlito",
        "git version",
        "127.0.0.1 localhost",
    ] {
        assert!(told.out.contains(part), "{part}: {}{}", told.out, told.err);
    }
    assert!(told.err.contains("Read-only file system"), "{}", told.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_state_with_the_layer_is_none_of_a_machine_without_it() {
    let home = tempfile::tempdir().unwrap();
    let with = workshop(home.path()).await;
    assert!(with.keep_state().await.unwrap().is_some());
    let bare = without_the_layer(home.path());
    let settings = Settings {
        images: bare,
        ..settings(home.path())
    };
    let without = Workshop::open_with(engine(home.path()), settings).await.unwrap();
    assert!(!without.image().has_office());
    assert!(
        without.keep_state().await.unwrap().is_some(),
        "the state of the other was taken for its own"
    );
    let session = session(&without).await;
    let told = shell(&session, "echo works; command -v soffice node").await;
    assert_eq!(told.out, "works\n");
}

/// The image of this computer without its layer, in a store of its own.
fn without_the_layer(home: &Path) -> PathBuf {
    let mut image = Store::new(sandbox_images())
        .current()
        .expect("a store of the test");
    let from = image.folder.clone();
    image.parts.retain(|part| part.name != "office.squashfs");
    let store = home.join("images");
    std::fs::create_dir(&store).expect("a store of the test");
    let list = store.join("image.json");
    std::fs::write(&list, serde_json::to_vec(&image).expect("a store of the test"))
        .expect("a store of the test");
    let id = sha256_of(&list).expect("a store of the test");
    let place = store.join(&id);
    std::fs::create_dir(&place).expect("a store of the test");
    std::fs::rename(list, place.join("image.json")).expect("a store of the test");
    for part in &image.parts {
        std::os::unix::fs::symlink(from.join(&part.name), place.join(&part.name))
            .expect("a store of the test");
    }
    std::fs::write(store.join("current"), id).expect("a store of the test");
    store
}
