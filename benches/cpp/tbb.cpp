// oneTBB, asked what the others are asked.
#include "bench.hpp"

#include <algorithm>
#include <memory>
#include <tbb/blocked_range.h>
#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/parallel_reduce.h>
#include <tbb/parallel_scan.h>
#include <tbb/parallel_sort.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

using Node = tbb::flow::continue_node<tbb::flow::continue_msg>;

/// A flow graph with a node for each task.
struct Flow {
  tbb::flow::graph graph;
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<Node *> sources;

  Flow(Shape const &shape, std::vector<u64> &tallies) {
    nodes.reserve(shape.tasks);
    for (u32 task = 0; task < shape.tasks; ++task) {
      u64 *tally = &tallies[task];
      nodes.push_back(std::make_unique<Node>(graph, [tally](tbb::flow::continue_msg const &) { work(*tally); }));
      if (shape.before[task].empty()) sources.push_back(nodes.back().get());
    }
    for (auto [from, to] : shape.edges) tbb::flow::make_edge(*nodes[from], *nodes[to]);
  }

  void run() {
    for (Node *source : sources) source->try_put(tbb::flow::continue_msg());
    graph.wait_for_all();
  }
};

static void spawn_two(tbb::task_group &group, u32 task, u32 tasks) {
  for (u32 child : {2 * task, 2 * task + 1})
    if (child <= tasks) group.run([&group, child, tasks] { spawn_two(group, child, tasks); });
}

static u64 fibonacci(u32 number) {
  if (number < 2) return number;
  u64 one = 0;
  tbb::task_group group;
  group.run([&] { one = fibonacci(number - 1); });
  u64 two = fibonacci(number - 2);
  group.wait();
  return one + two;
}

static void stream(u64 tokens) {
  u64 next = 0;
  auto pass = [](u64 number) { used(number); return number; };
  auto const serial = tbb::filter_mode::serial_in_order;
  tbb::parallel_pipeline(
      8, tbb::make_filter<void, u64>(serial, [&](tbb::flow_control &control) {
           if (next == tokens) control.stop();
           return next++;
         }) & tbb::make_filter<u64, u64>(serial, pass) & tbb::make_filter<u64, u64>(serial, pass) &
             tbb::make_filter<u64, void>(serial, [](u64 number) { used(number); }));
}

static u64 sum(std::vector<u64> const &numbers) {
  using Range = tbb::blocked_range<std::size_t>;
  return tbb::parallel_reduce(
      Range(0, numbers.size()), u64(0),
      [&](Range const &range, u64 sum) {
        for (std::size_t place = range.begin(); place != range.end(); ++place) sum += numbers[place];
        return sum;
      },
      [](u64 one, u64 two) { return one + two; });
}

static void scan(std::vector<u64> const &numbers, std::vector<u64> &sums) {
  using Range = tbb::blocked_range<std::size_t>;
  tbb::parallel_scan(
      Range(0, numbers.size()), u64(0),
      [&](Range const &range, u64 sum, bool last) {
        for (std::size_t place = range.begin(); place != range.end(); ++place) {
          sum += numbers[place];
          if (last) sums[place] = sum;
        }
        return sum;
      },
      [](u64 one, u64 two) { return one + two; });
}

static void each(std::vector<u64> &numbers) {
  using Range = tbb::blocked_range<std::size_t>;
  tbb::parallel_for(Range(0, numbers.size()), [&](Range const &range) {
    for (std::size_t place = range.begin(); place != range.end(); ++place) numbers[place] = changed(numbers[place]);
  });
}

static void algorithm(std::string const &which, std::size_t len) {
  std::vector<u64> given = scrambled(len), other;
  if (which == "for_each") serve([&] { each(given); });
  if (which == "reduce") serve([&] { used(sum(given)); });
  if (which == "inclusive_scan") {
    other = given;
    serve([&] { scan(given, other); });
  }
  if (which == "sort_unstable") {
    other = given;
    serve([&] { tbb::parallel_sort(given); }, [&] { given = other; });
  }
}

static void answer(std::string const &question, char **rest) {
  if (question == "rerun" || question == "life" || question == "graph_bytes") {
    Shape shape(rest[0]);
    std::vector<u64> tallies(shape.tasks);
    if (question == "rerun") {
      Flow flow(shape, tallies);
      serve_graph(tallies, [&] { flow.run(); });
    } else if (question == "life") {
      serve_graph(tallies, [&] { Flow(shape, tallies).run(); });
    } else {
      auto before = held();
      Flow flow(shape, tallies);
      flow.run();
      std::cout << held() - before << std::endl;
    }
  } else if (question == "spawn" || question == "spawned_bytes") {
    bool flat = std::string(rest[0]) == "one spawns all";
    u32 tasks = std::stoul(rest[1]);
    auto spawn_all = [&](tbb::task_group &group) {
      if (!flat) return spawn_two(group, 1, tasks);
      for (u32 task = 0; task < tasks; ++task) group.run([task] { used(task); });
    };
    tbb::task_group group;
    if (question == "spawn") {
      serve([&] { spawn_all(group); group.wait(); });
    } else {
      auto before = held();
      spawn_all(group);
      std::cout << held() - before << std::endl;
      group.wait();
    }
  } else if (question == "join") {
    u32 number = std::stoul(rest[0]);
    serve([&] { used(fibonacci(number)); });
  } else if (question == "call") {
    tbb::task_group group;
    serve([&] { group.run([] {}); group.wait(); });
  } else if (question == "tick") {
    u32 tasks = std::stoul(rest[0]), steps = std::stoul(rest[1]);
    tbb::task_group group;
    serve([&] {
      for (u32 task = 0; task < tasks; ++task) group.run([=] { used(reckon(steps)); });
      group.wait();
    });
  } else if (question == "stream") {
    u64 tokens = std::stoull(rest[0]);
    serve([&] { stream(tokens); });
  } else if (question == "algorithm") {
    algorithm(rest[0], std::stoull(rest[1]));
  } else {
    fail("no answer to " + question);
  }
}

int main(int, char **arguments) {
  int workers = std::atoi(arguments[2]);
  tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers);
  tbb::task_arena arena(workers);
  arena.execute([&] { answer(arguments[1], arguments + 3); });
}
