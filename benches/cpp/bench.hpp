// What the programs here have in common: the graphs, the work of a task, and how they are asked.
//
// A program is started with a question, a number of workers and what else the question needs. It then reads lines with two
// numbers each, the steps that a task takes and how often to answer, does that, and writes how many nanoseconds it took.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <vector>
#include <unistd.h>

using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// Tells the compiler that the value is used.
template <class T> inline void used(T const &value) { asm volatile("" : : "r,m"(value) : "memory"); }

/// Steps of a task's work. None: it only counts.
inline u32 grain = 0;

/// So many steps, as in the crate beside.
inline u64 reckon(u32 steps) {
  u64 number = steps;
  for (u32 step = 0; step < steps; ++step)
    number = (number ^ number >> 29) * 0x9e3779b97f4a7c15u;
  return number;
}

/// What a task does.
inline void work(u64 &tally) {
  if (u32 steps = grain) used(reckon(steps));
  tally += 1;
}

/// A graph: a file with the number of tasks, and then pairs of tasks, the former before the latter.
struct Shape {
  u32 tasks = 0;
  std::vector<std::pair<u32, u32>> edges;
  std::vector<std::vector<u32>> before;

  explicit Shape(char const *path) {
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char *>(&tasks), sizeof tasks);
    for (u32 pair[2]; file.read(reinterpret_cast<char *>(pair), sizeof pair);) edges.emplace_back(pair[0], pair[1]);
    before.resize(tasks);
    for (auto [from, to] : edges) before[to].push_back(from);
  }
};

/// Numbers in no order, all different.
inline std::vector<u64> scrambled(std::size_t len) {
  std::vector<u64> numbers(len);
  for (u64 place = 0; place < len; ++place) {
    u64 number = place * 0x9E3779B97F4A7C15u;
    numbers[place] = number << 23 | number >> 41;
  }
  return numbers;
}

inline u64 changed(u64 number) { return number * 3 ^ 0x55; }

/// Bytes of memory that the process has and shares with no file.
inline std::int64_t held() {
  long all = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> all >> resident >> shared;
  return (resident - shared) * sysconf(_SC_PAGESIZE);
}

[[noreturn]] inline void fail(std::string const &what) {
  std::cerr << what << std::endl;
  std::exit(1);
}

/// Answers until nothing more is asked: how often.
inline u64 serve(std::function<void()> const &answer, std::function<void()> const &before = [] {}) {
  u64 answers = 0;
  for (u32 steps, times; std::cin >> steps >> times; answers += times) {
    grain = steps;
    std::chrono::nanoseconds time(0);
    for (u32 turn = 0; turn < times; ++turn) {
      before();
      auto begin = std::chrono::steady_clock::now();
      answer();
      time += std::chrono::steady_clock::now() - begin;
    }
    std::cout << time.count() << std::endl;
  }
  return answers;
}

/// As `serve`, and every task has to have run once for each answer.
inline void serve_graph(std::vector<u64> const &tallies, std::function<void()> const &answer) {
  u64 answers = serve(answer);
  for (u64 tally : tallies)
    if (tally != answers) fail("a task did not run once in each run");
}
