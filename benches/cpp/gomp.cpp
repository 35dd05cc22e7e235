// libgomp, the compiler's own OpenMP, asked what the others are asked. Its tasks are made anew in each run.
#include "bench.hpp"

#include <omp.h>

static void run(Shape const &shape, std::vector<u64> &tallies, char *marks) {
#pragma omp parallel
#pragma omp single
  for (u32 task = 0; task < shape.tasks; ++task) {
    u32 const *from = shape.before[task].data();
    std::size_t count = shape.before[task].size();
    u64 *tally = &tallies[task];
#pragma omp task depend(iterator(std::size_t k = 0 : count), in : marks[from[k]]) depend(out : marks[task])              \
    firstprivate(tally)
    work(*tally);
  }
}

static void run_free(std::vector<u64> &tallies) {
#pragma omp parallel
#pragma omp single
  for (u64 &tally : tallies) {
    u64 *mine = &tally;
#pragma omp task firstprivate(mine)
    work(*mine);
  }
}

static void spawn_two(u32 task, u32 tasks) {
  for (u32 child : {2 * task, 2 * task + 1})
    if (child <= tasks) {
#pragma omp task firstprivate(child, tasks)
      spawn_two(child, tasks);
    }
}

static u64 fibonacci(u32 number) {
  if (number < 2) return number;
  u64 one = 0;
#pragma omp task shared(one) firstprivate(number)
  one = fibonacci(number - 1);
  u64 two = fibonacci(number - 2);
#pragma omp taskwait
  return one + two;
}

static void answer(std::string const &question, char **rest) {
  if (question == "rerun") {
    Shape shape(rest[0]);
    std::vector<u64> tallies(shape.tasks);
    std::vector<char> marks(shape.tasks);
    serve_graph(tallies, [&] {
      if (shape.edges.empty()) run_free(tallies);
      else run(shape, tallies, marks.data());
    });
  } else if (question == "spawn") {
    bool flat = std::string(rest[0]) == "one spawns all";
    u32 tasks = std::stoul(rest[1]);
    serve([&] {
#pragma omp parallel
#pragma omp single
      if (!flat) {
        spawn_two(1, tasks);
      } else {
        for (u32 task = 0; task < tasks; ++task) {
#pragma omp task firstprivate(task)
          used(task);
        }
      }
    });
  } else if (question == "join") {
    u32 number = std::stoul(rest[0]);
    serve([&] {
#pragma omp parallel
#pragma omp single
      used(fibonacci(number));
    });
  } else if (question == "call") {
    serve([&] {
#pragma omp parallel
#pragma omp single
      {
#pragma omp task
        used(0);
      }
    });
  } else if (question == "tick") {
    u32 tasks = std::stoul(rest[0]), steps = std::stoul(rest[1]);
    serve([&] {
#pragma omp parallel
#pragma omp single
      for (u32 task = 0; task < tasks; ++task) {
#pragma omp task firstprivate(steps)
        used(reckon(steps));
      }
    });
  } else {
    fail("no answer to " + question);
  }
}

int main(int, char **arguments) {
  omp_set_num_threads(std::atoi(arguments[2]));
  answer(arguments[1], arguments + 3);
}
