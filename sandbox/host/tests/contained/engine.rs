//! The engine that is tested here: the process sandbox.

use std::path::Path;
use std::sync::Arc;

use deskhand_test_support::{FuseDevice, sandbox_agent};
use deskhand_vm_host::{
    Connections, Contained, GuestEvent, ProcessSandbox, SandboxError, Session, SessionSpec,
};
use tokio::sync::mpsc;

use crate::support::{Kind, spec};

pub(crate) const KIND: Kind = Kind::Processes;

/// What `memory` is of a machine, in mebibytes.
const MEMORY: u32 = 1024;

/// The engine, and the device that it has.
#[derive(Debug)]
pub(crate) struct Shop {
    engine: Contained,
    _device: FuseDevice,
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
pub(crate) async fn workshop(_: &Path) -> Shop {
    let device = FuseDevice::for_everybody();
    let with = ProcessSandbox {
        device: device.path().to_owned(),
        ..ProcessSandbox::new(sandbox_agent())
    };
    let engine = Contained::find(&with, spec().user, MEMORY)
        .unwrap_or_else(|error| panic!("{error}; {}", error.remedy));
    Shop {
        engine,
        _device: device,
    }
}
