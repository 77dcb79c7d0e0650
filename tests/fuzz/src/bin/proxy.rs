//! Any bytes of a guest and of a host through the whole proxy: one record, and nothing goes to a host that was not asked for.
//!
//! An input is what the guest says and, behind the byte 1E, what the host says.
#![no_main]

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use deskhand_vm_proxy::{
    Audit, BoxStream, Carried, ClientHello, Door, DoorRefusal, HelloReading, Host, Limits, Proxy, Record, ServerName,
};
use futures_util::future::BoxFuture;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

/// More than an input and its answers have: nobody waits for room.
const PIPE: usize = 1 << 18;

#[derive(Default)]
struct World {
    far: Mutex<Vec<DuplexStream>>,
    asked: Mutex<Vec<(String, u16)>>,
    records: Mutex<Vec<Record>>,
    said: Vec<u8>,
}

struct Port(Arc<World>);

impl Door for Port {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, Result<BoxStream, DoorRefusal>> {
        Box::pin(async move {
            let (near, mut far) = duplex(PIPE);
            far.write_all(&self.0.said).await.expect("room");
            far.shutdown().await.expect("a pipe");
            self.0.far.lock().expect("a lock").push(far);
            self.0.asked.lock().expect("a lock").push((host.to_owned(), port));
            Ok(Box::new(near) as BoxStream)
        })
    }
}

impl Audit for Port {
    fn record(&self, record: Record) {
        self.0.records.lock().expect("a lock").push(record);
    }
}

fuzz_target!(|data: &[u8]| {
    let (guest, host) = match data.iter().position(|byte| *byte == 0x1e) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &b""[..]),
    };
    let world = Arc::new(World { said: host.to_vec(), ..World::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let clock = Arc::new(|| SystemTime::UNIX_EPOCH);
    let proxy = Proxy::new(Arc::new(Port(world.clone())), Arc::new(Port(world.clone())), clock, Limits::default());
    let received = runtime.block_on(async {
        let (mut client, stream) = duplex(PIPE);
        client.write_all(guest).await.expect("room");
        client.shutdown().await.expect("a pipe");
        proxy.serve(stream).await;
        let far = world.far.lock().expect("a lock").pop();
        let mut received = Vec::new();
        if let Some(mut far) = far {
            far.read_to_end(&mut received).await.expect("a pipe");
        }
        received
    });
    let records = world.records.lock().expect("a lock");
    let asked = world.asked.lock().expect("a lock");
    let [record] = &records[..] else {
        panic!("{} records", records.len());
    };
    assert_eq!(record.sent, received.len() as u64);
    let Some((host, port)) = asked.first() else {
        assert!(received.is_empty());
        return;
    };
    assert_eq!(asked.len(), 1, "one stream, one connection");
    assert_eq!(Host::parse(host).map(|again| again.to_string()).as_ref(), Ok(host));
    if received.is_empty() {
        return;
    }
    match record.carried {
        Carried::Nothing => panic!("something was carried"),
        Carried::Raw => assert!(![80, 443].contains(port)),
        Carried::Http => {
            let text = String::from_utf8_lossy(&received).into_owned();
            let named = if *port == 80 { host.clone() } else { format!("{host}:{port}") };
            assert_eq!(text.lines().nth(1), Some(format!("Host: {named}").as_str()));
            let hosts = text.split("\r\n\r\n").next().unwrap_or("").to_ascii_lowercase().matches("\r\nhost:").count();
            assert_eq!(hosts, 1);
        }
        Carried::Tls => match ClientHello::read(&received, &Limits::default()) {
            Ok(HelloReading::Whole(hello, _)) => {
                assert!(!hello.encrypted);
                match hello.server_name {
                    ServerName::Name(name) => assert_eq!(name.to_ascii_lowercase().trim_end_matches('.'), host),
                    ServerName::Absent => assert!(matches!(Host::parse(host), Ok(Host::Address(_)))),
                }
            }
            other => panic!("no hello came first: {other:?}"),
        },
    }
});
