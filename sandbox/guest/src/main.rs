//! The agent in the virtual machine: its first process; or, told so by its first argument, that of a process sandbox. Makes the machine ready, says so, waits for a session, and then
//! runs what the service asks for, in a corner of its own.
//!
//! Holds no policy: what a session may reach and write is decided on the service's side of the line. What is kept here
//! (the user, the corner, the filter of system calls, the limits) keeps commands from each other and from the agent; the
//! service takes all that comes from here for hostile.

#[cfg(target_os = "linux")]
mod boot;
#[cfg(target_os = "linux")]
mod bounds;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod command;
#[cfg(target_os = "linux")]
mod contained;
#[cfg(target_os = "linux")]
mod corner;
#[cfg(target_os = "linux")]
mod group;
#[cfg(target_os = "linux")]
mod line;
#[cfg(target_os = "linux")]
mod reap;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(target_os = "linux")]
mod session;
#[cfg(target_os = "linux")]
mod share;
#[cfg(target_os = "linux")]
mod space;
#[cfg(target_os = "linux")]
mod sys;
#[cfg(target_os = "linux")]
mod way_out;
#[cfg(target_os = "linux")]
mod witness;

#[cfg(target_os = "linux")]
fn main() {
    if std::process::id() != 1 {
        eprintln!("This program is the first process of Deskhand's sandbox and runs nowhere else.");
        std::process::exit(2);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // The kernel of a machine gives its first process no such words.
    match words.as_slice() {
        ["contained", room] => return told(serve::contained(room)),
        ["hold"] => return told(contained::hold()),
        _ => {}
    }
    if let Err(error) = serve::machine() {
        eprintln!("deskhand-vm-guest: {error}");
    }
    // Whatever happened, the machine ends: the service sees its process end and says why.
    boot::power_off();
}

/// Of a process sandbox, which ends with this process.
#[cfg(target_os = "linux")]
fn told<E: std::fmt::Display>(done: Result<(), E>) {
    if let Err(error) = done {
        eprintln!("deskhand-vm-guest: {error}");
        std::process::exit(1);
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("This program is the first process of a Linux virtual machine.");
    std::process::exit(2);
}
