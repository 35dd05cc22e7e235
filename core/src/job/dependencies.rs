//! What a spawned task can be told to run after.

use alloc::vec::Vec;

use super::handle::{Done, JoinHandle};

mod sealed {
    pub trait Sealed {}
}

/// Spawned tasks that another one runs after: a [`JoinHandle`] or a reference to one, a [`Done`], an
/// array, a slice, a `Vec` of such, or a tuple of 1 to 8. No other type can be.
pub trait Dependencies: sealed::Sealed {
    /// Hands each to `visit`, in order.
    #[doc(hidden)]
    fn each(&self, visit: &mut dyn FnMut(&Done));
}

impl<T> sealed::Sealed for JoinHandle<T> {}
impl<T> Dependencies for JoinHandle<T> {
    fn each(&self, visit: &mut dyn FnMut(&Done)) {
        visit(&self.done());
    }
}

impl sealed::Sealed for Done {}
impl Dependencies for Done {
    fn each(&self, visit: &mut dyn FnMut(&Done)) {
        visit(self);
    }
}

impl<D: Dependencies + ?Sized> sealed::Sealed for &D {}
impl<D: Dependencies + ?Sized> Dependencies for &D {
    fn each(&self, visit: &mut dyn FnMut(&Done)) {
        (**self).each(visit);
    }
}

impl<D: Dependencies> sealed::Sealed for [D] {}
impl<D: Dependencies> Dependencies for [D] {
    fn each(&self, visit: &mut dyn FnMut(&Done)) {
        for dependency in self {
            dependency.each(visit);
        }
    }
}

impl<D: Dependencies, const N: usize> sealed::Sealed for [D; N] {}
impl<D: Dependencies, const N: usize> Dependencies for [D; N] {
    fn each(&self, visit: &mut dyn FnMut(&Done)) {
        self.as_slice().each(visit);
    }
}

impl<D: Dependencies> sealed::Sealed for Vec<D> {}
impl<D: Dependencies> Dependencies for Vec<D> {
    fn each(&self, visit: &mut dyn FnMut(&Done)) {
        self.as_slice().each(visit);
    }
}

macro_rules! tuple {
    ($($name:ident)+) => {
        impl<$($name: Dependencies),+> sealed::Sealed for ($($name,)+) {}
        impl<$($name: Dependencies),+> Dependencies for ($($name,)+) {
            fn each(&self, visit: &mut dyn FnMut(&Done)) {
                #[expect(non_snake_case, reason = "the names of the types serve for the fields")]
                let ($($name,)+) = self;
                $($name.each(visit);)+
            }
        }
    };
}

tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);
