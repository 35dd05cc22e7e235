#![forbid(unsafe_code)]
use taskflow_std::{Executor, PipelineBuilder};
#[test]
fn smoke() {
    for workers in [1,2,4] { for lines in 1..5 { for n in [0u64,1,2,5,50,1000] {
        let executor = Executor::new(workers);
        let p = PipelineBuilder::source(lines, move |t| if t.index()==n { t.stop() } else { t.emit(t.index()) })
          .serial(|x| x+1).parallel(|x| x*2).serial(|x| x).collect();
        for _ in 0..3 {
        executor.run_and_wait(&p).unwrap();
        assert_eq!(p.take(), (0..n).map(|x| (x+1)*2).collect::<Vec<_>>());
        }
    }}}
}
