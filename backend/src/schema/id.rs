//! Ids: UUIDs inside, the opaque `ID` of GraphQL outside.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, ID, InputType, InputValueError, InputValueResult, OutputType, Positioned,
    ServerResult, Value,
};
use sqlx::postgres::types::Oid;
use uuid::Uuid;

use crate::array::Element;
use crate::json::{Json, ToJson};

/// The id of a row. A text that is no UUID is read as the nil UUID, which no row has: it is
/// answered like every other id that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct Id(pub Uuid);

impl OutputType for Id {
    fn type_name() -> Cow<'static, str> {
        <ID as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as OutputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(Value::String(self.0.to_string()))
    }
}

impl Element for Id {
    const TYPE: Oid = Uuid::TYPE;
    const SIZE: Option<usize> = Uuid::SIZE;
    type Value<'a> = Self;

    fn read(bytes: &[u8]) -> Option<Self> {
        Uuid::read(bytes).map(Self)
    }

    fn own(value: Self) -> Self {
        value
    }
}

impl ToJson for Id {
    fn write(&self, json: &mut Json) {
        self.0.write(json);
    }
}

impl InputType for Id {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <ID as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let id = ID::parse(value).map_err(InputValueError::propagate)?;
        Ok(Self(id.parse().unwrap_or_default()))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
