//! The migrations of both databases: one step per schema version, applied in order, and never changed
//! after a release.

/// The migrations of SQLite.
pub(super) const SQLITE: &[&str] = &[
    include_str!("sqlite/schema/0001.sql"),
    include_str!("sqlite/schema/0002.sql"),
    include_str!("sqlite/schema/0003.sql"),
    include_str!("sqlite/schema/0004.sql"),
    include_str!("sqlite/schema/0005.sql"),
    include_str!("sqlite/schema/0006.sql"),
    include_str!("sqlite/schema/0007.sql"),
    include_str!("sqlite/schema/0008.sql"),
    include_str!("sqlite/schema/0009.sql"),
    include_str!("sqlite/schema/0010.sql"),
    include_str!("sqlite/schema/0011.sql"),
];

/// The migrations of PostgreSQL.
pub(super) const POSTGRES: &[&str] = &[
    include_str!("postgres/schema/0001.sql"),
    include_str!("postgres/schema/0002.sql"),
    include_str!("postgres/schema/0003.sql"),
    include_str!("postgres/schema/0004.sql"),
    include_str!("postgres/schema/0005.sql"),
    include_str!("postgres/schema/0006.sql"),
    include_str!("postgres/schema/0007.sql"),
    include_str!("postgres/schema/0008.sql"),
    include_str!("postgres/schema/0009.sql"),
    include_str!("postgres/schema/0010.sql"),
];
