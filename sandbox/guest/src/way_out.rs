//! The way out: a listener on the guest's loopback whose connections go to the service, byte for byte. The service is the
//! proxy, and judges.

use std::sync::Arc;

use deskhand_vm_protocol::{Mux, Opening, WireError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Where programs find the proxy.
pub(crate) const ADDRESS: &str = "127.0.0.1:3128";

/// Connections at once; more wait to be accepted.
const CONNECTIONS: usize = 96;

/// Takes connections for as long as the machine runs.
pub(crate) async fn serve(listener: TcpListener, mux: Arc<Mux>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let Ok((connection, _)) = listener.accept().await else {
            continue;
        };
        let mux = Arc::clone(&mux);
        tokio::spawn(async move {
            // A connection that breaks is between the program and the service.
            carry(connection, &mux).await.ok();
            drop(place);
        });
    }
}

async fn carry(mut connection: TcpStream, mux: &Mux) -> Result<(), WireError> {
    let mut stream = mux.open().await?;
    Opening::Egress.write(&mut stream).await?;
    tokio::io::copy_bidirectional_with_sizes(&mut connection, &mut stream, 64 * 1024, 64 * 1024).await?;
    Ok(())
}
