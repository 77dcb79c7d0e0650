//! Folders of the host in a machine: what a command does there is there, what it must not do is refused, and all of it
//! can be undone.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_vm_files::{Access, Event, Events, Share, UndoLog, serve};
use deskhand_vm_host::{End, Session};
use pretty_assertions::assert_eq;

use crate::support::{command, run_command, session, shell, spec, workshop};

#[derive(Debug, Default)]
struct Heard(Mutex<Vec<Event>>);

impl Events for Heard {
    fn done(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

/// Shares a folder as `/mnt/data`; answers what was heard of it, and what serves it until the session ends.
async fn share(
    session: &Session,
    folder: &Path,
    access: Access,
    journal: &Path,
) -> (Arc<Heard>, tokio::task::JoinHandle<()>) {
    let stream = session
        .mount("data", access == Access::ReadWrite)
        .await
        .expect("the line is open");
    let share = Share::open(folder, access, spec().user, spec().user).expect("a folder");
    let log = Arc::new(UndoLog::open(journal).expect("a journal"));
    let heard = Arc::new(Heard::default());
    let told = Arc::clone(&heard);
    let serving = tokio::spawn(async move {
        // It ends with the line.
        serve(stream, share, log, told).await.ok();
    });
    // Mounted in the guest's own time.
    for _ in 0..200 {
        if shell(
            session,
            "mountpoint -q /mnt/data || grep -q ' /mnt/data fuse' /proc/self/mounts",
        )
        .await
        .ended
        .end == (End::Exited { code: 0 })
        {
            return (heard, serving);
        }
    }
    panic!("the folder is not there");
}

/// How the folder is mounted, as the kernel tells it.
async fn options(session: &Session) -> String {
    let mounts = shell(session, "cat /proc/self/mounts").await.ok();
    let line = mounts
        .lines()
        .find_map(|line| line.split_once(" /mnt/data fuse "));
    let (_, rest) = line.expect("it is mounted");
    rest.split(' ').next().unwrap_or_default().to_owned()
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().expect("a type").is_dir() {
            let below = files(&entry.path());
            found.push((format!("{name}/"), String::new()));
            found.extend(
                below
                    .into_iter()
                    .map(|(path, text)| (format!("{name}/{path}"), text)),
            );
        } else {
            found.push((name, fs::read_to_string(entry.path()).expect("text")));
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_rm_rf_in_a_shared_folder_is_undone_byte_for_byte() {
    let home = tempfile::tempdir().unwrap();
    let (folder, journal) = (home.path().join("data"), home.path().join("journal"));
    fs::create_dir_all(folder.join("deep/er")).unwrap();
    fs::write(folder.join("numbers.csv"), "1,2,3\n").unwrap();
    fs::write(folder.join("deep/er/note.txt"), "keep me\n").unwrap();
    let before = files(&folder);
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let (heard, serving) = share(&session, &folder, Access::ReadWrite, &journal).await;

    assert_eq!(shell(&session, "cat /mnt/data/numbers.csv").await.ok(), "1,2,3\n");
    shell(
        &session,
        "cd /mnt/data && echo 4,5,6 >> numbers.csv && mkdir new && echo made > new/file && sync",
    )
    .await
    .ok();
    assert_eq!(
        fs::read_to_string(folder.join("numbers.csv")).unwrap(),
        "1,2,3\n4,5,6\n"
    );
    assert_eq!(fs::read_to_string(folder.join("new/file")).unwrap(), "made\n");

    shell(&session, "rm -rf /mnt/data/* && ls -A /mnt/data")
        .await
        .ok();
    assert_eq!(files(&folder), []);
    let removed = |event: &&Event| matches!(event, Event::Removed { .. });
    assert!(heard.0.lock().unwrap().iter().filter(removed).count() >= 3);
    drop(session);
    // The journal is locked until then.
    serving.await.unwrap();

    let root = cap_std::fs::Dir::open_ambient_dir(&folder, cap_std::ambient_authority()).unwrap();
    UndoLog::open(&journal).unwrap().undo(&root).unwrap();
    assert_eq!(files(&folder), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn real_programs_work_in_a_shared_folder_and_the_host_sees_the_same() {
    let home = tempfile::tempdir().unwrap();
    let (folder, journal) = (home.path().join("data"), home.path().join("journal"));
    fs::create_dir_all(&folder).unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    share(&session, &folder, Access::ReadWrite, &journal).await;
    let script = "cd /mnt/data && git init -q . && git config user.email a@b.example && git config user.name A && \
                  echo one > file && git add file && git commit -qm first && echo two >> file && git status --short && \
                  python3 -c 'import sqlite3; d = sqlite3.connect(\"d.db\"); d.execute(\"create table t (a)\"); \
                  d.execute(\"insert into t values (7)\"); d.commit(); print(d.execute(\"select a from t\").fetchone()[0])'";
    assert_eq!(shell(&session, script).await.ok(), " M file\n7\n");
    let told = std::process::Command::new("git")
        .args(["-c", "safe.directory=*", "log", "--format=%s"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&told.stdout), "first\n");
    // What the person writes meanwhile is seen by the next command.
    fs::write(folder.join("file"), "three\n").unwrap();
    assert_eq!(shell(&session, "cat /mnt/data/file").await.ok(), "three\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_start_in_a_shared_folder_while_others_end() {
    let home = tempfile::tempdir().unwrap();
    let (folder, journal) = (home.path().join("data"), home.path().join("journal"));
    fs::create_dir_all(folder.join("deep")).unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    share(&session, &folder, Access::ReadWrite, &journal).await;
    // Starting there needs answers of the host; what ends meanwhile must not keep the agent from passing them on.
    let others = async {
        for _ in 0..40 {
            shell(&session, "for i in 1 2 3; do true & done; wait").await.ok();
        }
    };
    let there = async {
        for number in 0..40 {
            fs::write(folder.join("deep/number"), number.to_string()).unwrap();
            let mut placed = command(&["cat", "number"]);
            placed.folder = Some("/mnt/data/deep".to_owned());
            assert_eq!(run_command(&session, placed).await.ok(), number.to_string());
        }
    };
    tokio::join!(others, there);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_command_does_leads_out_of_a_shared_folder() {
    let home = tempfile::tempdir().unwrap();
    let (folder, journal) = (home.path().join("data"), home.path().join("journal"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(home.path().join("canary"), "outside\n").unwrap();
    fs::write(folder.join("inside"), "inside\n").unwrap();
    std::os::unix::fs::symlink("../canary", folder.join("out")).unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    share(&session, &folder, Access::ReadWrite, &journal).await;
    let refused = [
        "cat /mnt/data/out",
        "cat /mnt/data/../canary",
        "echo x > /mnt/data/out",
        "ln -s /etc/passwd /mnt/data/absolute",
        "ln -s ../canary /mnt/data/climbing",
        "ln /mnt/data/inside /mnt/data/hard",
        "mknod /mnt/data/pipe p",
        "mknod /mnt/data/disk b 8 0",
        "chmod u+s /mnt/data/inside && test -u /mnt/data/inside",
        "chown 0:0 /mnt/data/inside",
        "mount --bind / /mnt/data",
    ];
    for script in refused {
        let ran = shell(&session, script).await;
        assert_ne!(ran.ended.end, End::Exited { code: 0 }, "{script}: {}", ran.out);
        assert_eq!(
            fs::read_to_string(home.path().join("canary")).unwrap(),
            "outside\n",
            "{script}"
        );
    }
    assert_eq!(
        files(&folder).iter().filter(|(name, _)| name != "out").count(),
        1,
        "{:?}",
        files(&folder)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_shared_for_reading_takes_no_change() {
    let home = tempfile::tempdir().unwrap();
    let (folder, journal) = (home.path().join("data"), home.path().join("journal"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("file"), "kept\n").unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    share(&session, &folder, Access::ReadOnly, &journal).await;
    // The service refuses by itself; the kernel does not even ask, lends no rights and knows no devices there.
    assert_eq!(
        options(&session).await,
        "ro,nosuid,nodev,relatime,user_id=20001,group_id=20001,default_permissions,allow_other,max_read=1048576"
    );
    for script in [
        "echo x > /mnt/data/file",
        "rm /mnt/data/file",
        "touch /mnt/data/new",
        "mkdir /mnt/data/new",
    ] {
        let ran = shell(&session, script).await;
        assert_ne!(ran.ended.end, End::Exited { code: 0 }, "{script}");
        assert!(ran.err.contains("Read-only file system"), "{script}: {}", ran.err);
    }
    assert_eq!(files(&folder), [("file".to_owned(), "kept\n".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_mounted_under_mnt_and_nowhere_else() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let before = shell(&session, "cut -d' ' -f2 /proc/self/mounts").await.ok();
    for name in ["", ".", "..", "../tmp", "a/b", "/tmp", "nul\0"] {
        let mut stream = session.mount(name, true).await.expect("the line is open");
        // The guest lets go of it at once, and asks nothing.
        let asked = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 1]).await;
        assert!(matches!(asked, Ok(0) | Err(_)), "{name:?}: {asked:?}");
        assert_eq!(
            shell(&session, "cut -d' ' -f2 /proc/self/mounts").await.ok(),
            before,
            "{name:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_folder_or_program_does_not_answer_is_out_of_time_and_others_go_on() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    // Mounted, and never answered.
    let _silent = session.mount("data", true).await.expect("the line is open");
    let mounted = "grep -q ' /mnt/data fuse' /proc/self/mounts";
    for _ in 0..200 {
        if shell(&session, mounted).await.ended.end == (End::Exited { code: 0 }) {
            break;
        }
    }
    let mut inside = command(&["true"]);
    inside.folder = Some("/mnt/data".to_owned());
    for mut waits in [command(&["/mnt/data/program"]), inside] {
        waits.limits.time = 1_000;
        assert_eq!(run_command(&session, waits).await.ended.end, End::TimeUp);
        assert_eq!(shell(&session, "echo on").await.ok(), "on\n");
    }
}
