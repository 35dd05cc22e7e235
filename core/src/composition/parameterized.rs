//! Modules made to measure.

use core::convert::Infallible;
use core::fmt;

use crate::module::Module;
use crate::sync::{Arc, erase};
use crate::taskflow::Taskflow;

/// A graph that depends on parameters: each use is an instance of its own, made by a factory, so uses share
/// no state, take no turns, and may have different shapes.
///
/// The parameters are of any type; for those that are known by name when the program runs there is
/// [`CompositionParams`](crate::CompositionParams). A factory that may refuse its parameters, with an `E`, is
/// given to [`fallible`](Self::fallible). Cloning gives another handle of the same factory.
///
/// # Examples
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use taskflow_core::{Executor, Manual, ParameterizedComposition, Taskflow};
///
/// struct Fill { parts: u32, amount: u32 }
///
/// let level = &AtomicU32::new(0);
/// let fill = ParameterizedComposition::new(move |fill: &Fill| {
///     let (flow, amount) = (Taskflow::new(), fill.amount);
///     for _ in 0..fill.parts {
///         flow.emplace(move || { level.fetch_add(amount, Ordering::Relaxed); });
///     }
///     flow
/// });
/// let flow = Taskflow::new();
/// let many = flow.composed_of(&fill.instantiate(&Fill { parts: 10, amount: 1 }));
/// let large = flow.composed_of(&fill.instantiate(&Fill { parts: 2, amount: 100 }));
/// many.precede(large);
/// Executor::<Manual>::new(1).run_and_wait(&flow)?;
/// assert_eq!(level.load(Ordering::Relaxed), 210);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
///
/// Parameters of another type are an error of the compiler's:
///
/// ```compile_fail,E0308
/// use taskflow_core::{ParameterizedComposition, Taskflow};
///
/// let fill = ParameterizedComposition::new(|_: &u32| Taskflow::new());
/// let _ = fill.instantiate(&"ten");
/// ```
pub struct ParameterizedComposition<'env, Params: ?Sized, E = Infallible> {
    factory: Arc<Factory<'env, Params, E>>,
}

type Factory<'env, Params, E> = dyn Fn(&Params) -> Result<Taskflow<'env>, E> + Send + Sync + 'env;

impl<'env, Params: ?Sized> ParameterizedComposition<'env, Params> {
    /// A composition whose instances are made by `factory`. Allocates; calls nothing yet.
    #[must_use]
    pub fn new<F>(factory: F) -> Self
    where
        F: Fn(&Params) -> Taskflow<'env> + Send + Sync + 'env,
    {
        Self::fallible(move |params: &Params| Ok(factory(params)))
    }

    /// A new instance, for [`Taskflow::composed_of`]. Costs what the factory does, and O(V + E) to check the
    /// graph; what is wrong with it is told by [`Module::validate`], and when a flow uses it.
    ///
    /// # Panics
    ///
    /// With the panic of the factory.
    #[must_use]
    pub fn instantiate(&self, params: &Params) -> Module<'env> {
        match self.try_instantiate(params) {
            Ok(module) => module,
            Err(never) => match never {},
        }
    }
}

impl<'env, Params: ?Sized, E> ParameterizedComposition<'env, Params, E> {
    /// A composition whose factory may refuse its parameters. Allocates; calls nothing yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{CompositionError, CompositionParams, ParameterizedComposition, Taskflow};
    ///
    /// let filter = ParameterizedComposition::fallible(|params: &CompositionParams| {
    ///     let window = params.int("window")?;
    ///     let flow = Taskflow::new();
    ///     flow.emplace(move || assert!(window > 0));
    ///     Ok::<_, CompositionError>(flow)
    /// });
    /// let params = CompositionParams::new().with("window", 5);
    /// assert!(filter.try_instantiate(&params).is_ok());
    /// let error = filter.try_instantiate(&CompositionParams::new()).unwrap_err();
    /// assert_eq!(error.to_string(), "the parameter \"window\" is missing; set it");
    /// ```
    #[must_use]
    pub fn fallible<F>(factory: F) -> Self
    where
        F: Fn(&Params) -> Result<Taskflow<'env>, E> + Send + Sync + 'env,
    {
        Self {
            factory: erase!(Arc::new(factory) => Factory<'env, Params, E>),
        }
    }

    /// A new instance, for [`Taskflow::composed_of`]; as [`instantiate`](ParameterizedComposition::instantiate).
    ///
    /// # Errors
    ///
    /// The factory's.
    ///
    /// # Panics
    ///
    /// With the panic of the factory.
    pub fn try_instantiate(&self, params: &Params) -> Result<Module<'env>, E> {
        (self.factory)(params).map(Module::new)
    }
}

impl<Params: ?Sized, E> Clone for ParameterizedComposition<'_, Params, E> {
    fn clone(&self) -> Self {
        Self {
            factory: Arc::clone(&self.factory),
        }
    }
}

impl<Params: ?Sized, E> fmt::Debug for ParameterizedComposition<'_, Params, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParameterizedComposition")
            .finish_non_exhaustive()
    }
}
