//! The command line of QEMU for a machine: one set of devices on every processor, nothing that is not needed.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::Path;

use crate::accelerator::Accelerator;
use crate::machine::MachineSpec;

/// The descriptors that QEMU is given, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// The line to the agent.
    pub(super) line: RawFd,
    /// The control connection.
    pub(super) qmp: RawFd,
}

/// All arguments.
pub(super) fn of(spec: &MachineSpec, given: Given, resumes: bool) -> Vec<OsString> {
    let mut list = List(Vec::new());
    // Nothing of what this user or this computer configured for QEMU, no screen, no network card.
    list.words(&[
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-nic",
        "none",
        "-no-reboot",
    ]);
    // QEMU itself may start no program and gain no right.
    if cfg!(target_os = "linux") {
        list.pair(
            "-sandbox",
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        );
    }
    list.pair("-accel", accelerator(spec.accelerator));
    list.pair("-machine", machine());
    list.pair(
        "-cpu",
        if spec.accelerator == Accelerator::Tcg {
            "max"
        } else {
            "host"
        },
    );
    list.pair("-smp", &spec.processors.to_string());
    list.pair("-m", &spec.memory.to_string());
    list.path("-kernel", &spec.kernel);
    list.path("-initrd", &spec.initial);
    list.pair("-append", &words(spec));
    list.words(&["-serial", "stdio"]);
    for (name, place) in &spec.disks {
        list.drive(name, place, "format=raw,readonly=on");
    }
    if let Some(template) = &spec.session_disk {
        // What is written goes to a nameless file that ends with QEMU. A host's disk that is full is the guest's error,
        // not the end of the machine.
        list.drive(
            "session",
            template,
            "format=qcow2,snapshot=on,discard=unmap,detect-zeroes=unmap,cache=unsafe,werror=report,rerror=report",
        );
    }
    list.pair("-device", "virtio-serial-pci,id=serial,max_ports=2");
    list.socket("line", given.line);
    list.pair(
        "-device",
        "virtserialport,bus=serial.0,chardev=line,name=deskhand",
    );
    list.socket("qmp", given.qmp);
    list.pair("-mon", "chardev=qmp,mode=control");
    // It waits for `cont`, so that nothing happens before the line is connected.
    list.words(&["-S"]);
    if resumes {
        list.words(&["-incoming", "defer"]);
    }
    list.0
}

/// WHPX needs the interrupt controller in QEMU on x86-64, and refuses that on arm64.
fn accelerator(accelerator: Accelerator) -> &'static str {
    match accelerator {
        Accelerator::Whpx if cfg!(target_arch = "x86_64") => "whpx,kernel-irqchip=off",
        // As many threads as processors, and a small cache of translated code: eight machines at once share a computer.
        Accelerator::Tcg => "tcg,thread=multi,tb-size=128",
        other => other.as_str(),
    }
}

/// Without what a guest of ours never uses. `qboot` starts the kernel half a second before a whole BIOS does.
fn machine() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "virt"
    } else {
        "q35,vmport=off,smm=off,hpet=off,sata=off,firmware=qboot.rom"
    }
}

fn words(spec: &MachineSpec) -> String {
    let console = if cfg!(target_arch = "aarch64") {
        "ttyAMA0"
    } else {
        "ttyS0"
    };
    // A kernel that panics restarts at once, which ends QEMU.
    let mut words =
        format!("console={console} reboot=t panic=-1 quiet loglevel=4 tsc=reliable no_timer_check");
    for word in &spec.words {
        words.push(' ');
        words.push_str(word);
    }
    words
}

struct List(Vec<OsString>);

impl List {
    fn words(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    fn pair(&mut self, name: &str, value: &str) {
        self.words(&[name, value]);
    }

    fn path(&mut self, name: &str, place: &Path) {
        self.0.push(name.into());
        self.0.push(place.into());
    }

    fn drive(&mut self, name: &str, place: &Path, options: &str) {
        let mut value = OsString::from(format!("id={name},if=none,{options},file="));
        value.push(escaped(place));
        self.0.push("-drive".into());
        self.0.push(value);
        self.pair("-device", &format!("virtio-blk-pci,drive={name},serial={name}"));
    }

    fn socket(&mut self, name: &str, number: RawFd) {
        self.pair("-chardev", &format!("socket,id={name},fd={number}"));
    }
}

/// In a list of options a comma is written twice.
fn escaped(place: &Path) -> OsString {
    place.to_string_lossy().replace(',', ",,").into()
}
