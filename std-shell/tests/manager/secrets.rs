//! No byte of a secret key reaches logs, metrics, events or what is printed.

use crate::common::{Home, ME, Moot, key};
use folkmoot::{InvitationTerms, Metrics};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// How four bytes of a secret look when they are printed: in hexadecimal, as a list, as they are.
fn traces(seed: &[u8; 32]) -> Vec<Vec<u8>> {
    let hex: String = seed[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    let list: Vec<String> = seed[..6].iter().map(ToString::to_string).collect();
    vec![hex.clone().into_bytes(), hex.to_uppercase().into_bytes(), list.join(", ").into_bytes(), seed[..6].to_vec()]
}

#[tokio::test]
async fn no_byte_of_a_secret_reaches_logs_metrics_events_or_what_is_printed() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).with_ansi(false);
    // For all threads: the manager has its own.
    tracing::subscriber::set_global_default(subscriber.finish()).expect("the only one in this process");
    let mut registry = Registry::default();
    let mut home = Home::alone();
    home.setup.metrics = Metrics::register(&mut registry);
    let mut moot = Moot::at(home).await;
    let mut events = moot.alice.events();
    moot.alice.keep_signing_key(moot.root, key("bob")).await.expect("there is room");
    let terms = InvitationTerms::once(folkmoot::core::Role::Member);
    let link = moot.alice.create_group_invitation(ME, moot.root, terms).await.expect("alice invites");
    moot.alice.set_group_alias(ME, moot.root, "Pantry".to_owned()).await.expect("alice names it");
    moot.alice.heartbeat().await.expect("it beats");
    moot.restart().await;
    let mut said = log.0.lock().expect("nobody panics with it").clone();
    assert!(String::from_utf8_lossy(&said).contains("the engine is back"), "there is a log");
    let mut text = String::new();
    encode(&mut text, &registry).expect("text");
    said.extend(text.bytes());
    said.extend(format!("{:?} {link:?} {:?}", moot.alice, key("alice")).bytes());
    while let Some(notice) = events.next().await {
        said.extend(format!("{notice:?}").bytes());
    }
    let bearer = link.to_string();
    let secrets = [key("alice"), key("bob")];
    for trace in secrets.iter().flat_map(|key| traces(key.expose_seed())) {
        assert!(!said.windows(trace.len()).any(|found| found == trace), "{}", String::from_utf8_lossy(&said));
    }
    let secret_part = &bearer.as_bytes()[bearer.len() - 24..];
    assert!(!said.windows(secret_part.len()).any(|found| found == secret_part), "a link is as good as a key");
}
