//! The port behind which engines stand: something that starts a virtual machine and gives the line to its agent.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::accelerator::Accelerator;
use crate::error::SandboxError;
use crate::qemu::Cage;

/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The line to an agent.
pub trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// What a machine is made of. Two machines with the same specification and engine may share a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineSpec {
    /// The kernel.
    pub kernel: PathBuf,
    /// Its initial file system, with the agent.
    pub initial: PathBuf,
    /// The read-only disks by name, `base` first. Empty for a proof.
    pub disks: Vec<(String, PathBuf)>,
    /// The template of the session's disk; what is written goes to a copy that ends with the machine.
    pub session_disk: Option<PathBuf>,
    /// Memory, in mebibytes.
    pub memory: u32,
    /// Processors.
    pub processors: u32,
    /// What runs its instructions.
    pub accelerator: Accelerator,
    /// Words for the kernel's command line.
    pub words: Vec<String>,
}

/// How a machine starts.
#[derive(Debug)]
pub enum Start {
    /// From its kernel.
    Cold,
    /// From a state that [`Machine::save`] gave of a machine with the same specification.
    Resume(Vec<u8>),
}

/// How a machine began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From its kernel.
    Cold,
    /// From a kept state.
    Resumed,
}

/// What a session is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// A virtual machine, whose instructions this runs.
    Machine(Accelerator),
    /// Processes of this computer in namespaces of their own, on its own kernel.
    Processes,
}

/// What runs virtual machines, or what stands in for them.
pub trait Engine: fmt::Debug + Send + Sync {
    /// Name and exact version: a state is good for this one alone.
    fn version(&self) -> String;

    /// How far the process that runs a machine is shut in on this computer.
    fn cage(&self) -> Cage;

    /// What a machine of this specification is.
    fn means(&self, spec: &MachineSpec) -> Means {
        Means::Machine(spec.accelerator)
    }

    /// Starts a machine. It runs when this answers, and the line is open; the agent may not be up yet.
    fn start<'a>(
        &'a self,
        spec: &'a MachineSpec,
        from: Start,
    ) -> BoxFuture<'a, Result<Box<dyn Machine>, SandboxError>>;
}

/// A machine that runs. Dropping it ends it.
pub trait Machine: fmt::Debug + Send + Sync {
    /// The line to the agent; once.
    fn line(&mut self) -> Option<Box<dyn Line>>;

    /// Stops it and answers all of its state, without its disks. It does not run on.
    fn save(&mut self) -> BoxFuture<'_, Result<Vec<u8>, SandboxError>>;

    /// Looks whether this computer has room for what a command writes. May wait for a disk.
    fn room(&self) -> Result<(), SandboxError>;

    /// Waits until it has ended by itself or was ended; says how.
    fn ended(&self) -> BoxFuture<'_, String>;

    /// Ends it at once.
    fn end(&self);

    /// What its kernel and its engine wrote last.
    fn console(&self) -> String;

    /// The process of the operating system that runs it, where there is one.
    fn process(&self) -> Option<u32>;
}
