#include "violations.hpp"

#include <cstddef>
#include <utility>

namespace catalog::host {

namespace {
constexpr std::size_t kViolationsMax = 1000;
}

void Violations::add(std::string_view rule, std::string what) {
    const std::lock_guard lock(mutex_);
    if (list_.size() < kViolationsMax) list_.push_back({std::string(rule), std::move(what)});
}

std::vector<Violation> Violations::all() const {
    const std::lock_guard lock(mutex_);
    return list_;
}

bool Violations::take(std::string_view rule) {
    const std::lock_guard lock(mutex_);
    return std::erase_if(list_, [&](const Violation& each) { return each.rule == rule; }) > 0;
}

}  // namespace catalog::host
