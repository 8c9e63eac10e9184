//! Certificates as a user makes them, and TLS in front of a server that has none.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

/// A certificate as mediamtx.yml says how to make one.
pub fn certificate(folder: &Path) {
    let run = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    run(&["genrsa", "-out", "server.key", "2048"]);
    let self_signed = "req -new -x509 -sha256 -key server.key -out server.crt -days 3650 -subj /CN=mediamtx";
    run(&self_signed.split(' ').collect::<Vec<_>>());
}

/// Its SHA-256 fingerprint, as openssl writes it.
pub fn fingerprint(folder: &Path) -> String {
    let arguments = ["x509", "-in", "server.crt", "-noout", "-fingerprint", "-sha256"];
    let done = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl");
    let text = String::from_utf8(done.stdout).expect("text");
    text.trim().rsplit_once('=').expect("a fingerprint").1.to_owned()
}

/// The same as its bytes.
pub fn digest(folder: &Path) -> [u8; 32] {
    let shown = fingerprint(folder);
    let bytes: Vec<u8> = shown.split(':').map(|byte| u8::from_str_radix(byte, 16).expect("a byte")).collect();
    bytes.try_into().expect("32 bytes")
}

/// TLS with the certificate in this folder.
pub fn acceptor(folder: &Path) -> TlsAcceptor {
    let certificates = CertificateDer::pem_file_iter(folder.join("server.crt")).expect("a file");
    let certificates = certificates.collect::<Result<Vec<_>, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
    let config = config.with_no_client_auth().with_single_cert(certificates, key).expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}

/// The same in front of a plain server; returns host and port.
pub async fn encrypted(folder: &Path, plain: &Url) -> (String, AbortOnDropHandle<()>) {
    let acceptor = acceptor(folder);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    let behind = format!("127.0.0.1:{}", plain.port().expect("a port"));
    let serve = async move {
        while let Ok((guest, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                // A guest who does not like the certificate hangs up.
                let Ok(mut guest) = acceptor.accept(guest).await else { return };
                let mut server = TcpStream::connect(behind).await.expect("the server");
                let _ = tokio::io::copy_bidirectional(&mut guest, &mut server).await;
            });
        }
    };
    (address.to_string(), AbortOnDropHandle::new(tokio::spawn(serve)))
}
