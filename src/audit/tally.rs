//! Counts token requests as they are written, and writes the counts: each
//! event once, whatever ends in between.
use std::ops::RangeInclusive;

use crate::model::audit_event::Event;
use crate::model::usage::{self, Counts, PARTS, Use};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::tallies::Mark;
use crate::store::{self, Conn, audit_chains, audit_log};

/// About how many rows are written at a time: the next group waits for them. A
/// hundredth of what waits, within these: what waits is memory.
const ROWS: RangeInclusive<usize> = 256..=4_096;

/// What is far behind: twenty seconds of the least, four times a second.
const FAR_BEHIND: usize = 20_000;

/// How many events are counted at a time that a killed process left uncounted.
const EVENTS: i64 = 2_000;

/// How long counts by hour and by day are kept.
const HOURS_KEPT: Seconds = Seconds::days(9);
const DAYS_KEPT: Seconds = Seconds::days(400);

type Parts = Box<[Counts]>;

/// What one process counts of the chain that it writes.
pub struct Tally {
    chain: String,
    /// The last event that is in `gathered`.
    position: i64,
    gathered: Parts,
    /// What is being written, part by part.
    writing: Option<Parts>,
    mark: Mark,
    /// Events up to here were there before us; those from here on gather in
    /// `ahead` until these are counted. `None`: they are.
    catching_up: Option<Ahead>,
    /// Where a write was to move the mark of which nobody knows whether it was
    /// made.
    intended: Option<Mark>,
}

struct Ahead {
    until: i64,
    position: i64,
    gathered: Parts,
}

fn parts() -> Parts {
    (0..PARTS).map(|_| Counts::default()).collect()
}

impl Tally {
    /// # Errors
    /// `Unavailable`: it cannot be read how far the chain is counted.
    pub fn open(conn: &mut Conn, chain: &str) -> Result<Self, store::Error> {
        let mark = store::tallies::mark(conn, chain)?;
        let until = audit_chains::position(conn, chain)?;
        Ok(Self {
            chain: chain.to_owned(),
            position: mark.done,
            gathered: parts(),
            writing: None,
            mark,
            catching_up: Some(Ahead { until, position: until, gathered: parts() }),
            intended: None,
        })
    }

    /// Counts events that were written, the last of them at `position`.
    pub fn note<'e>(&mut self, events: impl Iterator<Item = &'e Event>, position: i64) {
        let (gathered, last) = match &mut self.catching_up {
            Some(ahead) => (&mut ahead.gathered, &mut ahead.position),
            None => (&mut self.gathered, &mut self.position),
        };
        for used in events.filter_map(Use::of) {
            if let Some(counts) = gathered.get_mut(used.part()) {
                counts.note(&used);
            }
        }
        *last = (*last).max(position);
    }

    /// Whether [`Tally::step`] has something to do.
    pub fn is_behind(&self) -> bool {
        self.catching_up.is_some()
            || self.writing.is_some()
            || self.gathered.iter().any(|counts| !counts.is_empty())
    }

    /// Whether so much is to be written that it should be done more often.
    pub fn is_far_behind(&self) -> bool {
        self.backlog() > FAR_BEHIND
    }

    /// How many rows are to be written, about.
    fn backlog(&self) -> usize {
        let ahead = self.catching_up.as_ref().map(|ahead| &ahead.gathered);
        let all = [Some(&self.gathered), self.writing.as_ref(), ahead];
        all.into_iter().flatten().flat_map(|parts| parts.iter()).map(Counts::len).sum()
    }

    /// Does some of what is to be done, in at most one transaction.
    ///
    /// # Errors
    /// What could not be written is kept.
    pub fn step(&mut self, conn: &mut Conn, now: UnixTime) -> Result<(), store::Error> {
        if let Some(intended) = self.intended
            && store::tallies::mark(conn, &self.chain)? == intended
        {
            self.written(intended);
        }
        self.intended = None;
        if self.writing.is_none() {
            self.catch_up(conn)?;
            if self.position < self.mark.next {
                return Ok(());
            }
            self.writing = Some(std::mem::replace(&mut self.gathered, parts()));
            if self.mark.next == self.mark.done {
                self.mark = Mark { next: self.position, ..self.mark };
            }
        }
        self.write_some(conn, now)
    }

    /// Counts some of the events that were there before us: first those of a
    /// write that was interrupted, which is then made whole.
    fn catch_up(&mut self, conn: &mut Conn) -> Result<(), store::Error> {
        let Some(ahead) = &self.catching_up else { return Ok(()) };
        if self.position >= ahead.until {
            if let Some(ahead) = self.catching_up.take_if(|_| self.mark.next == self.mark.done) {
                self.position = ahead.position;
                self.gathered = ahead.gathered;
            }
            return Ok(());
        }
        let interrupted = self.position < self.mark.next;
        let until = if interrupted { self.mark.next.min(ahead.until) } else { ahead.until };
        let rows = audit_log::after(conn, &self.chain, self.position, EVENTS)?;
        let is_last = rows.len() < usize::try_from(EVENTS).unwrap_or(usize::MAX);
        let written = if interrupted { self.parts_written() } else { 0 };
        let mut position = if is_last { until } else { self.position };
        for row in rows.iter().take_while(|row| row.position <= until) {
            position = position.max(row.position);
            let Some(event) = row.event() else { continue };
            let Some(used) = Use::of(&event).filter(|used| used.part() >= written) else {
                continue;
            };
            if let Some(counts) = self.gathered.get_mut(used.part()) {
                counts.note(&used);
            }
        }
        self.position =
            if rows.last().is_some_and(|row| row.position > until) { until } else { position };
        Ok(())
    }

    fn parts_written(&self) -> usize {
        usize::try_from(self.mark.parts).unwrap_or(PARTS)
    }

    /// Writes parts until it is enough for once.
    fn write_some(&mut self, conn: &mut Conn, now: UnixTime) -> Result<(), store::Error> {
        let Some(writing) = &self.writing else { return Ok(()) };
        let start = self.parts_written();
        let most = (self.backlog() / 100).clamp(*ROWS.start(), *ROWS.end());
        let (mut end, mut rows) = (start, 0);
        while let Some(counts) = writing.get(end)
            && (rows == 0 || rows + counts.len() <= most)
        {
            rows += counts.len();
            end += 1;
        }
        let is_whole = end >= PARTS;
        let parts = if is_whole { 0 } else { i64::try_from(end).unwrap_or(i64::MAX) };
        let done = if is_whole { self.mark.next } else { self.mark.done };
        let intended = Mark { done, next: self.mark.next, parts };
        let counts = usage::sorted(writing.get(start..end).unwrap_or_default());
        let chain = &self.chain;
        let (hour, day) = (usage::hour(now - HOURS_KEPT), usage::day(now - DAYS_KEPT));
        self.intended = Some(intended);
        conn.transaction(|conn| {
            store::tallies::add(conn, &counts, chain, intended)?;
            if is_whole {
                store::tallies::forget(conn, hour, day)?;
            }
            Ok::<_, store::Error>(())
        })?;
        self.intended = None;
        self.written(intended);
        Ok(())
    }

    fn written(&mut self, mark: Mark) {
        self.mark = mark;
        if mark.next == mark.done {
            self.writing = None;
        }
        let done = self.parts_written();
        if let Some(writing) = &mut self.writing {
            writing.iter_mut().take(done).for_each(|counts| *counts = Counts::default());
        }
    }
}
