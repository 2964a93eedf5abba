//! Having others sign what was signed: C2SP tlog-witness, as its client.
use std::io::Read as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;

use super::Error;
use crate::config;
use crate::model::audit_chain::Hash;
use crate::model::checkpoint::SignedCheckpoint;
use crate::model::signed_note::{Kind, Signature, VerifierKey};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::{Store, audit_seals};
use crate::verify::http::tls;

/// How long a witness may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How often one is asked, and how soon after it failed.
const EVERY: Seconds = Seconds(5);
const AFTER_FAILURE: Seconds = Seconds(30);
/// What is read of an answer.
const LONGEST: u64 = 16 * 1_024;

/// Somebody else who signs what they saw.
pub struct Witness {
    url: String,
    key: VerifierKey,
}

/// What was heard of a witness.
#[derive(Clone, Debug)]
pub struct Heard {
    pub name: String,
    pub url: String,
    /// When it last signed, and how large the tree was.
    pub signed: Option<(UnixTime, u64)>,
    /// Why it did not, the last time.
    pub failure: Option<String>,
}

pub struct Witnesses {
    agent: Agent,
    all: Vec<(Witness, Mutex<Memory>)>,
}

#[derive(Default)]
struct Memory {
    origin: String,
    /// The size that it knows, as far as we know.
    size: u64,
    not_before: Option<UnixTime>,
    signed: Option<(UnixTime, u64)>,
    failure: Option<String>,
}

impl Witness {
    /// # Errors
    /// `Setting`: its key is none, or of another kind.
    pub fn new(configured: &config::Witness) -> Result<Self, Error> {
        let wrong = |why: String| Error::Setting(format!("COUNTERSIGN_WITNESSES: {why}"));
        let key = VerifierKey::parse(&configured.key).map_err(wrong)?;
        if key.kind != Kind::Timed {
            return Err(wrong(format!("{} is not the key of a witness", configured.key)));
        }
        Ok(Self { url: configured.url.clone(), key })
    }
}

impl Witnesses {
    pub fn new(all: Vec<Witness>) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls())
            .build();
        let all = all.into_iter().map(|witness| (witness, Mutex::default())).collect();
        Self { agent: config.new_agent(), all }
    }

    pub fn heard(&self) -> Vec<Heard> {
        let heard = self.all.iter().map(|(witness, memory)| {
            let memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            Heard {
                name: witness.key.name.clone(),
                url: witness.url.clone(),
                signed: memory.signed,
                failure: memory.failure.clone(),
            }
        });
        heard.collect()
    }

    /// Has those sign `signed` whose turn it is, all at the same time. Returns
    /// it with their signatures; `None` when nobody signed. Who fails is asked
    /// again later and told of in [`Witnesses::heard`].
    pub fn ask(
        &self,
        signed: &SignedCheckpoint,
        now: UnixTime,
        store: &Store,
    ) -> Result<Option<SignedCheckpoint>, Error> {
        let lines: Vec<Signature> = std::thread::scope(|scope| {
            let asked: Vec<_> = self
                .all
                .iter()
                .filter(|(_, memory)| {
                    let memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                    memory.not_before.is_none_or(|time| time <= now)
                })
                .map(|one| scope.spawn(|| self.ask_one(one, signed, now, store)))
                .collect();
            asked.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect()
        });
        if lines.is_empty() {
            return Ok(None);
        }
        let mut cosigned = signed.clone();
        cosigned.note.signatures.extend(lines);
        Ok(Some(cosigned))
    }

    fn ask_one(
        &self,
        (witness, memory): &(Witness, Mutex<Memory>),
        signed: &SignedCheckpoint,
        now: UnixTime,
        store: &Store,
    ) -> Option<Signature> {
        let tree = &signed.checkpoint;
        let mut known = {
            let memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            if memory.origin == tree.origin { memory.size } else { 0 }
        };
        let mut answer = self.submit(witness, signed, known, store);
        if let Answer::Knows(size) = answer
            && size <= tree.size
            && size != known
        {
            known = size;
            answer = self.submit(witness, signed, known, store);
        }
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.origin.clone_from(&tree.origin);
        match answer {
            Answer::Signed(line) => {
                memory.size = tree.size;
                memory.not_before = Some(now + EVERY);
                memory.signed = Some((now, tree.size));
                memory.failure = None;
                Some(line)
            }
            Answer::Knows(size) => {
                memory.size = size;
                let why = if size > tree.size {
                    format!("it knows a tree of {size} batches, larger than ours of {}", tree.size)
                } else {
                    format!("at {size} batches it knows another tree")
                };
                memory.fail(now, &witness.url, why);
                None
            }
            Answer::Failed(why) => {
                memory.fail(now, &witness.url, why);
                None
            }
        }
    }

    fn submit(
        &self,
        witness: &Witness,
        signed: &SignedCheckpoint,
        known: u64,
        store: &Store,
    ) -> Answer {
        let tree = &signed.checkpoint;
        let size = i64::try_from(tree.size).unwrap_or(i64::MAX);
        let proof = store.read_blocking(|conn| {
            audit_seals::tree(conn, size).consistency(known, tree.size).map_err(audit_seals::fault)
        });
        let proof = match proof {
            Ok(proof) => proof,
            Err(error) => return Answer::Failed(error.to_string()),
        };
        let body = request(known, &proof, signed);
        let sent = self.agent.post(format!("{}/add-checkpoint", witness.url)).send(body);
        let mut answer = match sent {
            Ok(answer) => answer,
            Err(error) => return Answer::Failed(error.to_string()),
        };
        let mut text = String::new();
        let mut reader = answer.body_mut().as_reader().take(LONGEST);
        if let Err(error) = reader.read_to_string(&mut text) {
            return Answer::Failed(error.to_string());
        }
        match answer.status().as_u16() {
            200 => cosignature(witness, signed, &text),
            409 => match text.trim_end().parse() {
                Ok(size) => Answer::Knows(size),
                Err(_) => Answer::Failed("it answers 409 without a size".to_owned()),
            },
            other => Answer::Failed(format!("it answers {other}")),
        }
    }
}

impl Memory {
    fn fail(&mut self, now: UnixTime, url: &str, why: String) {
        tracing::warn!(url, why, "witness.did_not_sign");
        self.not_before = Some(now + AFTER_FAILURE);
        self.failure = Some(why);
    }
}

enum Answer {
    Signed(Signature),
    /// It knows a tree of this size.
    Knows(u64),
    Failed(String),
}

/// What a witness is sent.
pub fn request(old: u64, proof: &[Hash], signed: &SignedCheckpoint) -> String {
    let proof: String = proof.iter().map(|hash| format!("{}\n", STANDARD.encode(hash))).collect();
    format!("old {old}\n{proof}\n{signed}")
}

/// The line of its answer that is really its signature.
fn cosignature(witness: &Witness, signed: &SignedCheckpoint, text: &str) -> Answer {
    for line in text.lines().filter_map(Signature::parse) {
        let mut note = signed.note.clone();
        note.signatures = vec![line.clone()];
        if matches!(witness.key.verify(&note), Ok(Some(_))) {
            return Answer::Signed(line);
        }
    }
    Answer::Failed("its answer has no signature of its key".to_owned())
}
