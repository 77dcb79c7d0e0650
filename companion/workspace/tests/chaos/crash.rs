//! The writer is another process, and is killed in the middle: 100 times.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use deskhand_workspace::{Expected, Fingerprint, Folders};

use crate::editor::{Editor, Edits};
use crate::stage::{Random, content, found, prepare, settle_accounts};
use crate::together::{Writer, path};

const KILLS: u64 = 100;
/// Kills that have to meet the writer in the middle of something for the test to be worth its name.
const MET: usize = 10;
/// Set for the process that is killed: the folder, the journal and the seed, a line each.
const TASK: &str = "DESKHAND_TEST_CHAOS";
/// What a writer that nobody kills would do.
const STEPS: usize = 3_000;

/// The writer. Does nothing where it is not started as one.
#[test]
fn the_process_that_is_killed() {
    let Ok(task) = std::env::var(TASK) else { return };
    let task: Vec<&str> = task.lines().collect();
    let folder = Folders::new(None).attach(task[0].as_ref()).unwrap();
    let mut writer = Writer::new(folder, task[2].parse().unwrap(), 1_000);
    let journal = PathBuf::from(task[1]);
    writer.keep = Box::new(move |what, number| {
        fs::write(journal.join(format!("{what}-{number}")), "").unwrap();
    });
    for step in 0..STEPS {
        println!("\nstep {step}");
        writer.step();
    }
}

fn start(folder: &Path, journal: &Path, seed: u64) -> Child {
    let task = format!("{}\n{}\n{seed}", folder.display(), journal.display());
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::the_process_that_is_killed", "--nocapture"])
        .env(TASK, task)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Ends the editor also where the writer fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Kills the writer some time after some of its steps.
fn kill(mut child: Child, random: &mut Random) {
    let steps = 1 + random.below(12) as usize;
    let moment = Duration::from_micros(random.below(1_500));
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut begun = lines.filter(|line| line.as_ref().is_ok_and(|line| line.starts_with("step")));
    assert!(begun.nth(steps).is_some(), "the writer did not work");
    let since = Instant::now();
    while since.elapsed() < moment {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "the writer was not killed");
}

/// The numbers in the names of a journal.
fn journal(at: &Path, what: &str) -> BTreeSet<u64> {
    let names = fs::read_dir(at)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| name.strip_prefix(what)?.strip_prefix('-')?.parse().ok())
        .collect()
}

/// One write in each folder sweeps it.
fn sweep(home: &Path) {
    let folder = Folders::new(None).attach(home).unwrap();
    for below in ["", "sub/", "new/", "new/deep/"] {
        if home.join(below).is_dir() {
            let file = path(&format!("{below}sweep.txt"));
            folder.replace(&file, &content(7), Expected::Nothing).unwrap();
            folder.remove(&file, Fingerprint::of(&content(7))).unwrap();
        }
    }
}

/// Answers whether the writer was met in the middle of something.
fn sequence(seed: u64) -> bool {
    let (home, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut written = prepare(home.path(), 1);
    let mut random = Random(seed);
    let mut editor = Editor::new(home.path(), !seed, 1_000_000);
    let going = AtomicBool::new(true);
    let child = start(home.path(), kept.path(), random.next());
    let edits: Edits = thread::scope(|scope| {
        let editing = scope.spawn(|| {
            // Half of the writers are alone, so that they get somewhere.
            while seed.is_multiple_of(2) && going.load(Ordering::Relaxed) {
                editor.edit();
            }
            editor.edits
        });
        let stop = Stop(&going);
        kill(child, &mut random);
        drop(stop);
        editing.join().unwrap()
    });
    let (_, left) = found(home.path());
    sweep(home.path());
    let (there, swept) = found(home.path());
    assert_eq!(swept, [""; 0], "left behind after {left:?}");
    written.extend(journal(kept.path(), "written"));
    written.extend(&edits.written);
    settle_accounts(&written, &there, &journal(kept.path(), "kept"), &edits.taken);
    !left.is_empty()
}

#[test]
fn nothing_is_lost_or_half_written_when_the_writer_is_killed() {
    let mut met = 0;
    for seed in 0..KILLS {
        let outcome = std::panic::catch_unwind(|| sequence(seed));
        met += usize::from(outcome.unwrap_or_else(|_| panic!("seed {seed}")));
    }
    assert!(met >= MET, "only {met} kills met a write");
}
