#![allow(unused)]
use taskflow_std::{Executor, Taskflow};
use std::time::Instant;
fn bench(name: &str, w: usize, flow: &Taskflow<'_>, n: usize) {
    let ex = Executor::new(w);
    let t = Instant::now();
    ex.run_and_wait(flow).unwrap();
    let first = t.elapsed();
    let mut v = vec![];
    for _ in 0..11 { let t = Instant::now(); let s = ex.run_and_wait(flow).unwrap(); assert_eq!(s.tasks as usize, n); v.push(t.elapsed().as_nanos() as f64 / n as f64); }
    v.sort_by(|a,b| a.total_cmp(b));
    println!("{name:8} w={w} first {:.1} rerun min {:.2} med {:.2} ns/task", first.as_nanos() as f64 / n as f64, v[0], v[5]);
}
fn main() {
    let n: usize = 1<<20;
    for w in [1usize,2] {
        let data: Vec<std::cell::Cell<u64>> = (0..n).map(|_| std::cell::Cell::new(0)).collect();
        struct P(*const std::cell::Cell<u64>); unsafe impl Send for P {}
        impl P { fn inc(&self) { unsafe { (*self.0).set((*self.0).get()+1) } } }
        let p = |i: usize| { let p = P(&data[i]); move || { let p = &p; p.inc() } };
        { let t=Instant::now(); let f = Taskflow::new(); for i in 0..n { f.emplace(p(i)); } println!("build indep {:.1}", t.elapsed().as_nanos() as f64/n as f64); bench("indep", w, &f, n); let t=Instant::now(); drop(f); println!("drop {:.1}", t.elapsed().as_nanos() as f64/n as f64);}
        { let f = Taskflow::new(); let mut prev = f.emplace(p(0)); for i in 1..n { let x = f.emplace(p(i)); prev.precede(x); prev = x; } bench("chain", w, &f, n);}
        { let f = Taskflow::new(); let ts: Vec<_> = (0..n).map(|i| f.emplace(p(i))).collect(); for i in 1..n { ts[(i-1)/2].precede(ts[i]); } bench("tree", w, &f, n);}
        { let t=Instant::now(); let f = Taskflow::new(); let d = 1024; let ts: Vec<_> = (0..n).map(|i| f.emplace(p(i))).collect(); for i in 0..d { for j in 0..d { if i+1<d { ts[i*d+j].precede(ts[(i+1)*d+j]); } if j+1<d { ts[i*d+j].precede(ts[i*d+j+1]); } } }  println!("build wave {:.1}", t.elapsed().as_nanos() as f64/n as f64); bench("wave", w, &f, n);}
    }
}
