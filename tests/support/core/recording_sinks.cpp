#include "support/core/recording_sinks.hpp"

#include <algorithm>
#include <map>

namespace catalog::fakes {

using internal::MutexLock;

void RecordingLogSink::write(const LogRecord& record) noexcept {
    Record copy{record.level, std::string(record.module), std::string(record.message), {}};
    for (const LogField& field : record.fields)
        copy.fields.emplace_back(std::string(field.key), std::string(field.value));
    MutexLock lock(mutex_);
    records_.push_back(std::move(copy));
}

std::vector<RecordingLogSink::Record> RecordingLogSink::records() const {
    MutexLock lock(mutex_);
    return records_;
}

std::size_t RecordingLogSink::count(LogLevel level, std::string_view text) const {
    const std::vector<Record> all = records();
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](const Record& record) {
        return record.level == level && record.message.find(text) != std::string::npos;
    }));
}

std::string RecordingLogSink::text() const {
    constexpr std::string_view kNames[] = {"trace", "debug", "info", "warning", "error"};
    std::string text;
    for (const Record& record : records()) {
        text.append(kNames[static_cast<std::size_t>(record.level)]);
        text.append(" ").append(record.module).append(": ").append(record.message);
        for (const auto& [key, value] : record.fields)
            text.append(" ").append(key).append("=").append(value);
        text.push_back('\n');
    }
    return text;
}

void RecordingProgress::update(const ProgressUpdate& update) noexcept {
    MutexLock lock(mutex_);
    updates_.push_back({std::string(update.operation), std::string(update.phase),
                        std::string(update.unit), update.done, update.total});
}

std::vector<RecordingProgress::Update> RecordingProgress::updates() const {
    MutexLock lock(mutex_);
    return updates_;
}

std::vector<std::string> RecordingProgress::phases(std::string_view operation) const {
    std::vector<std::string> phases;
    for (const Update& update : updates())
        if (update.operation == operation && (phases.empty() || phases.back() != update.phase))
            phases.push_back(update.phase);
    return phases;
}

std::vector<std::string> RecordingProgress::violations() const {
    std::vector<std::string> found;
    std::map<std::string, Update> last;  // by operation
    for (const Update& update : updates()) {
        const std::string where = update.operation + "/" + update.phase + ": ";
        if (update.operation.empty() || update.phase.empty() || update.unit.empty())
            found.push_back(where + "a name is empty");
        if (update.total != 0 && update.done > update.total)
            found.push_back(where + std::to_string(update.done) + " of " +
                            std::to_string(update.total));
        const auto before = last.find(update.operation);
        if (before != last.end() && before->second.phase == update.phase &&
            update.done < before->second.done)
            found.push_back(where + std::to_string(update.done) + " after " +
                            std::to_string(before->second.done));
        last.insert_or_assign(update.operation, update);
    }
    return found;
}

}  // namespace catalog::fakes
