//! Messages on standard input and output, one a line.

use std::io;
use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{Stdin, Stdout};
use tokio::sync::Notify;

/// No question is longer; a line that is gets no answer.
const MOST: usize = 1024 * 1024;

/// The SDK's own transport, but that it ends when nobody reads what it sends: whoever can't be answered need not be heard.
pub(super) struct Stdio {
    lines: AsyncRwTransport<RoleServer, Stdin, Stdout>,
    nobody_reads: Arc<Notify>,
}

impl Stdio {
    pub(super) fn new() -> Stdio {
        let lines = AsyncRwTransport::new_server(tokio::io::stdin(), tokio::io::stdout()).with_max_line_length(MOST);
        Stdio { lines, nobody_reads: Arc::default() }
    }
}

impl Transport<RoleServer> for Stdio {
    type Error = io::Error;

    fn send(&mut self, message: TxJsonRpcMessage<RoleServer>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let sending = self.lines.send(message);
        let nobody_reads = Arc::clone(&self.nobody_reads);
        async move {
            let sent = sending.await;
            if sent.is_err() {
                nobody_reads.notify_one();
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        tokio::select! {
            message = self.lines.receive() => message,
            () = self.nobody_reads.notified() => None,
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.lines.close().await
    }
}
