//! Counted references, as `alloc` has them.

pub(crate) use alloc::sync::{Arc, Weak};

/// `erase!(arc => dyn Trait)`: the same reference, of which only the trait is known.
macro_rules! erase {
    ($arc:expr => $to:ty) => {{
        let known = $arc;
        let erased: $crate::sync::Arc<$to> = known;
        erased
    }};
}

/// Makes a waker of `Arc<$type>`, which calls `$type::wake(&self)`.
macro_rules! impl_wake {
    ($type:ty) => {
        impl alloc::task::Wake for $type {
            fn wake(self: $crate::sync::Arc<Self>) {
                <$type>::wake(&self);
            }

            fn wake_by_ref(self: &$crate::sync::Arc<Self>) {
                <$type>::wake(self);
            }
        }
    };
}

pub(crate) use {erase, impl_wake};
