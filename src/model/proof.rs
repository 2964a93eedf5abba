//! A proof that one row is in the log, for somebody who has the public key and
//! nothing else: a file of lines.
//!
//! Above, what leads from the row to its batch; below, from the batch to a
//! checkpoint, as C2SP tlog-proof has it.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::audit_chain::{Batch, Hash, leaf};
use super::audit_tree::entry_leaf;
use super::checkpoint::SignedCheckpoint;
use super::signed_note::VerifierKey;
use super::tree_proof::includes;

const HEAD: &str = "countersign/row-proof@v1";
const TLOG: &str = "c2sp.org/tlog-proof@v1";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The row as it was hashed: JSON, in one line.
    pub body: String,
    pub salt: [u8; 16],
    /// Which row of the batch, from 0.
    pub row: u64,
    pub row_path: Vec<Hash>,
    /// The batch's record, the entry of the tree.
    pub record: Vec<u8>,
    /// Which entry of the tree, from 0.
    pub entry: u64,
    pub entry_path: Vec<Hash>,
    pub checkpoint: SignedCheckpoint,
}

/// What a proof proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    pub batch: Batch,
    pub position: i64,
    /// When the log signed, seconds since 1970.
    pub signed_at: Option<u64>,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("the batch's record cannot be read")]
    Record,
    #[error("the row does not belong to the batch")]
    Row,
    #[error("the batch does not belong to the tree of the checkpoint")]
    Entry,
    #[error("the checkpoint has a signature that its key did not make")]
    Forged,
    #[error("none of the keys given signed the checkpoint")]
    Unsigned,
}

impl Proof {
    /// # Errors
    /// What does not hold.
    pub fn check(&self, keys: &[VerifierKey]) -> Result<Proved, Why> {
        let batch = Batch::from_record(&self.record).ok_or(Why::Record)?;
        let rows = u64::try_from(batch.events).map_err(|_| Why::Record)?;
        let row = leaf(&self.salt, &self.body);
        if !includes(&self.row_path, self.row, &row, (rows, &batch.root)) {
            return Err(Why::Row);
        }
        let tree = &self.checkpoint.checkpoint;
        let entry = entry_leaf(&self.record);
        if !includes(&self.entry_path, self.entry, &entry, (tree.size, &tree.root)) {
            return Err(Why::Entry);
        }
        let signer = self.checkpoint.signer(keys).map_err(|_| Why::Forged)?;
        let (_, signed_at) = signer.ok_or(Why::Unsigned)?;
        let row = i64::try_from(self.row).map_err(|_| Why::Record)?;
        let position = batch.first_position.saturating_add(row);
        Ok(Proved { batch, position, signed_at })
    }

    /// # Errors
    /// The sentence that says what is wrong with the file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "this is no proof of a row of an audit log".to_owned();
        let mut lines = text.split('\n');
        let mut next = || lines.next().ok_or_else(wrong);
        if next()? != HEAD {
            return Err(wrong());
        }
        let body = next()?.strip_prefix("body ").ok_or_else(wrong)?.to_owned();
        let salt = next()?.strip_prefix("salt ").and_then(bytes).ok_or_else(wrong)?;
        let record = next()?.strip_prefix("batch ").and_then(|text| STANDARD.decode(text).ok());
        let row = number(next()?, "row ").ok_or_else(wrong)?;
        let row_path = hashes(&mut lines).ok_or_else(wrong)?;
        let mut next = || lines.next().ok_or_else(wrong);
        if next()? != TLOG {
            return Err(wrong());
        }
        let entry = number(next()?, "index ").ok_or_else(wrong)?;
        let entry_path = hashes(&mut lines).ok_or_else(wrong)?;
        let rest: Vec<&str> = lines.collect();
        Ok(Self {
            body,
            salt: salt.try_into().map_err(|_| wrong())?,
            row,
            row_path,
            record: record.ok_or_else(wrong)?,
            entry,
            entry_path,
            checkpoint: SignedCheckpoint::parse(&rest.join("\n"))?,
        })
    }
}

impl std::fmt::Display for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |hashes: &[Hash]| -> String {
            hashes.iter().map(|hash| format!("{}\n", STANDARD.encode(hash))).collect()
        };
        let (salt, batch) = (STANDARD.encode(self.salt), STANDARD.encode(&self.record));
        write!(f, "{HEAD}\nbody {}\nsalt {salt}\nbatch {batch}\n", self.body)?;
        write!(f, "row {}\n{}\n", self.row, text(&self.row_path))?;
        write!(f, "{TLOG}\nindex {}\n{}\n", self.entry, text(&self.entry_path))?;
        self.checkpoint.fmt(f)
    }
}

/// The hashes up to the next empty line.
fn hashes<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Option<Vec<Hash>> {
    let mut found = Vec::new();
    loop {
        match lines.next()? {
            "" => return Some(found),
            line => found.push(bytes(line)?.try_into().ok()?),
        }
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn number(line: &str, name: &str) -> Option<u64> {
    let text = line.strip_prefix(name)?;
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}
