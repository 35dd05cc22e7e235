//! Recursions that fork, for whoever forks by a method `join` of what its closures get.

/// A recursion, and how far it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Recursion {
    /// The Fibonacci number of this, by the sum of the two before: a fork for each sum.
    Fibonacci(u32),
    /// A tree whose nodes have ten children, forked in halves, with so many leaves, which are numbered and summed up.
    Skynet(u64),
}

/// Writes `recurse`, which does a [`Recursion`] where the scope is of this type.
macro_rules! recurse {
    ($scope:ty) => {
        fn recurse(scope: $scope, recursion: Recursion) -> u64 {
            match recursion {
                Recursion::Fibonacci(number) => fibonacci(scope, number),
                Recursion::Skynet(leaves) => skynet(scope, 0, leaves),
            }
        }

        fn fibonacci(scope: $scope, number: u32) -> u64 {
            if number < 2 {
                return number.into();
            }
            let (one, two) = scope.join(
                |scope| fibonacci(scope, number - 1),
                |scope| fibonacci(scope, number - 2),
            );
            one + two
        }

        fn skynet(scope: $scope, first: u64, leaves: u64) -> u64 {
            if leaves == 1 {
                return first;
            }
            children(scope, first, leaves / 10, 10)
        }

        fn children(scope: $scope, first: u64, leaves: u64, count: u64) -> u64 {
            if count == 1 {
                return skynet(scope, first, leaves);
            }
            let half = count / 2;
            let (one, two) = scope.join(
                |scope| children(scope, first, leaves, half),
                |scope| children(scope, first + half * leaves, leaves, count - half),
            );
            one + two
        }
    };
}

pub(super) use recurse;
