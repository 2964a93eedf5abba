mod concurrency;
mod migrations;
mod paging;
mod search;
