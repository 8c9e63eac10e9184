//! JSON values that may be missing, `null` or of another type than expected, and are then simply not there.
//!
//! Fifteen minor versions of one API, and whatever a proxy makes of it: one odd field must not cost a whole poll.
//! Text that is not JSON still fails. No buffering: a listing of 1,000 paths is read in one pass.

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, Datelike, Utc};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What a scalar can be made of; everything else becomes `None`.
pub(super) trait Scalar: Sized {
    fn from_unsigned(_: u64) -> Option<Self> {
        None
    }
    fn from_float(_: f64) -> Option<Self> {
        None
    }
    fn from_bool(_: bool) -> Option<Self> {
        None
    }
    fn from_text(_: &str) -> Option<Self> {
        None
    }
}

impl Scalar for u64 {
    fn from_unsigned(value: u64) -> Option<Self> {
        Some(value)
    }
    fn from_float(value: f64) -> Option<Self> {
        (value.is_finite() && value >= 0.0).then_some(value as u64)
    }
}

impl Scalar for f64 {
    fn from_unsigned(value: u64) -> Option<Self> {
        Some(value as f64)
    }
    fn from_float(value: f64) -> Option<Self> {
        value.is_finite().then_some(value)
    }
}

impl Scalar for bool {
    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Scalar for String {
    fn from_text(value: &str) -> Option<Self> {
        Some(value.to_owned())
    }
}

impl Scalar for DateTime<Utc> {
    /// Go's zero time (year 1) means "never".
    fn from_text(value: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(value).ok().map(|time| time.to_utc()).filter(|time| time.year() > 1)
    }
}

/// A scalar, or nothing.
#[derive(Debug)]
pub(super) struct LenientField<T>(pub Option<T>);

/// An object, or nothing.
#[derive(Debug)]
pub(super) struct LenientObject<T>(pub Option<T>);

/// An array, or nothing.
#[derive(Debug)]
pub(super) struct LenientList<T>(pub Option<Vec<T>>);

impl<T> Default for LenientField<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for LenientObject<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for LenientList<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// One visitor for the three; `K` says which.
struct Any<K, T>(PhantomData<(K, T)>);
struct AsField;
struct AsObject;
struct AsList;

fn skip_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// The scalars of JSON that a kind of value has no use for.
macro_rules! ignore_scalars {
    ($into:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($into(None))
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($into(None))
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($into(None))
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($into(None))
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($into(None))
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($into(None))
        }
    };
}

impl<'de, T: Scalar> Visitor<'de> for Any<AsField, T> {
    type Value = LenientField<T>;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(LenientField(T::from_bool(value)))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(LenientField(T::from_unsigned(value)))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(LenientField(T::from_float(value as f64)))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(LenientField(T::from_float(value)))
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(LenientField(T::from_text(value)))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(LenientField(None))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        skip_seq(seq).map(|()| LenientField(None))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        skip_map(map).map(|()| LenientField(None))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<AsObject, T> {
    type Value = LenientObject<T>;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON value")
    }
    ignore_scalars!(LenientObject);
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        skip_seq(seq).map(|()| LenientObject(None))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|value| LenientObject(Some(value)))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<AsList, T> {
    type Value = LenientList<T>;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON value")
    }
    ignore_scalars!(LenientList);
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(LenientList(Some(items)))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        skip_map(map).map(|()| LenientList(None))
    }
}

impl<'de, T: Scalar> Deserialize<'de> for LenientField<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any::<AsField, T>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for LenientObject<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any::<AsObject, T>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for LenientList<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any::<AsList, T>(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_type_is_not_there() {
        let odd = ["null", "true", "-1", "\"x\"", "[1,{\"a\":[]}]", "{\"a\":[1,null]}"];
        for json in odd {
            assert_eq!(serde_json::from_str::<LenientField<u64>>(json).expect(json).0, None, "{json}");
            assert_eq!(serde_json::from_str::<LenientField<DateTime<Utc>>>(json).expect(json).0, None, "{json}");
        }
        assert_eq!(serde_json::from_str::<LenientField<u64>>("17.9").expect("float").0, Some(17));
        assert_eq!(serde_json::from_str::<LenientField<u64>>("1e300").expect("huge").0, Some(u64::MAX));
        assert_eq!(serde_json::from_str::<LenientField<f64>>("3").expect("whole").0, Some(3.0));
        assert_eq!(serde_json::from_str::<LenientField<String>>("5").expect("number").0, None);
        let zero = "\"0001-01-01T00:00:00Z\"";
        assert_eq!(serde_json::from_str::<LenientField<DateTime<Utc>>>(zero).expect("zero time").0, None);
        assert!(serde_json::from_str::<LenientList<LenientField<u64>>>("\"x\"").expect("text").0.is_none());
        assert!(
            serde_json::from_str::<LenientObject<LenientList<LenientField<u64>>>>("[1]").expect("array").0.is_none()
        );
        serde_json::from_str::<LenientField<u64>>("[1,").expect_err("cut off");
    }
}
