//! The `approval_requests`, `approval_subjects` and `two_person_policy` tables:
//! acts that wait for a second person, and which do.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{approval_requests, approval_subjects, two_person_policy};
use super::{Conn, Error};
use crate::model::approval::{Decision, Policy, Proposal, Request, Rule, State, Subject};
use crate::model::page::Page;
use crate::oauth::time::{Seconds, UnixTime};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = approval_requests)]
struct Row {
    id: String,
    state: String,
    proposal: String,
    changes: String,
    target_name: String,
    reason: String,
    asked_by: String,
    asked_by_name: String,
    asked_at: i64,
    source: String,
    expires_at: i64,
    decided_by: Option<String>,
    decided_by_name: String,
    decided_at: Option<i64>,
    decision_reason: String,
}

/// What a list may be narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Still open, or decided.
    pub open: Option<bool>,
    /// The id of who asked.
    pub asked_by: Option<String>,
    /// Whom it is not of.
    pub not_asked_by: Option<String>,
}

/// Those that wait, and since when the oldest does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub count: i64,
    pub oldest: Option<UnixTime>,
}

pub fn policy(conn: &mut Conn) -> Result<Policy, Error> {
    let (acts, days): (String, i64) = on!(conn, |c| two_person_policy::table
        .find(1)
        .select((two_person_policy::acts, two_person_policy::request_days))
        .first(c))?;
    let corrupt =
        |_| Error::Corrupt { table: "two_person_policy", column: "acts", id: "1".to_owned() };
    Ok(Policy { rules: Rule::parse_all(&acts).map_err(corrupt)?, lifetime: Seconds::days(days) })
}

pub fn set_policy(conn: &mut Conn, policy: &Policy) -> Result<(), Error> {
    on!(conn, |c| diesel::update(two_person_policy::table.find(1))
        .set((
            two_person_policy::acts.eq(Rule::text(&policy.rules)),
            two_person_policy::request_days.eq(policy.lifetime.0 / Seconds::DAY.0),
        ))
        .execute(c))?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Request>, Error> {
    let row: Option<Row> = on!(conn, |c| approval_requests::table
        .find(id)
        .select(Row::as_select())
        .first(c)
        .optional())?;
    row.map(Request::try_from).transpose()
}

/// A page, the newest first. `before` is the id of the row before.
pub fn page(
    conn: &mut Conn,
    filter: &Filter,
    before: Option<&str>,
    limit: usize,
) -> Result<Page<Request>, Error> {
    let read = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let open = State::Open.as_str();
    let rows: Vec<Row> = on!(conn, |c| {
        let mut query = approval_requests::table
            .select(Row::as_select())
            .order(approval_requests::id.desc())
            .limit(read)
            .into_boxed();
        match filter.open {
            Some(true) => query = query.filter(approval_requests::state.eq(open)),
            Some(false) => query = query.filter(approval_requests::state.ne(open)),
            None => {}
        }
        if let Some(id) = &filter.asked_by {
            query = query.filter(approval_requests::asked_by.eq(id));
        }
        if let Some(id) = &filter.not_asked_by {
            query = query.filter(approval_requests::asked_by.ne(id));
        }
        if let Some(before) = before {
            query = query.filter(approval_requests::id.lt(before));
        }
        query.load(c)
    })?;
    let rows = rows.into_iter().map(Request::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(rows, limit, |request: &Request| request.id.clone()))
}

/// Those that wait at `now` and are about this.
pub fn open_of(
    conn: &mut Conn,
    (kind, subject): (Subject, &str),
    now: UnixTime,
) -> Result<Vec<Request>, Error> {
    let rows: Vec<Row> = on!(conn, |c| approval_requests::table
        .inner_join(
            approval_subjects::table.on(approval_subjects::request_id.eq(approval_requests::id))
        )
        .filter(approval_subjects::kind.eq(kind.as_str()))
        .filter(approval_subjects::subject.eq(subject))
        .filter(approval_requests::state.eq(State::Open.as_str()))
        .filter(approval_requests::expires_at.gt(now.0))
        .order(approval_requests::id)
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Request::try_from).collect()
}

/// The one that asks for the same and waits at `now`.
pub fn same(conn: &mut Conn, proposal: &Proposal, now: UnixTime) -> Result<Option<Request>, Error> {
    let row: Option<Row> = on!(conn, |c| approval_requests::table
        .filter(approval_requests::state.eq(State::Open.as_str()))
        .filter(approval_requests::expires_at.gt(now.0))
        .filter(approval_requests::proposal.eq(proposal.text()))
        .select(Row::as_select())
        .first(c)
        .optional())?;
    row.map(Request::try_from).transpose()
}

/// Those that wait at `now`, but for what this person asked.
pub fn waiting(conn: &mut Conn, but: &str, now: UnixTime) -> Result<Waiting, Error> {
    let (count, oldest): (i64, Option<i64>) = on!(conn, |c| approval_requests::table
        .filter(approval_requests::state.eq(State::Open.as_str()))
        .filter(approval_requests::expires_at.gt(now.0))
        .filter(approval_requests::asked_by.ne(but))
        .select((diesel::dsl::count_star(), diesel::dsl::min(approval_requests::asked_at)))
        .first(c))?;
    Ok(Waiting { count, oldest: oldest.map(UnixTime) })
}

/// The ids of those whose time is over at `now`.
pub fn overdue(conn: &mut Conn, now: UnixTime) -> Result<Vec<String>, Error> {
    Ok(on!(conn, |c| approval_requests::table
        .filter(approval_requests::state.eq(State::Open.as_str()))
        .filter(approval_requests::expires_at.le(now.0))
        .order(approval_requests::id)
        .select(approval_requests::id)
        .load(c))?)
}

pub fn insert(conn: &mut Conn, request: &Request) -> Result<(), Error> {
    let row = Row::from(request);
    on!(conn, |c| diesel::insert_into(approval_requests::table).values(row).execute(c))?;
    for (kind, subject) in request.proposal.subjects() {
        on!(conn, |c| diesel::insert_into(approval_subjects::table)
            .values((
                approval_subjects::request_id.eq(&request.id),
                approval_subjects::kind.eq(kind.as_str()),
                approval_subjects::subject.eq(subject),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// Ends the waiting; `false` when it had ended already. Of several at once one
/// gets `true`: the row is locked until the commit.
pub fn decide(conn: &mut Conn, id: &str, state: State, decision: &Decision) -> Result<bool, Error> {
    let by = Some(decision.by.as_str()).filter(|by| !by.is_empty());
    let open = approval_requests::state.eq(State::Open.as_str());
    let changed = on!(conn, |c| diesel::update(approval_requests::table.find(id).filter(open))
        .set((
            approval_requests::state.eq(state.as_str()),
            approval_requests::decided_by.eq(by),
            approval_requests::decided_by_name.eq(&decision.by_name),
            approval_requests::decided_at.eq(decision.at.0),
            approval_requests::decision_reason.eq(&decision.reason),
        ))
        .execute(c))?;
    Ok(changed == 1)
}

impl From<&Request> for Row {
    fn from(request: &Request) -> Self {
        Self {
            id: request.id.clone(),
            state: request.state.as_str().to_owned(),
            proposal: request.proposal.text(),
            // Texts and lists of them: this cannot fail.
            changes: serde_json::to_string(&request.changes).unwrap_or_default(),
            target_name: request.target_name.clone(),
            reason: request.reason.clone(),
            asked_by: request.asked_by.clone(),
            asked_by_name: request.asked_by_name.clone(),
            asked_at: request.asked_at.0,
            source: serde_json::to_string(&request.source).unwrap_or_default(),
            expires_at: request.expires_at.0,
            decided_by: None,
            decided_by_name: String::new(),
            decided_at: None,
            decision_reason: String::new(),
        }
    }
}

impl TryFrom<Row> for Request {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let corrupt =
            |column| Error::Corrupt { table: "approval_requests", column, id: row.id.clone() };
        let state = State::parse(&row.state).ok_or_else(|| corrupt("state"))?;
        let proposal = Proposal::parse(&row.proposal).ok_or_else(|| corrupt("proposal"))?;
        let changes = serde_json::from_str(&row.changes).map_err(|_| corrupt("changes"))?;
        let source = serde_json::from_str(&row.source).map_err(|_| corrupt("source"))?;
        let decision = row.decided_at.map(|at| Decision {
            by: row.decided_by.clone().unwrap_or_default(),
            by_name: row.decided_by_name.clone(),
            at: UnixTime(at),
            reason: row.decision_reason.clone(),
        });
        Ok(Self {
            state,
            proposal,
            changes,
            source,
            decision,
            id: row.id,
            target_name: row.target_name,
            reason: row.reason,
            asked_by: row.asked_by,
            asked_by_name: row.asked_by_name,
            asked_at: UnixTime(row.asked_at),
            expires_at: UnixTime(row.expires_at),
        })
    }
}
