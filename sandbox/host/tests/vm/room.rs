//! A disk of this computer that is nearly full. Needs the right to mount one; without it these end, and say so.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};

use deskhand_vm_host::{DISK_LOW, End};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tokio::sync::mpsc;

use crate::support::{command, run, session, shell, spec, workshop};

/// A disk of this size, in mebibytes, for as long as its value lives.
pub(crate) struct Disk(PathBuf);

impl Disk {
    pub(crate) fn new(place: &Path, size: u32) -> Option<Self> {
        let options = std::ffi::CString::new(format!("size={size}M,mode=0700")).expect("no zero in it");
        match mount("tmpfs", place, "tmpfs", MountFlags::NOSUID, options.as_c_str()) {
            Ok(()) => Some(Self(place.to_owned())),
            Err(error) => {
                eprintln!("not proven here: no disk can be mounted: {error}");
                None
            }
        }
    }

    pub(crate) fn free(&self) -> u64 {
        let told = rustix::fs::statvfs(&self.0).expect("a disk");
        told.f_bavail * told.f_frsize
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(&self.0, UnmountFlags::DETACH).ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_writes_all_it_can_leaves_this_computer_its_room_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(home.path(), 1024 + 800) else {
        return;
    };
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let ran = shell(&session, "dd if=/dev/urandom of=much bs=1M count=500 conv=fsync").await;
    assert_eq!(ran.ended.end, End::Exited { code: 1 }, "{}", ran.err);
    assert!(ran.err.contains("error"), "{}", ran.err);
    assert!(disk.free() >= 1024 << 20, "{}", disk.free());
    assert_eq!(run(&session, &["echo", "on"]).await.ok(), "on\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_this_computers_disk_is_nearly_full_no_machine_and_no_command_starts() {
    let home = tempfile::tempdir().unwrap();
    let Some(_disk) = Disk::new(home.path(), 1024 + 800) else {
        return;
    };
    let workshop = workshop(home.path()).await;
    workshop.keep_state().await.unwrap().expect("a state");
    let session = session(&workshop).await;
    let other = home.path().join("other");
    let file = std::fs::File::create(&other).unwrap();
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, 850 << 20).unwrap();

    let refused = session.start(command(&["true"])).await.unwrap_err();
    assert_eq!(refused.code, DISK_LOW, "{refused}");
    let (events, _) = mpsc::channel(1);
    let refused = workshop.session(spec(), None, events).await.unwrap_err();
    assert_eq!(refused.code, DISK_LOW, "{refused}");
    assert!(refused.remedy.contains("make room"), "{}", refused.remedy);

    assert!(workshop.states().size() > 0, "the state is not to blame");

    // Room is found as soon as there is some.
    drop(file);
    std::fs::remove_file(&other).unwrap();
    assert_eq!(run(&session, &["echo", "on"]).await.ok(), "on\n");
}
