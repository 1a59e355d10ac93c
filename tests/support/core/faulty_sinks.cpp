#include "support/core/faulty_sinks.hpp"

namespace catalog::fakes {

namespace {

std::size_t deliveries_of(SinkFault fault) noexcept {
    switch (fault) {
        case SinkFault::kNone:
            return 1;
        case SinkFault::kLose:
            return 0;
        case SinkFault::kTwice:
            return 2;
    }
    return 1;
}

}  // namespace

void FaultyLogSink::write(const LogRecord& record) noexcept {
    for (std::size_t left = deliveries_of(plan_(writes_++)); left > 0; --left) base_->write(record);
}

void FaultyProgress::update(const ProgressUpdate& update) noexcept {
    for (std::size_t left = deliveries_of(plan_(updates_++)); left > 0; --left)
        base_->update(update);
}

}  // namespace catalog::fakes
