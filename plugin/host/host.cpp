#include "host.hpp"

#include <array>
#include <ostream>
#include <utility>

namespace catalog::host {

std::optional<ConsensusBehaviour> parse_consensus(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, ConsensusBehaviour>, 5> kNames{{
        {"accept", ConsensusBehaviour::kAccept},
        {"reject", ConsensusBehaviour::kReject},
        {"slow", ConsensusBehaviour::kSlow},
        {"pending", ConsensusBehaviour::kPending},
        {"unavailable", ConsensusBehaviour::kUnavailable},
    }};
    for (const auto& [known, behaviour] : kNames)
        if (known == name) return behaviour;
    return std::nullopt;
}

Host::Host(HostOptions given, std::ostream& log)
    : options(std::move(given)), tasks(options.threads), log_(log) {}

Host::~Host() = default;

void Host::log(std::uint32_t level, std::string_view target, std::string_view message,
               std::string_view fields) {
    constexpr std::array<std::string_view, 5> kLevels{"TRACE", "DEBUG", "INFO", "WARN", "ERROR"};
    const std::lock_guard lock(log_mutex_);
    log_ << (level < kLevels.size() ? kLevels.at(level) : "?") << ' ' << target << ": " << message;
    if (!fields.empty() && fields != "{}") log_ << ' ' << fields;
    log_ << '\n' << std::flush;
}

std::int64_t Host::call_deadline() const {
    if (options.timeout_seconds <= 0) return 0;
    return monotonic_ns() + static_cast<std::int64_t>(options.timeout_seconds * 1e9);
}

std::int64_t Host::control_deadline() const {
    return monotonic_ns() + static_cast<std::int64_t>(options.start_timeout_seconds * 1e9);
}

}  // namespace catalog::host
