//! What reads and runs much does so beside the runtime's own threads. Each file here is a pipe that answers only once the
//! runtime, which has one thread, did something else.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use deskhand_vm_host::{Origin, Step, Workshop};
use rustix::fs::{CWD, Mode, mkfifoat};

use crate::engine::settings;
use crate::support::{session, workshop};

/// Puts a pipe in the place of a file.
fn pipe(place: &Path) {
    std::fs::remove_file(place).ok();
    mkfifoat(CWD, place, Mode::RUSR | Mode::WUSR).expect("a pipe");
}

/// Writes to the pipe, as soon as the runtime gets there.
async fn answer(place: PathBuf, with: Vec<u8>) {
    // Who reads it has opened it, or this waits for that.
    tokio::task::spawn_blocking(move || std::fs::write(place, with))
        .await
        .expect("the writer ends")
        .expect("somebody reads");
}

/// Runs this on a runtime of one thread; a runtime that is held up never ends, and is not waited for.
fn with_one_thread<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let (done, over) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(test());
        done.send(()).ok();
    });
    over.recv_timeout(Duration::from_mins(1))
        .expect("nothing holds the runtime up");
}

#[test]
fn a_look_at_engine_and_image_holds_nobody_up() {
    with_one_thread(|| async {
        let home = tempfile::tempdir().unwrap();
        let current = home.path().join("current");
        pipe(&current);
        let mut settings = settings(home.path());
        settings.images = home.path().to_owned();
        let (opened, ()) = tokio::join!(Workshop::open(settings), answer(current, b"none".to_vec()));
        assert_eq!(opened.unwrap_err().step, Step::Image);
    });
}

#[test]
fn a_state_that_is_read_holds_nobody_up() {
    with_one_thread(|| async {
        let home = tempfile::tempdir().unwrap();
        let workshop = workshop(home.path()).await;
        workshop.keep_state().await.unwrap().expect("a state");
        let folder = std::fs::read_dir(workshop.states().folder()).unwrap();
        let file = folder.map(|file| file.unwrap().path()).next().unwrap();
        let kept = std::fs::read(&file).unwrap();
        pipe(&file);
        let (session, ()) = tokio::join!(session(&workshop), answer(file, kept));
        assert_eq!(session.summary().origin, Origin::Resumed);
    });
}
