//! Our own machines: how soon a command runs, what a shared folder costs beside the guest's own disk, what a machine takes.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use deskhand_vm_files::{Access, Event, Events, Share, UndoLog};
use deskhand_vm_host::{
    Accelerator, Command, End, RunLimits, RunOutput, Session, SessionSpec, Settings, Workshop,
};
use tokio::task::JoinSet;

use super::beside::{Column, Took};
use super::work::{self, REPOSITORY, WORK, Work};
use super::{MEMORY, RUNS, STARTS, milliseconds};
use crate::figure::{Aim, Report, quantile, say};
use crate::process::resident;

/// The user of commands in the guest.
const USER: u32 = 20_001;
/// Machines at once.
const TOGETHER: usize = 8;

/// Starts, runs, shares; with what runs the guest's instructions, so that the others have no better.
pub(super) async fn measure(home: &Path, report: &mut Report) -> (Column, Accelerator) {
    let workshop = workshop(home).await;
    let accelerator = workshop.verdict().accelerator;
    say(&format!(
        "The sandbox, one processor and {MEMORY} MiB a machine, with {}; {}:",
        accelerator.describe(),
        workshop.engine()
    ));
    let (cold, kept) = starting(&workshop, report).await;
    let exec = commands(&workshop, report).await;
    let work = sharing(&workshop, home, report).await;
    together(&workshop, report).await;
    let column = Column {
        name: "Deskhand",
        cold: Took::Milliseconds(cold),
        kept: Took::Milliseconds(kept),
        exec: Took::Milliseconds(exec),
        work: work.into_iter().map(Took::Milliseconds).collect(),
    };
    (column, accelerator)
}

async fn workshop(home: &Path) -> Workshop {
    let settings = Settings {
        images: deskhand_test_support::sandbox_images(),
        workplace: home.to_owned(),
        engine: None,
        memory: MEMORY,
        processors: 1,
        accelerator: None,
        process_sandbox: None,
    };
    let opened = Workshop::open(settings).await;
    opened.unwrap_or_else(|error| panic!("{error}; {}", error.remedy))
}

async fn session(workshop: &Workshop) -> Session {
    let spec = SessionSpec {
        user: USER,
        memory: 400 << 20,
        processes: 512,
        network: false,
        zone: None,
    };
    let (events, _) = tokio::sync::mpsc::channel(1);
    let begun = workshop.session(spec, None, events).await;
    begun.unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a script to its good end; answers what it wrote, and how long it took in milliseconds.
async fn shell(session: &Session, script: &str) -> (String, f64) {
    run(session, &["/bin/sh", "-c", script]).await
}

async fn run(session: &Session, words: &[&str]) -> (String, f64) {
    let begun = Instant::now();
    let command = Command {
        arguments: words.iter().map(|word| (*word).to_owned()).collect(),
        folder: None,
        environment: std::collections::BTreeMap::new(),
        input: false,
        limits: RunLimits {
            time: 600_000,
            processor: 600_000,
            memory: 384 << 20,
            processes: 128,
            output: 16 << 20,
        },
    };
    let mut job = session.start(command).await.expect("the line is open");
    let mut out = Vec::new();
    loop {
        match job.next().await.expect("the line is open") {
            Some(RunOutput::Out(bytes) | RunOutput::Err(bytes)) => out.extend(bytes),
            Some(RunOutput::Started(_)) => {}
            Some(RunOutput::Ended(ended)) => {
                let out = String::from_utf8_lossy(&out).into_owned();
                assert_eq!(ended.end, End::Exited { code: 0 }, "{words:?}: {out}");
                return (out, milliseconds(begun));
            }
            None => panic!("the machine ended: {}", session.console()),
        }
    }
}

/// From the kernel, and from the kept state, to the first command.
async fn starting(workshop: &Workshop, report: &mut Report) -> (f64, f64) {
    let first_command = async || {
        let begun = Instant::now();
        let session = session(workshop).await;
        run(&session, &["/bin/true"]).await;
        milliseconds(begun)
    };
    let mut cold = Vec::new();
    for _ in 0..STARTS {
        cold.push(first_command().await);
    }
    let cold = quantile(&cold, 0.5);
    report.add(
        "  from the kernel to the first command, p50",
        cold,
        "ms",
        Aim::AtMost(3_000.0),
    );
    let size = workshop
        .keep_state()
        .await
        .expect("a state")
        .expect("none was kept");
    report.add("  kept state", size as f64 / 1e6, "MB", Aim::AtMost(20.0));
    let mut resumed = Vec::new();
    for _ in 0..STARTS * 2 {
        resumed.push(first_command().await);
    }
    let resumed = quantile(&resumed, 0.5);
    report.add(
        "  from the kept state to the first command, p50",
        resumed,
        "ms",
        Aim::AtMost(600.0),
    );
    workshop.keep_ready().await.expect("a machine");
    let ready = first_command().await;
    report.add("  in a machine that is kept ready, once", ready, "ms", Aim::None);
    (cold, resumed)
}

async fn commands(workshop: &Workshop, report: &mut Report) -> f64 {
    let own = resident(std::process::id());
    let session = session(workshop).await;
    let mut took = Vec::new();
    for _ in 0..RUNS {
        took.push(run(&session, &["/bin/true"]).await.1);
    }
    let middle = quantile(&took, 0.5);
    report.add("  `true`, p50", middle, "ms", Aim::AtMost(35.0));
    report.add("    p95", quantile(&took, 0.95), "ms", Aim::None);
    let added = resident(std::process::id()) - own;
    report.add(
        "  memory of the service for a machine",
        added,
        "MiB",
        Aim::AtMost(30.0),
    );
    let engine = session.process().map_or(f64::NAN, resident);
    report.add("  memory of QEMU with its guest", engine, "MiB", Aim::None);
    middle
}

#[derive(Debug)]
struct Unheard;

impl Events for Unheard {
    fn done(&self, _: Event) {}
}

/// A session with a folder of the host at `/mnt/shared`.
async fn shared(workshop: &Workshop, home: &Path) -> Session {
    let folder = work::folder(home, "shared");
    let session = session(workshop).await;
    let stream = session.mount("shared", true).await.expect("the line is open");
    let share = Share::open(&folder, Access::ReadWrite, USER, USER).expect("a folder");
    let journal = Arc::new(UndoLog::open(&home.join("journal")).expect("a journal"));
    tokio::spawn(async move { deskhand_vm_files::serve(stream, share, journal, Arc::new(Unheard)).await });
    shell(
        &session,
        "until grep -q ' /mnt/shared fuse' /proc/self/mounts; do :; done",
    )
    .await;
    session
}

/// The same work in a shared folder and on the guest's own disk; answers what it took in the folder.
async fn sharing(workshop: &Workshop, home: &Path, report: &mut Report) -> Vec<f64> {
    let session = shared(workshop, home).await;
    let (own, shared) = ("/home/user", "/mnt/shared");
    shell(
        &session,
        &format!("cd {own} && head -c 67108864 /dev/zero > big && sync"),
    )
    .await;
    let mut all = Vec::new();
    for place in [own, shared] {
        let (_, took) = shell(&session, &format!("cd {place} && {}", REPOSITORY.script)).await;
        let name = if place == own {
            "guest's own disk"
        } else {
            "shared folder"
        };
        report.add(&format!("  {}, {name}", REPOSITORY.name), took, "ms", Aim::None);
        if place == shared {
            all.push(took);
        }
    }
    for Work {
        name,
        script,
        megabytes,
    } in WORK
    {
        let (_, alone) = shell(&session, &format!("cd {own} && {script}")).await;
        let (_, took) = shell(&session, &format!("cd {shared} && {script}")).await;
        report.add(&format!("  {name}, shared folder"), took, "ms", Aim::None);
        if megabytes > 0.0 {
            report.add("    of which", megabytes * 1e3 / took, "MB/s", Aim::None);
        }
        report.add("    times the guest's own disk", took / alone, "", Aim::None);
        all.push(took);
    }
    all
}

/// Machines at once, each with a command of its own.
async fn together(workshop: &Workshop, report: &mut Report) {
    let begun = Instant::now();
    let mut sessions = Vec::new();
    for _ in 0..TOGETHER {
        sessions.push(session(workshop).await);
    }
    report.add(
        &format!("  {TOGETHER} machines, one after the other"),
        milliseconds(begun),
        "ms",
        Aim::None,
    );
    let begun = Instant::now();
    let mut working = JoinSet::new();
    for session in sessions {
        working.spawn(async move {
            shell(
                &session,
                "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; echo $i",
            )
            .await
            .0
        });
    }
    let said = working.join_all().await;
    let right = said.iter().filter(|said| said.trim() == "2000").count();
    report.add("    answered rightly, all at once", right as f64, "", Aim::None);
    report.add("    in", milliseconds(begun), "ms", Aim::None);
}
