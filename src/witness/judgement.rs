//! Whether a checkpoint may be signed: a function of what is asked and what is
//! known.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::audit_chain::Hash;
use crate::model::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::model::signed_note::VerifierKey;
use crate::model::tree_proof::extends;

/// The most hashes of a proof: a tree has 2^63 entries at most.
const LONGEST: usize = 63;

/// The body of `add-checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub old: u64,
    pub proof: Vec<Hash>,
    pub checkpoint: SignedCheckpoint,
}

/// Why a checkpoint is not signed, and the status that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: it is no such request.
    Malformed,
    /// 403: none of the log's keys signed it.
    NotSigned,
    /// 404: nobody knows this log.
    UnknownLog,
    /// 409: this is the size that is known.
    Known(u64),
    /// 422: the proof does not hold.
    NotProved,
}

impl Request {
    pub fn parse(body: &str) -> Option<Self> {
        let (head, checkpoint) = body.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old = lines.next()?.strip_prefix("old ")?;
        let size = old.parse().ok().filter(|size: &u64| size.to_string() == old)?;
        let hash = |line: &str| STANDARD.decode(line).ok()?.try_into().ok();
        let proof: Vec<Hash> = lines.map(hash).collect::<Option<_>>()?;
        let checkpoint = SignedCheckpoint::parse(checkpoint).ok()?;
        (proof.len() <= LONGEST).then_some(Self { old: size, proof, checkpoint })
    }

    /// # Errors
    /// In the order that the standard has them.
    pub fn judge(&self, known: Option<&Checkpoint>, logs: &[VerifierKey]) -> Result<(), Refusal> {
        let new = &self.checkpoint.checkpoint;
        if !logs.iter().any(|key| key.name == new.origin) {
            return Err(Refusal::UnknownLog);
        }
        match self.checkpoint.signer(logs) {
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return Err(Refusal::NotSigned),
        }
        if self.old > new.size {
            return Err(Refusal::Malformed);
        }
        let known_size = known.map_or(0, |known| known.size);
        if self.old != known_size {
            return Err(Refusal::Known(known_size));
        }
        if self.old == new.size && known.is_some_and(|known| known.root != new.root) {
            return Err(Refusal::Known(known_size));
        }
        let nothing = crate::model::audit_chain::root(&[]);
        let root = known.map_or(&nothing, |known| &known.root);
        if extends(&self.proof, (self.old, root), (new.size, &new.root)) {
            Ok(())
        } else {
            Err(Refusal::NotProved)
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;
    use crate::model::audit_tree::{Fault, Tile, Tree, entry_leaf};
    use crate::model::signed_note::{Kind, Note};
    use crate::sealing::witnesses::request;

    fn leaves() -> Vec<Hash> {
        (0..100_u8).map(|entry| entry_leaf(&[entry])).collect()
    }

    fn tree() -> Tree<impl FnMut(Tile) -> Result<Vec<Hash>, std::convert::Infallible>> {
        let leaves = leaves();
        Tree::new(100, move |_| Ok(leaves.clone()))
    }

    fn key() -> (Ed25519KeyPair, VerifierKey) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = pair.public_key().as_ref().try_into().unwrap();
        (pair, VerifierKey { name: "log.example".into(), kind: Kind::Plain, public })
    }

    fn at(size: u64) -> SignedCheckpoint {
        let (pair, key) = key();
        let root = tree().root_at(size).unwrap();
        let checkpoint = Checkpoint { origin: key.name.clone(), size, root };
        let text = checkpoint.text();
        let line = key.line(None, pair.sign(text.as_bytes()).as_ref());
        SignedCheckpoint { checkpoint, note: Note { text, signatures: vec![line] } }
    }

    fn asked(old: u64, new: u64) -> Request {
        let proof: Result<_, Fault<_>> = tree().consistency(old, new);
        Request::parse(&request(old, &proof.unwrap(), &at(new))).unwrap()
    }

    #[test]
    fn a_log_that_only_grew_is_signed_for() {
        let logs = [key().1];
        assert_eq!(asked(0, 5).judge(None, &logs), Ok(()));
        assert_eq!(asked(5, 64).judge(Some(&at(5).checkpoint), &logs), Ok(()));
        assert_eq!(asked(64, 64).judge(Some(&at(64).checkpoint), &logs), Ok(()), "again");
    }

    #[test]
    fn everything_else_is_refused_with_the_status_of_the_standard() {
        let logs = [key().1];
        let five = at(5).checkpoint;
        assert_eq!(asked(0, 5).judge(None, &[]), Err(Refusal::UnknownLog));
        let other = VerifierKey { public: [1; 32], ..key().1 };
        assert_eq!(asked(0, 5).judge(None, &[other]), Err(Refusal::NotSigned));
        let backwards = Request { old: 9, ..asked(0, 5) };
        assert_eq!(backwards.judge(None, &logs), Err(Refusal::Malformed));
        assert_eq!(asked(0, 64).judge(Some(&five), &logs), Err(Refusal::Known(5)));
        assert_eq!(asked(4, 5).judge(Some(&five), &logs), Err(Refusal::Known(5)), "no way back");
        let forked = Checkpoint { root: [9; 32], ..five.clone() };
        assert_eq!(asked(5, 5).judge(Some(&forked), &logs), Err(Refusal::Known(5)));
        assert_eq!(asked(5, 64).judge(Some(&forked), &logs), Err(Refusal::NotProved));
        let unproved = Request { proof: Vec::new(), ..asked(5, 64) };
        assert_eq!(unproved.judge(Some(&five), &logs), Err(Refusal::NotProved));
        let chatty = Request { proof: vec![[0; 32]], ..asked(0, 5) };
        assert_eq!(chatty.judge(None, &logs), Err(Refusal::NotProved));
    }

    #[test]
    fn what_is_no_request_is_none() {
        let good = request(0, &[], &at(5));
        assert!(Request::parse(&good).is_some());
        let long = request(1, &[[0; 32]; 64], &at(5));
        for bad in
            ["", "old 0", &good.replace("old 0", "old 00"), &good.replace("old", "new"), &long]
        {
            assert!(Request::parse(bad).is_none(), "{bad}");
        }
    }
}
