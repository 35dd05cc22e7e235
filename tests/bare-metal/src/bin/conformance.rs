//! Runs the promises of [`bare_metal::conformance`] on this machine.

#![no_std]
#![no_main]

use bare_metal::conformance::{self, Program};
use bare_metal::heap::peak_bytes;
use bare_metal::host::print_figure;
use taskflow_core::{Executor, RunError, RunStats, TaskflowFuture};

bare_metal::program!(main);

/// One worker, stepped by the main loop.
#[cfg(not(any(target_arch = "riscv64", target_arch = "aarch64")))]
mod machine {
    use super::{Executor, Program, RunError, RunStats, TaskflowFuture};
    use taskflow_core::{Manual, Step};

    pub(super) struct Machine(Executor<Manual>);

    impl Machine {
        pub(super) fn new() -> Option<Self> {
            let built = Executor::<Manual>::builder().workers(1).build();
            Some(Self(built.ok()?))
        }

        pub(super) fn close(self) {}
    }

    impl Program for Machine {
        type Host = Manual;

        fn executor(&self) -> &Executor<Manual> {
            &self.0
        }

        fn advance(&self) {
            self.0.platform().step(0);
        }

        fn finish(&self, run: TaskflowFuture) -> Result<RunStats, RunError> {
            while !run.is_done() {
                let step = self.0.platform().step(0);
                assert!(step == Step::Ran || run.is_done(), "nothing is ready");
            }
            run.wait()
        }
    }
}

/// A worker on each core but the first, which is the program's.
#[cfg(any(target_arch = "riscv64", target_arch = "aarch64"))]
mod machine {
    use super::{Executor, Program, RunError, RunStats, TaskflowFuture};
    use bare_metal::cores::{Cores, wait_for_free_cores};

    pub(super) struct Machine(Executor<Cores>);

    impl Machine {
        pub(super) fn new() -> Option<Self> {
            Some(Self(Executor::<Cores>::builder().build().ok()?))
        }

        pub(super) fn close(self) {
            drop(self);
            wait_for_free_cores();
        }
    }

    impl Program for Machine {
        type Host = Cores;

        fn executor(&self) -> &Executor<Cores> {
            &self.0
        }

        fn advance(&self) {
            core::hint::spin_loop();
        }

        fn finish(&self, run: TaskflowFuture) -> Result<RunStats, RunError> {
            run.wait()
        }
    }
}

/// With two executors, one after the other: the second needs what the first gave back.
fn main() -> bool {
    for _ in 0..2 {
        let Some(machine) = machine::Machine::new() else {
            return false;
        };
        if !conformance::all(&machine) {
            return false;
        }
        machine.close();
    }
    print_figure("peak", peak_bytes() as u64, "bytes");
    true
}
