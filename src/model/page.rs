//! A page of a list that is paged by key: page one of a million rows costs
//! what page one of ten does.

/// The rows of one page.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// How many rows a page has unless someone says otherwise.
pub const PAGE_ROWS: usize = 50;

impl<T> Page<T> {
    /// Makes a page of `limit` rows from up to `limit + 1` that were read; the
    /// one too many tells that there is more.
    pub fn of(mut rows: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(key);
        Self { rows, next }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(f).collect(), next: self.next }
    }

    /// # Errors
    /// The first of `f`.
    pub fn try_map<U, E>(self, f: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let rows = self.rows.into_iter().map(f).collect::<Result<_, E>>()?;
        Ok(Page { rows, next: self.next })
    }
}
