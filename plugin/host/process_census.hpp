#pragma once
// What a process holds at one moment: descriptors, threads, memory. Two of them show what was left
// behind between them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/json/value.hpp"

namespace catalog::host {

struct Census {
    std::vector<std::string> descriptors;  ///< "NUMBER TARGET", in order of the numbers.
    std::vector<std::string> threads;      ///< "ID NAME", in order of the ids.
    std::uint64_t resident_bytes = 0;      ///< Memory freed but kept by the allocator not counted.

    [[nodiscard]] json::Object to_json() const;
};

/// Counts now. Gives freed memory back to the system first. Blocks on /proc for about a
/// millisecond.
[[nodiscard]] Census take_census();

/// Looks for memory that nothing points to any more, and lets the sanitizer print where it was
/// allocated. Absent in a build without LeakSanitizer. Blocking: stops every thread for some
/// milliseconds.
[[nodiscard]] std::optional<bool> leaks_now();

/// Returns how many mappings of this process have `path` (absolute, links resolved) behind them.
[[nodiscard]] std::size_t mappings_of(const std::string& path);

/// What is there now and was not before.
struct Leftovers {
    std::vector<std::string> descriptors;
    std::vector<std::string> threads;
    std::int64_t growth_bytes = 0;

    [[nodiscard]] json::Object to_json() const;
};

/// Compares two counts; a descriptor or thread counts as left when its number and target, or its
/// id, was not there before.
[[nodiscard]] Leftovers compare(const Census& before, const Census& after);

/// Counts until no thread is left over from `before` or `wait_ms` have passed: a thread that has
/// been joined stays in /proc for a moment.
[[nodiscard]] Census take_settled_census(const Census& before, int wait_ms = 1000);

}  // namespace catalog::host
