//! Counted references for processors without compare-and-swap, where `alloc` has none.
//!
//! Only the compiler's own references turn into those of a trait by themselves, so that is written out here.

pub(crate) use portable_atomic_util::{Arc, Weak};

/// `erase!(arc => dyn Trait)`: the same reference, of which only the trait is known.
macro_rules! erase {
    ($arc:expr => $to:ty) => {{
        let known = $crate::sync::Arc::into_raw($arc);
        let pointer: *const $to = known;
        // SAFETY: the pointer is of `into_raw`, and only what is known of its target is less.
        unsafe { $crate::sync::Arc::from_raw(pointer) }
    }};
}

/// Makes a waker of `Arc<$type>`, which calls `$type::wake(&self)`.
macro_rules! impl_wake {
    ($type:ty) => {
        impl portable_atomic_util::task::Wake for $type {
            fn wake(this: $crate::sync::Arc<Self>) {
                <$type>::wake(&this);
            }

            fn wake_by_ref(this: &$crate::sync::Arc<Self>) {
                <$type>::wake(this);
            }
        }
    };
}

pub(crate) use {erase, impl_wake};
