//! A parameterised composition makes each use its own graph; named parameters are checked by name and type.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    CompositionError, CompositionParams, Executor, Manual, ParamType, ParamValue,
    ParameterizedComposition, RunError, Taskflow, TaskflowError,
};

#[test]
fn each_instance_has_its_own_shape_and_state() {
    within_a_minute(|| {
        let total = AtomicUsize::new(0);
        let adders = ParameterizedComposition::new(|(tasks, amount): &(usize, usize)| {
            let flow = Taskflow::new();
            for _ in 0..*tasks {
                let (total, mut amount) = (&total, *amount);
                flow.emplace(move || {
                    // Ordering: Relaxed; read after the runs.
                    total.fetch_add(amount, Ordering::Relaxed);
                    amount = 0;
                });
            }
            flow
        });
        for workers in [1, 2, 4, 8] {
            let flow = Taskflow::new();
            flow.composed_of(&adders.instantiate(&(3, 1)));
            flow.composed_of(&adders.clone().instantiate(&(5, 100)));
            let stats = Executor::new(workers).run_and_wait(&flow).unwrap();
            assert_eq!(stats.tasks, 10);
            // Ordering: Relaxed; the run has ended.
            assert_eq!(total.swap(0, Ordering::Relaxed), 503);
            let stats = taskflow_core::Executor::<Manual>::new(workers)
                .run_and_wait(&flow)
                .unwrap();
            assert_eq!(stats.tasks, 10);
            // Ordering: Relaxed, as above.
            assert_eq!(total.swap(0, Ordering::Relaxed), 0);
        }
    });
}

#[test]
fn parameters_may_be_unsized_and_borrowed() {
    let words = ParameterizedComposition::new(|text: &str| {
        let flow = Taskflow::new();
        for word in text.split_whitespace() {
            let word = word.to_owned();
            flow.emplace(move || assert!(!word.is_empty()));
        }
        flow
    });
    let text = String::from("four words of text");
    let module = words.instantiate(&text);
    drop(text);
    let flow = Taskflow::new();
    flow.composed_of(&module);
    assert_eq!(Executor::new(1).run_and_wait(&flow).unwrap().tasks, 5);
}

#[test]
fn a_factory_that_refuses_gives_its_own_error() {
    let even = ParameterizedComposition::fallible(|number: &u32| match number % 2 {
        0 => Ok(Taskflow::new()),
        _ => Err(format!("{number} is odd")),
    });
    assert!(even.try_instantiate(&2).is_ok());
    assert_eq!(even.try_instantiate(&3).unwrap_err(), "3 is odd");
}

#[test]
fn an_instance_that_cannot_run_is_refused_with_the_flow_that_uses_it() {
    let circle = ParameterizedComposition::new(|_: &()| {
        let flow = Taskflow::new();
        let (hen, egg) = (flow.placeholder(), flow.placeholder());
        hen.precede(egg).succeed(egg);
        flow
    });
    let module = circle.instantiate(&());
    assert!(matches!(
        module.validate(),
        Err(TaskflowError::Cycle { .. })
    ));
    let flow = Taskflow::new();
    flow.composed_of(&module);
    assert!(matches!(
        Executor::new(1).run_and_wait(&flow),
        Err(RunError::Invalid(TaskflowError::Module { .. }))
    ));
}

/// One of each type.
fn defaults() -> CompositionParams {
    CompositionParams::new()
        .with("count", 3)
        .with("rate", 0.5)
        .with("title", "none")
        .with("loud", false)
}

#[test]
fn a_getter_gives_the_value_of_its_type_and_no_other() {
    let params = defaults();
    assert_eq!(params.int("count"), Ok(3));
    assert_eq!(params.float("rate"), Ok(0.5));
    assert_eq!(params.string("title"), Ok("none"));
    assert_eq!(params.bool("loud"), Ok(false));
    let wrong = |name: &str, expected, found| CompositionError::WrongType {
        name: name.into(),
        expected,
        found,
    };
    let (int, float) = (ParamType::Int, ParamType::Float);
    let (string, bool) = (ParamType::String, ParamType::Bool);
    for (name, found) in [("rate", float), ("title", string), ("loud", bool)] {
        assert_eq!(params.int(name), Err(wrong(name, int, found)));
    }
    for (name, found) in [("title", string), ("loud", bool)] {
        assert_eq!(params.float(name), Err(wrong(name, float, found)));
    }
    for (name, found) in [("count", int), ("rate", float), ("loud", bool)] {
        assert_eq!(params.string(name), Err(wrong(name, string, found)));
    }
    for (name, found) in [("count", int), ("rate", float), ("title", string)] {
        assert_eq!(params.bool(name), Err(wrong(name, bool, found)));
    }
    let missing = CompositionError::Missing {
        name: "size".into(),
    };
    assert_eq!(params.int("size"), Err(missing.clone()));
    assert_eq!(params.float("size"), Err(missing.clone()));
    assert_eq!(params.string("size"), Err(missing.clone()));
    assert_eq!(params.bool("size"), Err(missing));
    assert_eq!(params.get("size"), None);
}

#[test]
fn an_integer_is_a_number_only_where_none_of_it_is_lost() {
    let exact = 1i64 << 53;
    let params =
        CompositionParams::from_iter([("exact", exact), ("low", -exact), ("more", exact + 1)]);
    assert_eq!(params.float("exact"), Ok(9_007_199_254_740_992.0));
    assert_eq!(params.float("low"), Ok(-9_007_199_254_740_992.0));
    assert!(params.float("more").is_err());
}

#[test]
fn an_assignment_without_a_default_is_read_as_what_it_looks_like() {
    for (text, value) in [
        ("x=7", ParamValue::Int(7)),
        (" x = -7 ", ParamValue::Int(-7)),
        ("x=+7", ParamValue::Int(7)),
        ("x=9223372036854775807", ParamValue::Int(i64::MAX)),
        ("x=7.0", ParamValue::Float(7.0)),
        ("x=-1e3", ParamValue::Float(-1000.0)),
        ("x=true", ParamValue::Bool(true)),
        ("x=false", ParamValue::Bool(false)),
        ("x=True", "True".into()),
        ("x=", "".into()),
        ("x=a=b", "a=b".into()),
        ("x=inf", "inf".into()),
        ("x=NaN", "NaN".into()),
        ("x=7 apples", "7 apples".into()),
        ("x=-", "-".into()),
    ] {
        let mut params = CompositionParams::new();
        params.assign(text).unwrap();
        assert_eq!(params.get("x"), Some(&value), "{text}");
    }
}

#[test]
fn an_assignment_keeps_the_type_of_the_default() {
    let mut params = defaults();
    for text in ["count=-4", "rate=2", "title=1984", "loud=true"] {
        params.assign(text).unwrap();
    }
    let expected = CompositionParams::new()
        .with("count", -4)
        .with("rate", 2.0)
        .with("title", "1984")
        .with("loud", true);
    assert_eq!(params, expected);
    for (text, complaint) in [
        (
            "count=1.5",
            "the parameter \"count\" is a number; it should be an integer",
        ),
        (
            "count=",
            "the parameter \"count\" is a text; it should be an integer",
        ),
        (
            "rate=fast",
            "the parameter \"rate\" is a text; it should be a number",
        ),
        (
            "loud=1",
            "the parameter \"loud\" is an integer; it should be `true` or `false`",
        ),
    ] {
        assert_eq!(params.assign(text).unwrap_err().to_string(), complaint);
    }
    assert_eq!(params, expected, "what was refused changed nothing");
}

#[test]
fn a_text_that_sets_nothing_is_refused() {
    let mut params = CompositionParams::new();
    for text in ["", "x", "=7", " = 7", "x 7"] {
        let error = params.assign(text).unwrap_err();
        assert_eq!(
            error,
            CompositionError::NotAnAssignment { text: text.into() }
        );
    }
    let error = params.assign("x=9223372036854775808").unwrap_err();
    assert_eq!(
        error.to_string(),
        "9223372036854775808, for the parameter \"x\", is no integer of 64 bits; give a smaller one"
    );
    params.set("x", 0.0);
    params.assign("x=9223372036854775808").unwrap();
    assert_eq!(params.float("x"), Ok(9_223_372_036_854_775_808.0));
    assert_eq!(params.len(), 1);
}

#[test]
fn a_misspelt_parameter_is_told_with_those_there_are() {
    let params = defaults();
    assert_eq!(
        params.expect_only(&["title", "loud", "rate", "count"]),
        Ok(())
    );
    assert_eq!(
        params
            .expect_only(&["loud", "rate", "titel", "count"])
            .unwrap_err()
            .to_string(),
        "there is no parameter \"title\"; there are \"loud\", \"rate\", \"titel\", \"count\""
    );
    let one = CompositionParams::new().with("a", 1);
    let complaint = |known: &[&str]| one.expect_only(known).unwrap_err().to_string();
    assert_eq!(
        complaint(&["b"]),
        "there is no parameter \"a\"; there is \"b\""
    );
    assert_eq!(
        complaint(&[]),
        "there is no parameter \"a\"; there is none at all"
    );
}

#[test]
fn parameters_are_listed_by_name_and_the_last_value_counts() {
    let mut params = defaults();
    assert_eq!(params.set("count", 4i64), Some(ParamValue::Int(3)));
    assert_eq!(params.set("size", "large"), None);
    params.extend([("size", "small")]);
    let listed: Vec<_> = params
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        listed,
        [
            "count=4",
            "loud=false",
            "rate=0.5",
            "size=small",
            "title=none"
        ]
    );
    assert_eq!(params.len(), 5);
    assert!(CompositionParams::default().is_empty());
}
