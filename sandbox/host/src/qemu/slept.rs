//! A computer that slept: its machines stood still, and their guests' clocks with them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deskhand_test_support::sandbox_images;
use deskhand_vm_protocol::{RunLimits, RunOutput, SessionSpec};
use tokio::sync::{Mutex, mpsc};

use super::{Cage, Qemu, QemuMachine};
use crate::accelerator::Accelerator;
use crate::error::SandboxError;
use crate::machine::{BoxFuture, Engine, Line, Machine, MachineSpec, Start};
use crate::session::{Command, Session};
use crate::workshop::{Settings, Workshop};

/// QEMU, whose last machine can be held from outside.
#[derive(Debug)]
struct Held {
    qemu: Qemu,
    last: Mutex<Option<Arc<Mutex<QemuMachine>>>>,
}

impl Held {
    /// Has the machine stand still for as long as `asleep` takes.
    async fn sleep(&self, asleep: impl Future) {
        let machine = self.last.lock().await.clone().expect("a machine");
        let qmp = &mut machine.lock().await.qmp;
        qmp.command("stop", None).await.expect("it stops");
        asleep.await;
        qmp.command("cont", None).await.expect("it goes on");
    }
}

impl Engine for Held {
    fn version(&self) -> String {
        self.qemu.version()
    }

    fn cage(&self) -> Cage {
        self.qemu.cage()
    }

    fn start<'a>(
        &'a self,
        spec: &'a MachineSpec,
        from: Start,
    ) -> BoxFuture<'a, Result<Box<dyn Machine>, SandboxError>> {
        Box::pin(async move {
            let mut machine = Box::pin(self.qemu.launch(spec, from)).await?;
            let line = Machine::line(&mut machine);
            let machine = Arc::new(Mutex::new(machine));
            *self.last.lock().await = Some(Arc::clone(&machine));
            let shared = Shared {
                line: std::sync::Mutex::new(line),
                machine,
            };
            Ok(Box::new(shared) as Box<dyn Machine>)
        })
    }
}

/// The same machine, for its session.
struct Shared {
    line: std::sync::Mutex<Option<Box<dyn Line>>>,
    machine: Arc<Mutex<QemuMachine>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.machine.fmt(out)
    }
}

impl Machine for Shared {
    fn line(&mut self) -> Option<Box<dyn Line>> {
        self.line.get_mut().expect("nobody panicked").take()
    }

    fn save(&mut self) -> BoxFuture<'_, Result<Vec<u8>, SandboxError>> {
        Box::pin(async { self.machine.lock().await.save().await })
    }

    fn room(&self) -> Result<(), SandboxError> {
        Ok(())
    }

    fn ended(&self) -> BoxFuture<'_, String> {
        Box::pin(async {
            let ended = self.machine.lock().await.child.ended();
            ended.await
        })
    }

    fn end(&self) {
        if let Ok(machine) = self.machine.try_lock() {
            machine.end();
        }
    }

    fn console(&self) -> String {
        self.machine
            .try_lock()
            .map_or_else(|_| String::new(), |machine| machine.console())
    }

    fn process(&self) -> Option<u32> {
        self.machine.try_lock().ok()?.process()
    }
}

/// How far the guest's clock is behind this computer's, in milliseconds.
async fn behind(session: &Session) -> i128 {
    let command = Command {
        arguments: vec!["date".to_owned(), "+%s%N".to_owned()],
        folder: None,
        environment: std::collections::BTreeMap::new(),
        input: false,
        limits: RunLimits {
            time: 60_000,
            processor: 60_000,
            memory: 64 << 20,
            processes: 8,
            output: 1000,
        },
    };
    let mut job = session.start(command).await.expect("the line is open");
    let mut said = String::new();
    while let Some(output) = job.next().await.expect("the line is open") {
        if let RunOutput::Out(bytes) = output {
            said.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    let told: i128 = said.trim().parse().expect("a number");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    (now.as_nanos() as i128 - told) / 1_000_000
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_whose_computer_slept_is_behind_until_it_is_told_the_time() {
    let home = tempfile::tempdir().unwrap();
    let engine = Arc::new(Held {
        qemu: Qemu::find(None, &home.path().join("machines")).unwrap(),
        last: Mutex::new(None),
    });
    let settings = Settings {
        images: sandbox_images(),
        workplace: home.path().to_owned(),
        engine: None,
        memory: 512,
        processors: 1,
        accelerator: Some(Accelerator::Tcg),
        process_sandbox: None,
    };
    let port: Arc<dyn Engine> = Arc::clone(&engine) as _;
    let workshop = Workshop::open_with(port, settings).await.unwrap();
    let spec = SessionSpec {
        user: 20_001,
        memory: 256 << 20,
        processes: 64,
        network: false,
        zone: None,
    };
    let (events, _) = mpsc::channel(1);
    let session = workshop.session(spec, None, events).await.unwrap();
    let before = behind(&session).await;
    assert!(before < 2_000, "{before} ms");

    // It sleeps for this long; nothing is waited for.
    engine.sleep(tokio::time::sleep(Duration::from_secs(5))).await;
    let slept = behind(&session).await;
    assert!(slept - before > 4_000, "{slept} ms, {before} before");

    session.set_time().await.unwrap();
    // The guest hears of it beside the command that looks.
    let mut now = slept;
    for _ in 0..50 {
        now = behind(&session).await;
        if now < 2_000 {
            break;
        }
    }
    assert!((-2_000..2_000).contains(&now), "{now} ms");
}
