#![allow(unused)]
use taskflow_std::{Executor, Taskflow};
use std::time::Instant;
struct Rec { pending: u32, strong: u32, first: u32, _c: u32, data: *const u8, call: fn(*const u8) }
fn hand(n: usize, edges: &[(u32,u32)], data: &[std::cell::Cell<u64>]) -> impl FnMut(bool) {
    let mut rec: Vec<Rec> = (0..n+1).map(|i| Rec{pending:0,strong:0,first:0,_c:0,data: if i<n {&data[i] as *const _ as *const u8} else {std::ptr::null()}, call: |p| unsafe { let c=&*(p as *const std::cell::Cell<u64>); c.set(c.get()+1) }}).collect();
    for (a,b) in edges { rec[*a as usize].first+=1; rec[*b as usize].strong+=1; }
    let mut acc=0; for r in rec.iter_mut() { let c=r.first; r.first=acc; acc+=c; r.pending=r.strong; }
    let mut cur: Vec<u32> = rec.iter().map(|r| r.first).collect();
    let mut succ = vec![0u32; edges.len()];
    for (a,b) in edges { succ[cur[*a as usize] as usize]=*b; cur[*a as usize]+=1; }
    let src: Vec<u32> = (0..n as u32).filter(|i| rec[*i as usize].strong==0).collect();
    let mut q: Vec<u32> = Vec::with_capacity(n);
    move |fifo| {
        q.clear(); 
        if fifo {
            q.extend_from_slice(&src);
            let mut h=0;
            while h<q.len() { let i=q[h] as usize; h+=1; (rec[i].call)(rec[i].data);
                for k in rec[i].first..rec[i+1].first { let s=succ[k as usize]; let r=&mut rec[s as usize]; if r.strong==1 {q.push(s)} else { r.pending-=1; if r.pending==0 { r.pending=r.strong; q.push(s);} } } }
        } else {
            q.extend(src.iter().rev());
            while let Some(i)=q.pop() { let i=i as usize; (rec[i].call)(rec[i].data);
                for k in rec[i].first..rec[i+1].first { let s=succ[k as usize]; let r=&mut rec[s as usize]; if r.strong==1 {q.push(s)} else { r.pending-=1; if r.pending==0 { r.pending=r.strong; q.push(s);} } } }
        }
    }
}
fn med(mut v: Vec<f64>) -> f64 { v.sort_by(|a,b| a.total_cmp(b)); v[v.len()/2] }
fn bench(name: &str, n: usize, edges: Vec<(u32,u32)>) {
    let data: Vec<std::cell::Cell<u64>> = (0..n).map(|_| std::cell::Cell::new(0)).collect();
    struct P(*const std::cell::Cell<u64>); unsafe impl Send for P {}
    impl P { fn inc(&self) { unsafe { (*self.0).set((*self.0).get()+1) } } }
    let mut h = hand(n, &edges, &data);
    let f = Taskflow::new();
    { let ts: Vec<_> = (0..n).map(|i| { let p = P(&data[i]); f.emplace(move || { let p=&p; p.inc() }) }).collect();
    for (a,b) in &edges { ts[*a as usize].precede(ts[*b as usize]); } }
    let (e1, e2) = (Executor::new(1), Executor::new(2));
    e1.run_and_wait(&f).unwrap(); e2.run_and_wait(&f).unwrap(); h(true); h(false);
    let mut m: [Vec<f64>;4] = Default::default();
    for _ in 0..9 {
        let t=Instant::now(); h(true); m[0].push(t.elapsed().as_nanos() as f64/n as f64);
        let t=Instant::now(); h(false); m[1].push(t.elapsed().as_nanos() as f64/n as f64);
        let t=Instant::now(); e1.run_and_wait(&f).unwrap(); m[2].push(t.elapsed().as_nanos() as f64/n as f64);
        let t=Instant::now(); e2.run_and_wait(&f).unwrap(); m[3].push(t.elapsed().as_nanos() as f64/n as f64);
    }
    let v: Vec<f64> = m.into_iter().map(med).collect();
    println!("{name:6} hand fifo {:.2} lifo {:.2} | ours w1 {:.2} w2 {:.2} ns/task | w1/fifo {:.2}", v[0], v[1], v[2], v[3], v[2]/v[0]);
}
fn main() {
    let n: usize = 1<<20;
    bench("indep", n, vec![]);
    bench("chain", n, (1..n as u32).map(|i| (i-1,i)).collect());
    bench("tree", n, (1..n as u32).map(|i| ((i-1)/2,i)).collect());
    let d=1024u32; let mut e=vec![]; for i in 0..d { for j in 0..d { if i+1<d {e.push((i*d+j,(i+1)*d+j))} if j+1<d {e.push((i*d+j,i*d+j+1))} } }
    bench("wave", n, e);
    let mut e=vec![]; let mut x=12345u64; for l in 1..1024u32 { for j in 0..1024u32 { let k = { x^=x<<13; x^=x>>7; x^=x<<17; x%4+1 }; for _ in 0..k { x^=x<<13; x^=x>>7; x^=x<<17; e.push(((l-1)*1024+(x%1024) as u32, l*1024+j)); } } }
    e.sort(); e.dedup();
    bench("rand", n, e);
}
