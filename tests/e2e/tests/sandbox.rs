//! `deskhand sandbox …`, as a person and a fleet script use it, with real machines.
#![cfg(unix)]

use std::fs;
use std::path::Path;

#[cfg(target_os = "linux")]
use deskhand_e2e::Setup;
use deskhand_e2e::{Finished, command, finish};
use deskhand_test_support::{sandbox_agent, sandbox_images};
use pretty_assertions::assert_eq;
use serde_json::Value;
#[cfg(target_os = "linux")]
use serde_json::json;

fn sandbox(home: &Path, images: &Path, arguments: &[&str], input: &str) -> Finished {
    let mut line = vec!["sandbox"];
    line.extend(arguments);
    let mut command = command(home, &line);
    // The agent is there in any case: whether it is taken is for policy.
    command
        .env("DESKHAND_SANDBOX_IMAGES", images)
        .env("DESKHAND_SANDBOX_AGENT", sandbox_agent());
    finish(command, input)
}

#[test]
fn a_person_runs_a_command_over_a_folder_and_gets_its_output_and_its_exit_code() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("reports");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("revenue.csv"), "region,revenue\nNorth,5\nSouth,2\n").unwrap();
    let named = folder.to_string_lossy().into_owned();

    let script =
        "import csv; print(sum(int(r['revenue']) for r in csv.DictReader(open('/mnt/reports/revenue.csv'))))";
    let ran = sandbox(
        home.path(),
        &sandbox_images(),
        &["run", "--folder", &named, "--", "python3", "-c", script],
        "",
    );
    assert_eq!(ran.out, "7\n", "{}", ran.err);
    assert!(
        ran.err.contains("is /mnt/reports there, for reading"),
        "{}",
        ran.err
    );

    let script = "cat; echo bad >&2; rm /mnt/reports/revenue.csv; exit 3";
    let ran = sandbox(
        home.path(),
        &sandbox_images(),
        &["run", "--folder", &named, "--", "sh", "-c", script],
        "typed\n",
    );
    assert_eq!((ran.code(), ran.out.as_str()), (Some(3), "typed\n"));
    assert!(
        ran.err.contains("bad\n") && ran.err.contains("Read-only file system"),
        "{}",
        ran.err
    );
    assert!(folder.join("revenue.csv").is_file());

    let ran = sandbox(
        home.path(),
        &sandbox_images(),
        &["run", "--time", "1", "--", "sleep", "600"],
        "",
    );
    assert_eq!(ran.code(), Some(124));
    assert!(ran.err.contains("its time was up"), "{}", ran.err);
}

#[test]
fn the_doctor_starts_machines_and_status_and_reset_tell_what_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let looked = sandbox(home.path(), &sandbox_images(), &["doctor", "--json"], "");
    let steps: Vec<Value> = serde_json::from_str(&looked.out).unwrap();
    assert!(steps.iter().all(|step| step["good"] == true), "{}", looked.out);
    assert_eq!(steps.len(), 7);
    assert!(
        steps[5]["finding"]
            .as_str()
            .unwrap()
            .contains("from its kept state"),
        "{}",
        looked.out
    );

    let kept = |home: &Path| {
        let status = sandbox(home, &sandbox_images(), &["status", "--json"], "");
        let status: Value = serde_json::from_str(&status.out).unwrap();
        assert!(
            ["vm", "emulation"].contains(&status["tier"].as_str().unwrap()),
            "{status}"
        );
        status["states"]["bytes"].as_u64().unwrap()
    };
    assert!(kept(home.path()) > 1_000_000);
    assert_eq!(
        sandbox(home.path(), &sandbox_images(), &["reset"], "").code(),
        Some(0)
    );
    assert_eq!(kept(home.path()), 0);
}

#[test]
fn without_an_image_it_says_which_step_failed_and_what_helps() {
    let home = tempfile::tempdir().unwrap();
    let nowhere = home.path().join("nowhere");
    let ran = sandbox(home.path(), &nowhere, &["run", "--", "true"], "");
    assert_eq!(ran.code(), Some(127));
    let told = "Workspace unavailable: the image failed: there is no image on this computer.\nWhat helps: ";
    assert!(ran.err.starts_with(told), "{}", ran.err);

    let status = sandbox(home.path(), &nowhere, &["status", "--json"], "");
    let told: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(
        (&told["tier"], &told["failed"]["step"]),
        (&"none".into(), &"the image".into())
    );
    assert_eq!(status.code(), Some(1));

    let looked = sandbox(home.path(), &nowhere, &["doctor"], "");
    assert!(looked.out.contains("BAD   the image"), "{}", looked.out);
}

#[test]
fn where_deskhand_is_switched_off_nothing_runs() {
    let home = tempfile::tempdir().unwrap();
    let set = command(home.path(), &["config", "set", "deskhandEnabled", "false"]);
    assert_eq!(finish(set, "").code(), Some(0));
    let ran = sandbox(home.path(), &sandbox_images(), &["run", "--", "true"], "");
    assert_ne!(ran.code(), Some(0));
    assert!(ran.err.contains("deskhandEnabled"), "{}", ran.err);
}

/// The same under an administrator's file, on a computer that has no image; a computer of its own as far as `/etc` goes.
#[cfg(target_os = "linux")]
fn managed(settings: &Value, arguments: &[&str]) -> Finished {
    let setup = Setup::empty();
    setup.manage(settings);
    let nowhere = setup.path().join("nowhere");
    let mut command = setup.under_management(&["sandbox"]);
    command
        .args(arguments)
        .env("DESKHAND_SANDBOX_IMAGES", nowhere)
        .env("DESKHAND_SANDBOX_AGENT", sandbox_agent());
    finish(command, "")
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_sandbox_stands_in_where_an_administrator_allows_it_and_nowhere_else() {
    let status = |settings: &Value| -> Value {
        let told = managed(settings, &["status", "--json"]);
        serde_json::from_str(&told.out).unwrap_or_else(|error| panic!("{error}: {}{}", told.out, told.err))
    };
    let allowed = json!({ "deskhandAllowProcessSandbox": true });
    assert_eq!(status(&allowed)["tier"], "processes");
    let ran = managed(&allowed, &["run", "--", "sh", "-c", "echo ran; uname -n; exit 7"]);
    assert_eq!(
        (ran.code(), ran.out.as_str()),
        (Some(7), "ran\nsandbox\n"),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("process sandbox")
            && ran.err.contains("There is no virtual machine: the image failed"),
        "{}",
        ran.err
    );
    let looked = managed(&allowed, &["doctor"]);
    assert_eq!(looked.code(), Some(0), "{}{}", looked.out, looked.err);
    assert!(looked.out.contains("BAD   the image"), "{}", looked.out);
    assert!(looked.out.contains("ok    the process sandbox"), "{}", looked.out);

    for settings in [
        json!({ "deskhandEnabled": true }),
        json!({ "deskhandAllowProcessSandbox": false }),
        json!({ "deskhandAllowProcessSandbox": "where needed" }),
    ] {
        assert_eq!(status(&settings)["tier"], "none", "{settings}");
        let ran = managed(&settings, &["run", "--", "echo", "ran"]);
        assert_eq!((ran.code(), ran.out.as_str()), (Some(127), ""), "{settings}");
        let looked = managed(&settings, &["doctor"]);
        assert_eq!(looked.code(), Some(1), "{settings}: {}", looked.out);
    }
}

#[test]
fn a_person_allows_no_process_sandbox() {
    let home = tempfile::tempdir().unwrap();
    let set = command(
        home.path(),
        &["config", "set", "deskhandAllowProcessSandbox", "true"],
    );
    // It may stand there, as in a profile that is being written; it is no administrator's.
    assert_eq!(finish(set, "").code(), Some(0));
    let nowhere = home.path().join("nowhere");
    let ran = sandbox(home.path(), &nowhere, &["run", "--", "echo", "ran"], "");
    assert_eq!((ran.code(), ran.out.as_str()), (Some(127), ""));
    let status = sandbox(home.path(), &nowhere, &["status", "--json"], "");
    let told: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(told["tier"], "none");
}
