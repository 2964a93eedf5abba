//! The `resources` table.
use diesel::prelude::*;

use super::connection::on;
use super::holds::holds;
use super::schema::resources;
use super::{Conn, Error, containing};
use crate::model::page::Page;
use crate::model::resource::{AccessRecords, Resource, ResourceDetails, Verification};
use crate::oauth::algorithm::Algorithm;
use crate::oauth::time::{Seconds, UnixTime};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = resources, treat_none_as_default_value = false)]
struct Row {
    id: String,
    identifier: String,
    name: String,
    name_key: String,
    description: String,
    token_lifetime_seconds: i64,
    algorithm: String,
    created_at: i64,
    version: i64,
    status_lists: bool,
    access_records: String,
    sensitive: bool,
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Resource>, Error> {
    let row: Option<Row> =
        on!(conn, |c| resources::table.find(id).select(Row::as_select()).first(c).optional())?;
    row.map(Resource::try_from).transpose()
}

pub fn find_by_identifier(conn: &mut Conn, identifier: &str) -> Result<Option<Resource>, Error> {
    let row: Option<Row> = on!(conn, |c| resources::table
        .filter(resources::identifier.eq(identifier))
        .select(Row::as_select())
        .first(c)
        .optional())?;
    row.map(Resource::try_from).transpose()
}

/// A page in the order of names. `after` is the id of the row before.
pub fn page(
    conn: &mut Conn,
    search: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Resource>, Error> {
    let from = after.map(|id| find(conn, id)).transpose()?.flatten();
    let read = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let rows: Vec<Row> = on!(conn, |c| {
        let mut query = resources::table
            .select(Row::as_select())
            .order((resources::name_key, resources::id))
            .limit(read)
            .into_boxed();
        if let Some(search) = search {
            query = query.filter(
                holds(resources::name_key, &search.to_lowercase())
                    .or(resources::identifier.like(containing(search)).escape('\\')),
            );
        }
        if let Some(from) = from {
            let key = from.name.to_lowercase();
            query = query.filter(
                resources::name_key
                    .gt(key.clone())
                    .or(resources::name_key.eq(key).and(resources::id.gt(from.id))),
            );
        }
        query.load(c)
    })?;
    let rows = rows.into_iter().map(Resource::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(rows, limit, |resource: &Resource| resource.id.clone()))
}

/// Those whose name begins with `start`, in the order of names: by the index.
pub fn named(conn: &mut Conn, start: &str, limit: i64) -> Result<Vec<Resource>, Error> {
    let start = start.to_lowercase();
    let rows: Vec<Row> = on!(conn, |c| resources::table
        .filter(resources::name_key.ge(&start))
        .filter(resources::name_key.lt(format!("{start}{}", char::MAX)))
        .order((resources::name_key, resources::id))
        .limit(limit)
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Resource::try_from).collect()
}

/// These resources, by name; those that are gone are left out.
pub fn of_ids(conn: &mut Conn, ids: &[String]) -> Result<Vec<Resource>, Error> {
    let rows: Vec<Row> = on!(conn, |c| resources::table
        .filter(resources::id.eq_any(ids))
        .order((resources::name_key, resources::id))
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Resource::try_from).collect()
}

pub fn of_identifiers(conn: &mut Conn, identifiers: &[String]) -> Result<Vec<Resource>, Error> {
    let rows: Vec<Row> = on!(conn, |c| resources::table
        .filter(resources::identifier.eq_any(identifiers))
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Resource::try_from).collect()
}

/// The names of these resources by their identifiers.
pub fn names(conn: &mut Conn, identifiers: &[String]) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| resources::table
        .filter(resources::identifier.eq_any(identifiers))
        .select((resources::identifier, resources::name))
        .load(c))?)
}

/// The algorithms that resources sign with, each once.
pub fn algorithms(conn: &mut Conn) -> Result<Vec<Algorithm>, Error> {
    let words: Vec<String> =
        on!(conn, |c| resources::table.select(resources::algorithm).distinct().load(c))?;
    Ok(words.iter().filter_map(|word| Algorithm::parse(word)).collect())
}

/// The longest lifetime of tokens that any of them sets.
pub fn longest_lifetime(conn: &mut Conn) -> Result<Seconds, Error> {
    let longest: Option<i64> = on!(conn, |c| resources::table
        .select(diesel::dsl::max(resources::token_lifetime_seconds))
        .first(c))?;
    Ok(Seconds(longest.unwrap_or(0)))
}

/// # Errors
/// `Conflict`: another has this identifier.
pub fn insert(conn: &mut Conn, resource: Resource) -> Result<(), Error> {
    let row = Row {
        name_key: resource.name.to_lowercase(),
        id: resource.id,
        identifier: resource.identifier,
        name: resource.name,
        description: resource.description,
        token_lifetime_seconds: resource.token_lifetime.0,
        algorithm: resource.algorithm.as_str().to_owned(),
        created_at: resource.created_at.0,
        version: resource.version,
        status_lists: resource.verification.status_lists,
        access_records: resource.verification.access_records.as_str().to_owned(),
        sensitive: resource.sensitive,
    };
    on!(conn, |c| diesel::insert_into(resources::table).values(row).execute(c))?;
    Ok(())
}

/// Writes `details` over version `version`; `false` when it is another by now.
pub fn update(
    conn: &mut Conn,
    id: &str,
    version: i64,
    details: &ResourceDetails,
) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        resources::table.find(id).filter(resources::version.eq(version))
    )
    .set((
        resources::name.eq(&details.name),
        resources::name_key.eq(details.name.to_lowercase()),
        resources::description.eq(&details.description),
        resources::token_lifetime_seconds.eq(details.token_lifetime.0),
        resources::version.eq(version + 1),
    ))
    .execute(c))?;
    Ok(changed == 1)
}

/// Writes `verification` over version `version`; `false` when it is another by
/// now.
pub fn set_verification(
    conn: &mut Conn,
    id: &str,
    version: i64,
    verification: Verification,
) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        resources::table.find(id).filter(resources::version.eq(version))
    )
    .set((
        resources::status_lists.eq(verification.status_lists),
        resources::access_records.eq(verification.access_records.as_str()),
        resources::version.eq(version + 1),
    ))
    .execute(c))?;
    Ok(changed == 1)
}

/// Marks it as sensitive, or takes the mark away, over version `version`;
/// `false` when it is another by now.
pub fn set_sensitive(
    conn: &mut Conn,
    id: &str,
    version: i64,
    sensitive: bool,
) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        resources::table.find(id).filter(resources::version.eq(version))
    )
    .set((resources::sensitive.eq(sensitive), resources::version.eq(version + 1)))
    .execute(c))?;
    Ok(changed == 1)
}

/// Deletes it with its scopes and every grant at it.
pub fn delete(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(resources::table.find(id)).execute(c))? == 1)
}

impl TryFrom<Row> for Resource {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let corrupt = |column| Error::Corrupt { table: "resources", column, id: row.id.clone() };
        let algorithm = Algorithm::parse(&row.algorithm).ok_or_else(|| corrupt("algorithm"))?;
        let access_records =
            AccessRecords::parse(&row.access_records).ok_or_else(|| corrupt("access_records"))?;
        Ok(Self {
            id: row.id,
            identifier: row.identifier,
            name: row.name,
            description: row.description,
            token_lifetime: Seconds(row.token_lifetime_seconds),
            algorithm,
            verification: Verification { status_lists: row.status_lists, access_records },
            sensitive: row.sensitive,
            created_at: UnixTime(row.created_at),
            version: row.version,
        })
    }
}
