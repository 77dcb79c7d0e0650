//! The service as a process: how fast it is there, and what it holds when nobody asks anything.

use std::time::{Duration, Instant};

use deskhand_e2e::{Service, Setup};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_test_support::eventually;

use crate::figure::{Aim, Report, quantile};

const STARTS: usize = 15;
/// How long a figure has to stand still to count as idle.
const STILL: usize = 200;

/// From the start of the process to a front end whose hello is answered; and what is resident when it is gone again.
pub(crate) async fn start_and_idle(report: &mut Report) {
    // A gateway is configured and not there: nothing of the figure is the network's.
    let setup = Setup::with_gateway("http://127.0.0.1:9");
    setup.configure("inferenceModels", r#"["claude-standin"]"#);
    Service::start(&setup, 0).stop();
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let service = Service::start(&setup, 0);
        drop(service.join(FrontEndKind::Window).await);
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        service.stop();
    }
    report.add(
        "start to the first front end, hello answered (median)",
        quantile(&times, 0.5),
        "ms",
        Aim::Below(100.0),
    );
    let service = Service::start(&setup, 0);
    drop(service.join(FrontEndKind::Window).await);
    report.add(
        "idle memory of the service, resident",
        idle(service.id()).await,
        "MiB",
        Aim::Below(25.0),
    );
    report.add(
        "  of it its own; the rest is pages of the program's file",
        memory(service.id(), "RssAnon:"),
        "MiB",
        Aim::None,
    );
}

/// Resident memory once it stands still, in MiB.
pub(crate) async fn idle(process: u32) -> f64 {
    let (mut last, mut still) = (0.0, 0);
    eventually("memory that stands still", Duration::from_secs(30), async || {
        let now = resident(process);
        still = if (now - last).abs() < f64::EPSILON {
            still + 1
        } else {
            0
        };
        last = now;
        (still >= STILL).then_some(now)
    })
    .await
}

/// `VmRSS` of a process, in MiB.
pub(crate) fn resident(process: u32) -> f64 {
    memory(process, "VmRSS:")
}

/// The most that a process had resident since [`forget_highest`], in MiB.
pub(crate) fn highest(process: u32) -> f64 {
    memory(process, "VmHWM:")
}

/// Begins anew with [`highest`] (proc_pid_clear_refs(5)).
pub(crate) fn forget_highest(process: u32) {
    let written = std::fs::write(format!("/proc/{process}/clear_refs"), "5");
    written.expect("a process of this user");
}

/// A field of `/proc/PID/status` that counts memory, in MiB (proc_pid_status(5)).
fn memory(process: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
}
