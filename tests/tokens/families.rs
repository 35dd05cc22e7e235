//! Tokens below tokens.

use std::thread;

use taskflow_std::CancellationToken;

const DEEP: usize = 100_000;

/// Calls this on a stack that recursion over so many tokens would overflow.
fn on_a_small_stack(body: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(64 * 1024);
    let thread = thread.spawn(body).expect("a thread can be started");
    thread.join().expect("no panic");
}

#[test]
fn a_token_is_cancelled_with_the_one_above_and_not_the_other_way_round() {
    let root = CancellationToken::new();
    let (left, right) = (root.child(), root.child());
    let leaf = left.child();
    assert!(left.cancel_with("left"));
    assert!(left.is_cancelled() && leaf.is_cancelled());
    assert!(!root.is_cancelled() && !right.is_cancelled());
    assert_eq!(leaf.check().unwrap_err().reason(), Some("left"));
    assert!(root.cancel_with("root"));
    assert_eq!(right.check().unwrap_err().reason(), Some("root"));
    assert_eq!(
        leaf.check().unwrap_err().reason(),
        Some("left"),
        "the first reason stays"
    );
    assert_eq!(
        [&root, &left, &right, &leaf].map(CancellationToken::cancel_count),
        [1; 4]
    );
}

#[test]
fn a_child_of_a_cancelled_token_is_cancelled_with_its_reason() {
    let root = CancellationToken::new();
    root.cancel_with("early");
    let leaf = root.child().child();
    assert_eq!(leaf.check().unwrap_err().reason(), Some("early"));
    assert!(!leaf.cancel(), "it is already");
}

#[test]
fn a_cancel_reaches_below_a_token_whose_handles_are_gone() {
    let root = CancellationToken::new();
    let leaf = root.child().child().child();
    root.cancel();
    assert!(leaf.is_cancelled());
}

#[test]
fn a_cancel_of_a_chain_of_tokens_takes_no_stack() {
    on_a_small_stack(|| {
        let root = CancellationToken::new();
        let mut chain = vec![root.clone()];
        for _ in 0..DEEP {
            chain.push(chain[chain.len() - 1].child());
        }
        assert!(root.cancel());
        assert!(chain.iter().all(CancellationToken::is_cancelled));
    });
}

#[test]
fn dropping_a_chain_of_tokens_takes_no_stack_whichever_goes_last() {
    on_a_small_stack(|| {
        let chain = |tokens: usize| {
            let mut chain = vec![CancellationToken::new()];
            for _ in 0..tokens {
                chain.push(chain[chain.len() - 1].child());
            }
            chain
        };
        let mut last_is_the_leaf = chain(DEEP);
        let leaf = last_is_the_leaf.pop();
        drop(last_is_the_leaf);
        drop(leaf);
        let last_is_the_root = chain(DEEP);
        for token in last_is_the_root.into_iter().rev() {
            drop(token);
        }
    });
}

#[test]
fn a_cancel_of_a_hundred_thousand_children_reaches_each() {
    let root = CancellationToken::new();
    let children: Vec<_> = (0..DEEP).map(|_| root.child()).collect();
    let (gone, kept) = children.split_at(DEEP / 2);
    let kept = kept.to_vec();
    assert_eq!(gone.len() + kept.len(), DEEP);
    root.cancel();
    assert!(kept.iter().all(CancellationToken::is_cancelled));
}
