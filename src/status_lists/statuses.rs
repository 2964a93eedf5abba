//! The status of every index, as it follows from the revocations and the audit
//! log. Nothing of it is stored, so a restart forgets nothing. No I/O.
use std::collections::{HashMap, VecDeque};
use std::sync::LazyLock;

use crate::model::audit_event::Event;
use crate::model::revocation::{Recorded, Revocation};
use crate::model::status_list::{self, SIZE, Series};
use crate::oauth::UnixTime;
use crate::oauth::revocation::{Kind, SubjectDigest};
use crate::oauth::status_list::{Encoded, INVALID, StatusList, VALID};
use crate::oauth::time::Seconds;

/// How long a token may be on its way from its `iat` to the disk, generously:
/// what was issued before a revocation may become visible so much after it.
const ON_ITS_WAY: Seconds = Seconds(5);

/// The most tokens that are looked up at once.
const TOGETHER: usize = 500;

/// What most lists are: to compress it takes longer than to copy it.
static ALL_VALID: LazyLock<Encoded> = LazyLock::new(|| StatusList::new(SIZE).encode());

#[derive(Default)]
pub struct Statuses {
    position: i64,
    /// By the id of the list.
    marks: HashMap<String, Marks>,
    searches: VecDeque<Search>,
    /// When the revocations were made whose marks are all there.
    complete: Vec<UnixTime>,
}

#[derive(Default)]
struct Marks {
    /// 128 KiB.
    invalid: Option<StatusList>,
    /// Tokens that another process issued after a revocation of the whole list,
    /// before it had heard of it, and their `iat`.
    spared: HashMap<u32, i64>,
    version: u64,
}

/// Tokens to be found in the audit log.
#[derive(Clone, Debug)]
pub struct Search {
    pub of: Of,
    /// The event that was searched last.
    pub cursor: Option<String>,
    due: UnixTime,
    /// When the revocations were made, for the first search for them.
    made: Vec<UnixTime>,
}

#[derive(Clone, Debug)]
pub enum Of {
    /// By their `jti`.
    Tokens(Vec<String>),
    /// Issued from `after` (`None`: since lists are living) to `before`.
    Issued { revocation: Box<Revocation>, after: Option<UnixTime>, before: UnixTime },
}

/// What a list's statuses depend on: the same key, the same statuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// All tokens issued before are dead.
    whole: Option<i64>,
    marks: u64,
}

impl Statuses {
    /// The last revocation that was taken up.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Takes up revocations, those that are new.
    pub fn take_up(&mut self, recorded: Vec<Recorded>, now: UnixTime) {
        for Recorded { position, revocation, .. } in recorded {
            if position > self.position {
                self.position = position;
                self.add(revocation, now);
            }
        }
    }

    fn add(&mut self, revocation: Revocation, now: UnixTime) {
        let made = revocation.created_at;
        let settled = revocation.not_before + ON_ITS_WAY;
        match revocation.kind {
            Kind::Token => {
                match self.searches.iter_mut().find_map(|search| search.room(now)) {
                    Some((ids, times)) => {
                        ids.push(revocation.subject);
                        times.push(made);
                    }
                    None => self.searches.push_back(Search {
                        of: Of::Tokens(vec![revocation.subject]),
                        cursor: None,
                        due: now,
                        made: vec![made],
                    }),
                }
                return;
            }
            Kind::Application | Kind::Secret => {
                let before = revocation.not_before;
                let of =
                    Of::Issued { revocation: Box::new(revocation.clone()), after: None, before };
                self.searches.push_back(Search { of, cursor: None, due: now, made: vec![made] });
            }
            Kind::Resource | Kind::Key | Kind::Everything => {
                // Whole lists: that needs no search.
                self.complete.push(made);
            }
        }
        let (end, just_before) = (revocation.not_before, revocation.not_before - ON_ITS_WAY);
        let again: &[_] = match revocation.kind {
            Kind::Token | Kind::Key => &[],
            // As after a restart: the first search finds all.
            Kind::Application | Kind::Secret if settled <= now => &[],
            // Those whose rows were not visible yet; and once more all, since a
            // request may have been on its way for long.
            Kind::Application | Kind::Secret => {
                &[(Some(just_before), end, end), (None, end, settled)]
            }
            // Those too that came after. Of everybody all would be too much.
            Kind::Resource | Kind::Everything => &[(Some(just_before), settled, settled)],
        };
        for (after, before, due) in again.iter().copied() {
            let of = Of::Issued { revocation: Box::new(revocation.clone()), after, before };
            let due = due.max(now);
            self.searches.push_back(Search { of, cursor: None, due, made: Vec::new() });
        }
    }

    /// A search that is due. It is finished by [`Statuses::found`], or put back.
    pub fn next(&mut self, now: UnixTime) -> Option<Search> {
        let place = self.searches.iter().position(|search| search.due <= now)?;
        self.searches.remove(place)
    }

    pub fn put_back(&mut self, search: Search) {
        self.searches.push_front(search);
    }

    /// Whether a search is due.
    pub fn is_behind(&self, now: UnixTime) -> bool {
        self.searches.iter().any(|search| search.due <= now)
    }

    /// Marks what a search found. `opened` knows when a list was opened.
    pub fn found(
        &mut self,
        search: &Search,
        events: &[Event],
        now: UnixTime,
        opened: impl Fn(&str) -> Option<i64>,
    ) {
        for event in events {
            let Some(facts) = &event.token else { continue };
            let Some(reference) = &facts.status_list else { continue };
            if facts.exp.is_some_and(|exp| exp <= now.seconds()) {
                continue;
            }
            let id = reference.uri.rsplit('/').next().unwrap_or_default();
            match &search.of {
                Of::Tokens(_) => self.invalidate(id, reference.idx),
                Of::Issued { revocation, .. } if touches(revocation, event) => {
                    let iat = UnixTime(event.at).seconds();
                    let not_before = revocation.not_before.seconds();
                    if iat < not_before {
                        self.invalidate(id, reference.idx);
                    } else if is_whole(revocation.kind)
                        && opened(id).is_none_or(|opened| opened < not_before)
                    {
                        self.spare(id, reference.idx, iat);
                    }
                }
                Of::Issued { .. } => {}
            }
        }
    }

    /// Notes that a search is at its end.
    pub fn finish(&mut self, search: Search) {
        self.complete.extend(search.made);
    }

    /// When the revocations were made whose marks are there since the last call.
    pub fn take_complete(&mut self) -> Vec<UnixTime> {
        std::mem::take(&mut self.complete)
    }

    fn invalidate(&mut self, list: &str, index: u32) {
        let marks = self.marks.entry(list.to_owned()).or_default();
        let invalid = marks.invalid.get_or_insert_with(|| StatusList::new(SIZE));
        if invalid.get(index) == Some(VALID) {
            invalid.set(index, INVALID);
            marks.version += 1;
        }
    }

    fn spare(&mut self, list: &str, index: u32, iat: i64) {
        let marks = self.marks.entry(list.to_owned()).or_default();
        if marks.spared.insert(index, iat).is_none() {
            marks.version += 1;
        }
    }

    /// What the statuses of a list depend on now. All tokens of its series that
    /// were issued before `dead` are.
    pub fn key(&self, list: &status_list::StatusList, dead: i64) -> Key {
        let marks = self.marks.get(&list.id).map_or(0, |marks| marks.version);
        Key { whole: (list.opened_at.seconds() < dead).then_some(dead), marks }
    }

    /// The statuses of list `id`; `key` is what [`Statuses::key`] says of it.
    pub fn encode(&self, id: &str, key: Key) -> Encoded {
        let marks = self.marks.get(id);
        let invalid = marks.and_then(|marks| marks.invalid.as_ref());
        let Some(dead) = key.whole else {
            return invalid.map_or_else(|| ALL_VALID.clone(), StatusList::encode);
        };
        let mut list = StatusList::all_invalid(SIZE);
        for (index, _) in
            marks.iter().flat_map(|marks| &marks.spared).filter(|(_, iat)| **iat >= dead)
        {
            if invalid.is_none_or(|invalid| invalid.get(*index) == Some(VALID)) {
                list.set(*index, VALID);
            }
        }
        list.encode()
    }

    /// Drops what no living token can be touched by.
    pub fn forget(&mut self, is_living: impl Fn(&str) -> bool) {
        self.marks.retain(|id, _| is_living(id));
    }
}

impl Search {
    /// What remains of it after the event `cursor`.
    #[must_use]
    pub fn after(&self, cursor: String) -> Self {
        Self { cursor: Some(cursor), ..self.clone() }
    }

    /// Where one more token can be looked up along.
    fn room(&mut self, now: UnixTime) -> Option<(&mut Vec<String>, &mut Vec<UnixTime>)> {
        match &mut self.of {
            Of::Tokens(ids) if ids.len() < TOGETHER && self.due <= now => {
                Some((ids, &mut self.made))
            }
            _ => None,
        }
    }
}

/// Whether such a revocation marks lists that go on being used until every
/// process has heard of it. A key is used no more.
const fn is_whole(kind: Kind) -> bool {
    matches!(kind, Kind::Resource | Kind::Everything)
}

/// Whether the token that `event` tells of is of the revocation's subject.
fn touches(revocation: &Revocation, event: &Event) -> bool {
    let subject = revocation.subject.as_str();
    match revocation.kind {
        Kind::Application => event.client_id.as_deref() == Some(subject),
        Kind::Secret => event.actor.credential_id.as_deref() == Some(subject),
        Kind::Everything => true,
        Kind::Resource => {
            event.token.iter().flat_map(|token| &token.resource).any(|uri| uri == subject)
        }
        Kind::Token | Kind::Key => false,
    }
}

/// The subjects of a list that is known, and when it was opened, in seconds.
pub struct Listed {
    pub list: status_list::StatusList,
    pub subjects: Vec<(Kind, SubjectDigest)>,
}

impl Listed {
    pub fn new(list: status_list::StatusList) -> Self {
        let subjects = Series::subjects(&list.series);
        Self { list, subjects }
    }

    pub fn opened(&self) -> i64 {
        self.list.opened_at.seconds()
    }
}
