//! Outputs as inputs: from handles to what a task keeps of them, and from that to arguments.
//!
//! | a user gives | the task keeps | its closure gets |
//! |---|---|---|
//! | `Output<T>` | [`Moved<T>`] | `T` |
//! | `SharedOutput<T>`, or a reference to one | [`Lent<T>`] | `&T` |
//! | a tuple of them | a tuple | a tuple; in `zip` one argument each |

use super::slot::{Held, Lent, Moved, Slot};
use super::{Output, OutputId, SharedOutput};
use crate::error::TaskflowError;
use crate::graph::Graph;

/// What a closure gets of an input for one call, `'a`. (`Implied` says that `Self` outlives it, which the
/// quantified bounds in `zip` could not say otherwise.)
#[doc(hidden)]
pub trait Lend<'a, Implied = &'a Self> {
    type Arg;

    /// Takes what is there. `None`: something is missing.
    ///
    /// # Safety
    ///
    /// 1. Nobody uses the argument any more when [`Ends::give_back`] is called, and that is called before
    ///    the next `lend`.
    unsafe fn lend(&'a self) -> Option<Self::Arg>;
}

/// What a task keeps of its inputs.
#[doc(hidden)]
pub trait Ends: for<'a> Lend<'a> {
    /// Whether everything is there. A hint.
    fn are_there(&self) -> bool;

    /// Ends what [`Lend::lend`] began.
    fn give_back(&self);
}

/// Takes all inputs, or says by `None` that one is missing; then calls. Every kind of task that has inputs
/// gets them here.
pub(crate) fn with_inputs<E: Ends, R>(
    ends: &mut E,
    call: impl for<'a> FnOnce(<E as Lend<'a>>::Arg) -> R,
) -> Option<R> {
    struct Back<'e, E: Ends>(&'e E);

    impl<E: Ends> Drop for Back<'_, E> {
        fn drop(&mut self) {
            self.0.give_back();
        }
    }

    // (One that is there is left where it is if another is missing.)
    if !ends.are_there() {
        return None;
    }
    let back = Back(ends);
    // SAFETY: (1) `call` cannot keep the argument, whose lifetime it does not choose; `back` gives back
    // after it, also when it unwinds.
    let inputs = unsafe { back.0.lend() }?;
    Some(call(inputs))
}

impl<'a, T> Lend<'a> for Moved<T> {
    type Arg = T;

    unsafe fn lend(&'a self) -> Option<T> {
        self.take()
    }
}

impl<T> Ends for Moved<T> {
    fn are_there(&self) -> bool {
        self.is_there()
    }

    fn give_back(&self) {}
}

impl<'a, T> Lend<'a> for Lent<T> {
    type Arg = &'a T;

    unsafe fn lend(&'a self) -> Option<&'a T> {
        // SAFETY: (1) by this function's.
        unsafe { Lent::lend(self) }
    }
}

impl<T> Ends for Lent<T> {
    fn are_there(&self) -> bool {
        self.is_there()
    }

    fn give_back(&self) {
        Lent::give_back(self);
    }
}

/// A task that is being given its inputs.
#[derive(Debug)]
#[doc(hidden)]
pub struct Consumer<'g> {
    graph: &'g mut Graph,
    index: u32,
    /// The tasks that it follows already.
    before: [Option<u32>; MOST],
}

/// Inputs that a task can have.
const MOST: usize = 8;

impl<'g> Consumer<'g> {
    pub(crate) fn new(graph: &'g mut Graph, index: u32) -> Self {
        Self {
            graph,
            index,
            before: [None; MOST],
        }
    }

    /// Makes the task follow the one that makes `output`. `None`: no value will ever come from there.
    fn follow<T>(&mut self, output: OutputId<T>) -> Option<Held<T>> {
        let from = output.task();
        self.graph.mark_inputs(self.index);
        let own = self.graph.id(self.index);
        if from.flow() != own.flow() {
            let task = self.graph.label(self.index);
            let foreign = from;
            self.graph.refuse(TaskflowError::Foreign { task, foreign });
            return None;
        }
        let Some(before) = self.graph.find(from) else {
            self.graph.refuse(TaskflowError::Stale { task: from });
            return None;
        };
        let known = self.before.contains(&Some(before));
        if let Some(free) = self.before.iter_mut().find(|before| before.is_none())
            && !known
        {
            *free = Some(before);
            self.graph.link(before, self.index);
        }
        let slot = self.graph.output(from)?.cast::<Slot<T>>();
        // SAFETY: (1) it is the slot of a task of this graph, and of a `T` by the identity's type. (2) the
        // ends of an input go into the record of the task.
        Some(unsafe { Held::new(slot) })
    }
}

/// What tasks can be given as inputs: an [`Output`], which arrives as `T`; a [`SharedOutput`] or a reference
/// to one, which arrive as `&T`; and tuples of one to eight of these. No other type can be.
pub trait Inputs<'env>: sealed::Sealed {
    #[doc(hidden)]
    type Ends: Ends + Send + 'env;

    /// Makes the edges. `None`: a value is missing for good.
    #[doc(hidden)]
    fn attach(self, consumer: &mut Consumer<'_>) -> Option<Self::Ends>;
}

/// A tuple of [`Inputs`] whose values a closure `F` takes, one argument each, and makes an `R` of.
pub trait ZipInputs<'env, F, R>: Inputs<'env> {
    /// `None`: an input is missing.
    #[doc(hidden)]
    fn apply(ends: &mut Self::Ends, work: &mut F) -> Option<R>;
}

/// One input, as it can stand in a tuple.
#[doc(hidden)]
pub trait Input<'env>: Inputs<'env> {}

mod sealed {
    pub trait Sealed {}
}

impl<T> sealed::Sealed for Output<'_, '_, T> {}
impl<'env, T: Send + 'env> Input<'env> for Output<'_, 'env, T> {}
impl<'env, T: Send + 'env> Inputs<'env> for Output<'_, 'env, T> {
    type Ends = Moved<T>;

    fn attach(self, consumer: &mut Consumer<'_>) -> Option<Moved<T>> {
        consumer.follow(self.id()).map(Moved::new)
    }
}

impl<T> sealed::Sealed for &SharedOutput<'_, '_, T> {}
impl<'env, T: Send + Sync + 'env> Input<'env> for &SharedOutput<'_, 'env, T> {}
impl<'env, T: Send + Sync + 'env> Inputs<'env> for &SharedOutput<'_, 'env, T> {
    type Ends = Lent<T>;

    fn attach(self, consumer: &mut Consumer<'_>) -> Option<Lent<T>> {
        consumer.follow(self.id()).map(Lent::new)
    }
}

impl<T> sealed::Sealed for SharedOutput<'_, '_, T> {}
impl<'env, T: Send + Sync + 'env> Input<'env> for SharedOutput<'_, 'env, T> {}
impl<'env, T: Send + Sync + 'env> Inputs<'env> for SharedOutput<'_, 'env, T> {
    type Ends = Lent<T>;

    fn attach(self, consumer: &mut Consumer<'_>) -> Option<Lent<T>> {
        (&self).attach(consumer)
    }
}

impl<'a> Lend<'a> for () {
    type Arg = ();

    unsafe fn lend(&'a self) -> Option<()> {
        Some(())
    }
}

impl Ends for () {
    fn are_there(&self) -> bool {
        true
    }

    fn give_back(&self) {}
}

impl sealed::Sealed for () {}
impl<'env> Inputs<'env> for () {
    type Ends = ();

    fn attach(self, _: &mut Consumer<'_>) -> Option<()> {
        Some(())
    }
}

macro_rules! inputs_of_tuples {
    ($($($name:ident)+;)+) => {$(
        impl<'a, $($name: Ends),+> Lend<'a> for ($($name,)+) {
            type Arg = ($(<$name as Lend<'a>>::Arg,)+);

            unsafe fn lend(&'a self) -> Option<Self::Arg> {
                #[expect(non_snake_case, reason = "one binding per type parameter")]
                let ($($name,)+) = self;
                // SAFETY: (1) by this function's.
                Some(($(unsafe { $name.lend() }?,)+))
            }
        }

        impl<$($name: Ends),+> Ends for ($($name,)+) {
            fn are_there(&self) -> bool {
                #[expect(non_snake_case, reason = "one binding per type parameter")]
                let ($($name,)+) = self;
                $($name.are_there())&&+
            }

            fn give_back(&self) {
                #[expect(non_snake_case, reason = "one binding per type parameter")]
                let ($($name,)+) = self;
                $($name.give_back();)+
            }
        }

        impl<$($name: sealed::Sealed),+> sealed::Sealed for ($($name,)+) {}
        impl<'env, $($name: Input<'env>),+> Inputs<'env> for ($($name,)+) {
            type Ends = ($($name::Ends,)+);

            fn attach(self, consumer: &mut Consumer<'_>) -> Option<Self::Ends> {
                #[expect(non_snake_case, reason = "one binding per type parameter")]
                let ($($name,)+) = self;
                // (All of them, so that all edges are there.)
                let ends = ($($name.attach(consumer),)+);
                #[expect(non_snake_case, reason = "one binding per type parameter")]
                let ($($name,)+) = ends;
                Some(($($name?,)+))
            }
        }

        impl<'env, F, R, $($name: Input<'env>),+> ZipInputs<'env, F, R> for ($($name,)+)
        where
            F: for<'a> FnMut($(<$name::Ends as Lend<'a>>::Arg),+) -> R,
        {
            fn apply(ends: &mut Self::Ends, work: &mut F) -> Option<R> {
                #[expect(non_snake_case, reason = "one binding per type parameter")]
                with_inputs(ends, |($($name,)+)| work($($name),+))
            }
        }
    )+};
}

inputs_of_tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E G;
    A B C D E G H;
    A B C D E G H I;
}
