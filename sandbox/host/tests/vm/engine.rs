//! The engine that is tested here: QEMU.

use std::path::Path;
use std::sync::Arc;

use deskhand_test_support::sandbox_images;
use deskhand_vm_host::{Engine, Qemu, Settings, Workshop};

use crate::support::Kind;

pub(crate) const KIND: Kind = Kind::Machine;

pub(crate) type Shop = Workshop;

/// The engine behind the port.
pub(crate) fn engine(home: &Path) -> Arc<dyn Engine> {
    Arc::new(Qemu::find(None, &home.join("machines")).expect("QEMU"))
}

/// A workshop of its own.
pub(crate) async fn workshop(home: &Path) -> Workshop {
    workshop_with(home, engine(home)).await
}

pub(crate) async fn workshop_with(home: &Path, engine: Arc<dyn Engine>) -> Workshop {
    Workshop::open_with(engine, settings(home))
        .await
        .unwrap_or_else(|error| panic!("{error}; {}", error.remedy))
}

/// Software emulation, so that every computer tests the same.
pub(crate) fn settings(home: &Path) -> Settings {
    Settings {
        images: sandbox_images(),
        workplace: home.to_owned(),
        engine: None,
        memory: std::env::var("MEM")
            .ok()
            .and_then(|m| m.parse().ok())
            .unwrap_or(1024),
        processors: std::env::var("SMP")
            .ok()
            .and_then(|m| m.parse().ok())
            .unwrap_or(1),
        accelerator: Some(deskhand_vm_host::Accelerator::Tcg),
        process_sandbox: None,
    }
}
