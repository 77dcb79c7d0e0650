//! The engine that is tested here: the process sandbox.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskhand_test_support::sandbox_agent;
use deskhand_vm_host::{Connections, Contained, GuestEvent, SandboxError, Session, SessionSpec};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::support::{Kind, spec};

pub(crate) const KIND: Kind = Kind::Processes;

/// What `memory` is of a machine, in mebibytes.
const MEMORY: u32 = 1024;

/// The engine, and the device that it has where this computer's own is not everybody's.
#[derive(Debug)]
pub(crate) struct Shop {
    engine: Contained,
    _device: Option<TempDir>,
}

impl Shop {
    pub(crate) async fn session(
        &self,
        spec: SessionSpec,
        connections: Option<Arc<dyn Connections>>,
        events: mpsc::Sender<GuestEvent>,
    ) -> Result<Session, SandboxError> {
        self.engine.session(spec, connections, events).await
    }
}

/// One of its own. Where the tests run as root, it is nobody's process all the same: the engine sees to that.
#[expect(clippy::unused_async, reason = "that of machines waits")]
pub(crate) async fn workshop(_: &Path) -> Shop {
    let engine = Contained::find(&sandbox_agent(), spec().user, MEMORY)
        .unwrap_or_else(|error| panic!("{error}; {}", error.remedy));
    match device() {
        Some((folder, place)) => Shop {
            engine: engine.with_fuse(place),
            _device: Some(folder),
        },
        None => Shop {
            engine,
            _device: None,
        },
    }
}

/// A device of FUSE that is everybody's, as on most systems (`/usr/lib/udev/rules.d`), where this one has another.
fn device() -> Option<(TempDir, PathBuf)> {
    let mode = std::fs::metadata("/dev/fuse").expect("FUSE").permissions().mode();
    if mode & 0o006 == 0o006 {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder of the test");
    let everybody = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), everybody).expect("a folder of the test");
    let place = folder.path().join("fuse");
    mknodat(
        CWD,
        &place,
        FileType::CharacterDevice,
        Mode::from_raw_mode(0o666),
        makedev(10, 229),
    )
    .expect("who has a device of his own is root");
    let everybody = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(&place, everybody).expect("a file of the test");
    Some((folder, place))
}
