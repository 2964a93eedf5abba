mod concurrency;
mod migrations;
mod paging;
