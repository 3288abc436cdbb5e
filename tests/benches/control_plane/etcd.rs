//! etcd over gRPC.

use crate::protobuf;
use bytes::{Bytes, BytesMut};
use h2::client::SendRequest;
use h2::{RecvStream, SendStream};
use kt_tests::bench::{Server, free_port};
use std::path::Path;
use std::process::Command;
use tokio::net::TcpStream;

/// An etcd server.
pub(crate) struct Etcd {
    pub(crate) server: Server,
}

/// A persistent connection.
pub(crate) struct EtcdClient {
    send: SendRequest<Bytes>,
    authority: String,
}

/// A watch.
pub(crate) struct Watch {
    body: RecvStream,
    buffer: BytesMut,
    /// The watch ends when this side of the stream is closed.
    _open: SendStream<Bytes>,
}

impl Etcd {
    /// Starts a server, if etcd is installed.
    pub(crate) fn start(home: &Path) -> Option<Self> {
        Command::new("etcd").arg("--version").output().ok()?;
        let (port, peers) = (free_port(), free_port());
        let mut command = Command::new("etcd");
        let clients = format!("http://127.0.0.1:{port}");
        let peers = format!("http://127.0.0.1:{peers}");
        command.arg("--data-dir").arg(home.join("data"));
        command.args(["--log-level", "error", "--listen-client-urls", &clients]);
        command.args(["--advertise-client-urls", &clients]);
        command.args(["--listen-peer-urls", &peers]);
        command.args(["--initial-advertise-peer-urls", &peers]);
        command.args(["--initial-cluster", &format!("default={peers}")]);
        let server = Server::start(command, port, &home.join("log"));
        Some(Self { server })
    }

    pub(crate) async fn connect(&self) -> EtcdClient {
        let stream = TcpStream::connect(("127.0.0.1", self.server.port));
        let stream = stream.await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let (send, connection) = h2::client::handshake(stream)
            .await
            .expect("it speaks HTTP/2");
        tokio::spawn(async move { drop(connection.await) });
        EtcdClient {
            send,
            authority: format!("127.0.0.1:{}", self.server.port),
        }
    }
}

impl EtcdClient {
    /// Puts a value if the key has the revision. Returns the next revision.
    pub(crate) async fn put(&mut self, key: &str, revision: u64, value: &[u8]) -> u64 {
        let puts = [(key.as_bytes(), value)];
        self.compare_and_put(key, revision, &puts).await
    }

    /// Stores what kt stores for a version, if the key has the revision: the content under the number
    /// of the version, the desired version, and the audit row. Returns the next revision.
    pub(crate) async fn publish(&mut self, key: &str, revision: u64, content: &[u8]) -> u64 {
        let version = format!("versions/{key}/{revision}");
        let row = format!("audit/{key}/{revision}");
        let pointer = format!(r#"{{"desired":{revision},"rev":{revision}}}"#);
        let audit = format!(
            r#"{{"at":"2026-11-25T12:00:00Z","actor":"token:admin","action":"config.publish","target":"{key}","rev":{revision},"detail":{{"version":{revision},"origin":"reload"}}}}"#
        );
        let puts = [
            (version.as_bytes(), content),
            (key.as_bytes(), pointer.as_bytes()),
            (row.as_bytes(), audit.as_bytes()),
        ];
        self.compare_and_put(key, revision, &puts).await
    }

    async fn compare_and_put(&mut self, key: &str, revision: u64, puts: &[(&[u8], &[u8])]) -> u64 {
        let message = protobuf::compare_and_put(key.as_bytes(), revision, puts);
        let response = self.unary("KV/Txn", &message).await;
        let (succeeded, revision) = protobuf::outcome(&response).expect("a response");
        assert!(succeeded, "no other client writes this key");
        revision
    }

    /// Returns the revision of a key.
    pub(crate) async fn revision(&mut self, key: &str) -> u64 {
        let response = self
            .unary("KV/Range", &protobuf::range(key.as_bytes()))
            .await;
        protobuf::revision(&response).expect("a response")
    }

    async fn unary(&mut self, method: &str, message: &[u8]) -> Bytes {
        let (mut body, _) = self.call(method, message, true).await;
        let mut buffer = BytesMut::new();
        next(&mut body, &mut buffer).await.expect("a response")
    }

    /// Watches a key.
    pub(crate) async fn watch(&mut self, key: &str) -> Watch {
        let message = protobuf::watch(key.as_bytes());
        let (body, open) = self.call("Watch/Watch", &message, false).await;
        let mut watch = Watch {
            body,
            buffer: BytesMut::new(),
            _open: open,
        };
        // The first message confirms the watch.
        next(&mut watch.body, &mut watch.buffer)
            .await
            .expect("a response");
        watch
    }

    async fn call(
        &mut self,
        method: &str,
        message: &[u8],
        last: bool,
    ) -> (RecvStream, SendStream<Bytes>) {
        let uri = format!("http://{}/etcdserverpb.{method}", self.authority);
        let request = http::Request::post(uri)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .expect("a request");
        let mut send = self.send.clone().ready().await.expect("it is connected");
        let (response, mut stream) = send.send_request(request, false).expect("it is connected");
        // Not compressed, followed by the length.
        let mut frame = vec![0];
        frame.extend_from_slice(&u32::try_from(message.len()).expect("small").to_be_bytes());
        frame.extend_from_slice(message);
        stream
            .send_data(frame.into(), last)
            .expect("it is connected");
        let response = response.await.expect("a response");
        assert_eq!(response.status(), 200);
        (response.into_body(), stream)
    }
}

impl Watch {
    /// Waits for an event.
    pub(crate) async fn event(&mut self) {
        loop {
            let message = next(&mut self.body, &mut self.buffer).await;
            if protobuf::has_events(&message.expect("an open watch")) {
                return;
            }
        }
    }
}

/// Reads the next message of a stream.
async fn next(body: &mut RecvStream, buffer: &mut BytesMut) -> Option<Bytes> {
    loop {
        if let Some(head) = buffer.first_chunk::<5>() {
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            if buffer.len() >= 5 + length {
                let message = buffer.split_to(5 + length).freeze();
                return Some(message.slice(5..));
            }
        }
        let chunk = body.data().await?.expect("it is connected");
        body.flow_control()
            .release_capacity(chunk.len())
            .expect("it was taken");
        buffer.extend_from_slice(&chunk);
    }
}
