//! The rows of a statement by their columns. A list of which only columns are asked is written from
//! those; a row is made where a resolver wants one.

use std::ops::Range;
use std::sync::Arc;

use crate::Error;
use crate::json::Json;

/// Columns of rows, which are for several keys.
pub trait Table: Sized + Send + Sync + 'static {
    /// One row.
    type Row;
    /// What each list of rows was asked by.
    type Key: Clone + Send + Sync;

    /// For each row, which key it is for, counted from 1 as `with ordinality` does; ascending.
    fn nth(&self) -> impl Iterator<Item = i32>;

    /// The `n`th row, which is for `key`; `None` when it cannot be read.
    fn row(&self, n: usize, key: &Self::Key) -> Option<Self::Row>;

    /// What writes `field` of a row, if that is a column.
    #[must_use]
    fn cell(field: &str) -> Option<Cell<Self>>;
}

/// Writes one column of the `n`th row.
pub type Cell<T> = fn(&T, usize, &mut Json);

/// The columns of a type of rows: the field of the schema that is one of them, where there is such a
/// field, and the field of the row; then what a row has of its key.
///
/// `table!(Sites of Site by (Uuid, i32) { "id" => id: Id } |key| { project_id: Id(key.0) })`
macro_rules! table {
    (
        $table:ident of $row:ident by $key:ty {
            $($field:literal => $column:ident: $type:ty,)+
            $(_ => $hidden:ident: $hidden_type:ty,)*
        }
        |$of:ident| { $($other:ident: $value:expr),* }
    ) => {
        #[doc = concat!("Columns of [`", stringify!($row), "`], and which key each row is for.")]
        pub struct $table {
            nth: $crate::array::Array<i32>,
            $($column: $crate::array::Array<$type>,)+
            $($hidden: $crate::array::Array<$hidden_type>,)*
        }

        impl $crate::table::Table for $table {
            type Row = $row;
            type Key = $key;

            fn nth(&self) -> impl Iterator<Item = i32> {
                self.nth.iter()
            }

            fn row(&self, n: usize, $of: &$key) -> Option<$row> {
                Some($row {
                    $($column: self.$column.own(n)?,)+
                    $($hidden: self.$hidden.own(n)?,)*
                    $($other: $value,)*
                })
            }

            fn cell(field: &str) -> Option<$crate::table::Cell<Self>> {
                Some(match field {
                    $($field => |table, n, json| json.readable(table.$column.get(n)),)+
                    _ => return None,
                })
            }
        }
    };
}
pub(crate) use table;

/// The rows for one key.
pub struct Rows<T: Table> {
    table: Arc<T>,
    key: T::Key,
    range: Range<usize>,
}

impl<T: Table> Clone for Rows<T> {
    fn clone(&self) -> Self {
        let Self { table, key, range } = self;
        Self { table: Arc::clone(table), key: key.clone(), range: range.clone() }
    }
}

impl<T: Table> Rows<T> {
    /// The rows for each of `keys`; `None` where there are none.
    pub fn by_key(table: T, keys: &[T::Key]) -> Vec<Option<Self>> {
        let table = Arc::new(table);
        let mut rows = keys.iter().map(|_| None).collect::<Vec<Option<Self>>>();
        for (n, nth) in table.nth().enumerate() {
            let place = usize::try_from(nth - 1).unwrap_or(usize::MAX);
            let Some((key, rows)) = keys.get(place).zip(rows.get_mut(place)) else { continue };
            if let Some(rows) = rows {
                rows.range.end = n + 1;
                continue;
            }
            let (table, key) = (Arc::clone(&table), key.clone());
            *rows = Some(Self { table, key, range: n..n + 1 });
        }
        rows
    }

    /// Makes all that were found.
    ///
    /// # Errors
    /// [`Error::Internal`] when one cannot be read.
    pub fn make(found: Option<Self>) -> Result<Vec<T::Row>, Error> {
        let rows = found.map_or_else(|| Some(Vec::new()), |rows| rows.to_vec());
        rows.ok_or_else(|| Error::internal("a row cannot be read"))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    fn to_vec(&self) -> Option<Vec<T::Row>> {
        let mut rows = Vec::with_capacity(self.len());
        for n in self.range.clone() {
            rows.push(self.table.row(n, &self.key)?);
        }
        Some(rows)
    }

    /// The columns, and which of their elements belong to these rows.
    #[must_use]
    pub fn columns(&self) -> (&T, Range<usize>) {
        (&self.table, self.range.clone())
    }
}
