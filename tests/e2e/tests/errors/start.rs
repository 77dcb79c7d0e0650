//! The service does not start, or loses its disk: it says why, and keeps what is there.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Add as _;

use deskhand_e2e::{CallError, Service, Setup, Talk};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{ErrorCode, UserError};

#[test]
fn the_port_is_taken_and_the_holder_is_named() {
    let setup = Setup::empty();
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = holder.local_addr().expect("an address").port();
    let refused = setup.run(&["serve", "--port", &port.to_string()]);
    assert_eq!(refused.code(), Some(1));
    assert!(
        refused.err.contains(ErrorCode::PortTaken.as_str()),
        "{}",
        refused.err
    );
    let holder = std::process::id().to_string();
    assert!(
        refused.err.contains(&holder),
        "{} does not name {holder}",
        refused.err
    );
}

#[test]
fn a_second_service_says_where_the_first_is() {
    let setup = Setup::empty();
    let first = Service::start(&setup, 0);
    let second = setup.run(&["serve", "--port", "0"]);
    assert_eq!(second.code(), Some(1));
    for part in [first.address(), &first.id().to_string()] {
        assert!(second.err.contains(part), "{} does not say {part}", second.err);
    }
}

/// A home whose service has run once.
fn used() -> Setup {
    let setup = Setup::empty();
    Service::start(&setup, 0).stop();
    setup
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let setup = used();
    let database = rusqlite::Connection::open(setup.database()).expect("the database");
    database
        .pragma_update(None, "user_version", 9999)
        .expect("another version");
    drop(database);
    let before = std::fs::read(setup.database()).expect("the database");
    let refused = setup.run(&["serve", "--port", "0"]);
    assert_eq!(refused.code(), Some(1));
    assert!(
        refused.err.contains(ErrorCode::DatabaseNewer.as_str()),
        "{}",
        refused.err
    );
    assert!(before == std::fs::read(setup.database()).expect("the database"));
}

#[test]
fn a_damaged_database_is_told_by_every_command_and_left_alone() {
    let setup = used();
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .open(setup.database())
        .expect("the database");
    file.seek(SeekFrom::Start(0)).expect("its beginning");
    file.write_all(&[0xA5; 3000]).expect("damage");
    drop(file);
    let before = std::fs::read(setup.database()).expect("the database");
    for arguments in [["serve", "--port=0"], ["session", "list"]] {
        let refused = setup.run(&arguments);
        assert_eq!(refused.code(), Some(1));
        assert!(
            refused.err.contains(ErrorCode::DatabaseCorrupt.as_str()),
            "{}",
            refused.err
        );
        assert_eq!(refused.err.matches('[').count(), 1, "one code: {}", refused.err);
    }
    assert!(before == std::fs::read(setup.database()).expect("the database"));
}

#[test]
fn a_key_that_is_another_one_is_told_by_every_command_and_nothing_is_written_over() {
    let setup = used();
    let secrets = setup.database().with_file_name("secrets.json");
    let kept = std::fs::read_to_string(&secrets).expect("the secrets");
    let mut other: serde_json::Value = serde_json::from_str(&kept).expect("their names and values");
    other["master-key"] = "A".repeat(43).add("=").into();
    std::fs::write(&secrets, other.to_string()).expect("another key");
    let before = std::fs::read(setup.database()).expect("the database");
    for arguments in [["serve", "--port=0"], ["session", "list"]] {
        let refused = setup.run(&arguments);
        assert_eq!(refused.code(), Some(1));
        let code = ErrorCode::DatabaseWrongKey.as_str();
        assert!(refused.err.contains(code), "{}", refused.err);
    }
    assert!(before == std::fs::read(setup.database()).expect("the database"));
    std::fs::write(&secrets, kept).expect("the key");
    Service::start(&setup, 0).stop();
}

/// The data folder on a file system of two megabytes, in a mount namespace of the service's own.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_what_was_acknowledged_stays() {
    let setup = used();
    let script = "mount -t tmpfs -o size=2m,mode=700 tmpfs \"$DESKHAND_HOME/data\" && exec \"$@\"";
    let service = Service::under(&setup, "unshare", &["-rm", "sh", "-c", script, "sh"]);
    let mut talk = Talk::begin(&service).await;
    let words = "word ".repeat(20_000);
    let mut kept = 0;
    let refused = loop {
        let prompt = talk.prompt(&words);
        match talk.window.prompt(prompt).await {
            Ok(_) => kept += 1,
            Err(CallError::Refused(error)) => break *error,
            Err(CallError::Cut) => panic!("the service is gone: {}", service.errors()),
        }
        assert!(kept < 100, "two megabytes hold no {kept} prompts");
    };
    assert_eq!(
        refused.code,
        ErrorCode::DiskFull,
        "{refused} {:?}",
        refused.detail
    );
    let told = UserError::new(ErrorCode::DiskFull);
    assert_eq!(
        (refused.happened, refused.kept, refused.action),
        (told.happened, told.kept, told.action)
    );
    let mut other = service.join(FrontEndKind::Terminal).await;
    let prompts = other.export(&talk.session).await;
    let prompts = prompts
        .iter()
        .filter(|event| matches!(event.body, deskhand_protocol::EventBody::PromptAccepted { .. }));
    assert_eq!(prompts.count(), kept, "every acknowledged prompt is there");
}
