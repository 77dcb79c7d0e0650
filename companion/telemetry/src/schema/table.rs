//! The macro behind the table. It makes, of each row, a type, its definition and its place in the list.

/// Declares rows. Each is: doc, family, signal, name, type, an optional category without which it is not sent, and its
/// attributes as `field: type = "name" gate`.
macro_rules! table {
    ($(
        $(#[doc = $doc:literal])+
        $family:ident $signal:ident $(($unit:literal))? $name:literal $type:ident $(only($category:ident))? {
            $(
                $(#[doc = $about:literal])+
                $field:ident : $kind:ty = $wire:literal $gate:ident $(($opens:ident))?,
            )*
        }
    )+) => {
        /// Every row of this part.
        pub(super) const ROWS: &[&crate::schema::Definition] =
            &[ $( <$type as crate::schema::Described>::DEFINITION, )+ ];

        $(
            $(#[doc = $doc])+
            #[derive(Clone, Debug)]
            pub struct $type {
                $( $(#[doc = $about])+ pub $field: $kind, )*
            }

            impl crate::schema::Described for $type {
                const DEFINITION: &'static crate::schema::Definition = &crate::schema::Definition {
                    signal: crate::schema::table::signal!($signal $($unit)?),
                    family: crate::schema::table::family!($family),
                    name: $name,
                    doc: concat!($($doc),+).trim_ascii(),
                    only: crate::schema::table::only!($($category)?),
                    example: |capture| {
                        let example = Self { $( $field: <$kind as crate::schema::Field>::example($wire), )* };
                        crate::schema::Described::admitted(example, capture)
                    },
                    attributes: &[ $( crate::schema::Attribute {
                        name: $wire,
                        kind: <$kind as crate::schema::Field>::KIND,
                        optional: <$kind as crate::schema::Field>::OPTIONAL,
                        gate: crate::schema::table::gate!($gate $($opens)?),
                        doc: concat!($($about),+).trim_ascii(),
                    }, )* ],
                };

                fn values(self) -> Vec<Option<crate::schema::Value>> {
                    vec![ $( <$kind as crate::schema::Field>::value(self.$field), )* ]
                }
            }
        )+
    };
}

macro_rules! signal {
    (Counter $unit:literal) => {
        crate::schema::Signal::Counter { unit: $unit }
    };
    ($signal:ident) => {
        crate::schema::Signal::$signal
    };
}

macro_rules! family {
    (documented) => {
        crate::schema::Family::Documented
    };
    (own) => {
        crate::schema::Family::Own
    };
}

macro_rules! only {
    () => {
        None
    };
    ($category:ident) => {
        Some(crate::content::Category::$category)
    };
}

macro_rules! gate {
    (always) => {
        crate::schema::Gate::Always
    };
    (redacted $category:ident) => {
        crate::schema::Gate::Redacted(crate::content::Category::$category)
    };
    (only $category:ident) => {
        crate::schema::Gate::Only(crate::content::Category::$category)
    };
}

pub(crate) use {family, gate, only, signal, table};
