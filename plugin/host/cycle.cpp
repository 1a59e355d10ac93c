#include "cycle.hpp"

#include <algorithm>
#include <utility>

namespace catalog::host {

namespace {

/// One cycle; the failing answer of the command that failed, or an ok one.
Answer run_cycle(Session& session, const CycleOptions& options, const std::string& data_dir) {
    Answer answer = session.load(options.extension, data_dir, {});
    if (!answer.ok()) return answer;
    for (const std::string& line : options.use) {
        answer = session.run_line(line);
        if (!answer.ok()) return answer;
    }
    answer = session.unload({});
    if (answer.ok() && !*answer.value.find("unmapped")->as_bool() &&
        *answer.value.find("still_open")->as_int() == 0)
        answer.error = Error(Errc::kSecurityRejected, "the extension is still mapped");
    const json::Value* const leaks = answer.value.find("leaks");
    if (answer.ok() && leaks != nullptr && leaks->as_bool() != nullptr && *leaks->as_bool())
        answer.error = Error(Errc::kSecurityRejected, "memory of the extension is left");
    return answer;
}

std::string cycle_text(const json::Object& value, const Leftovers& left) {
    return std::to_string(*value.at("cycles").as_int()) + " cycles, " +
           std::to_string(*value.at("each_us").as_int()) +
           " us each: " + std::to_string(left.descriptors.size()) + " descriptors, " +
           std::to_string(left.threads.size()) + " threads left, memory " +
           std::to_string(*value.at("first_rss_kib").as_int()) + " -> " +
           std::to_string(*value.at("last_rss_kib").as_int()) + " KiB";
}

}  // namespace

Answer run_cycles(Session& session, const CycleOptions& options) {
    std::string data_dir = options.data_dir;
    if (data_dir.empty()) {
        Result<std::string> made = session.default_data_dir();
        if (!made) return to_answer(made.error());
        data_dir = *std::move(made);
    }
    const std::uint64_t warm_up = std::min(options.warm_up, options.times / 2);
    Census first = take_census();
    std::int64_t begin = monotonic_ns();
    for (std::uint64_t i = 0; i < options.times; ++i) {
        if (i == warm_up) {
            first = take_settled_census(first);
            begin = monotonic_ns();
        }
        Answer answer = run_cycle(session, options, data_dir);
        if (!answer.ok()) {
            answer.error = answer.failure().with_input("cycle " + std::to_string(i + 1));
            return answer;
        }
    }
    const std::int64_t elapsed_us = (monotonic_ns() - begin) / 1000;
    const Census last = take_settled_census(first);
    const Leftovers left = compare(first, last);
    json::Object value = left.to_json();
    const std::uint64_t measured = options.times - warm_up;
    value.emplace("cycles", options.times);
    value.emplace("warm_up", warm_up);
    value.emplace("each_us", measured == 0 ? 0 : elapsed_us / static_cast<std::int64_t>(measured));
    value.emplace("first_rss_kib", first.resident_bytes / 1024);
    value.emplace("last_rss_kib", last.resident_bytes / 1024);
    value.emplace("first_descriptors", first.descriptors.size());
    value.emplace("last_descriptors", last.descriptors.size());
    value.emplace("first_threads", first.threads.size());
    value.emplace("last_threads", last.threads.size());
    std::string text = cycle_text(value, left);
    Answer answer{{}, HMX_OK, std::move(value), text};
    if (!left.descriptors.empty() || !left.threads.empty() ||
        left.growth_bytes > session.options().growth_bytes_max)
        answer.error = Error(Errc::kSecurityRejected, "something is left: " + text);
    // What only variables of the extension pointed to is a leak now that they are gone.
    else if (leaks_now().value_or(false))
        answer.error = Error(Errc::kSecurityRejected, "memory is left after the last unload");
    return answer;
}

}  // namespace catalog::host
